"""By which of Pillow's filters a face should be shrunk to 48x48: PublicTest faces enlarged, shrunk again and read.

    python bench/crop_filters.py fer2013.csv [--faces 2500] [--model FILE.onnx]

Faces are enlarged to 96 to 240 pixels by the bicubic filter.
"""

import argparse

import numpy as np
from PIL import Image

import mien
from mien.data.pictures import SIDE
from mien.data.splits import split
from mien.inference.network import Network
from mien.inference.recogniser import model_path

SIDES = (96, 240)
FILTERS = ("BOX", "BILINEAR", "HAMMING", "BICUBIC", "LANCZOS")


def main() -> None:
    """Print a line for each filter."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data")
    parser.add_argument("--faces", type=int, default=2500)
    parser.add_argument("--model", help="an ONNX file, or the name of a network that comes with mien")
    asked = parser.parse_args()
    network = Network(model_path(asked.model))
    faces = split(mien.load(asked.data)).val
    random = np.random.default_rng(0)
    rows = random.permutation(len(faces))[: asked.faces]
    sides = random.integers(SIDES[0], SIDES[1] + 1, len(rows)).tolist()
    large = [
        Image.fromarray(face).resize((side, side), Image.Resampling.BICUBIC)
        for face, side in zip(faces.pixels[rows], sides, strict=True)
    ]
    shown = {"as they are": faces.pixels[rows]} | {
        name: np.stack([np.asarray(each.resize((SIDE, SIDE), Image.Resampling[name])) for each in large])
        for name in FILTERS
    }
    for name, pixels in shown.items():
        right = (network.logits(pixels).argmax(axis=1) == faces.labels[rows]).mean()
        print(f"{name:<12} {100 * right:6.2f} %")


if __name__ == "__main__":
    main()
