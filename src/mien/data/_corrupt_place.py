"""Faces that stand elsewhere in the picture: turned, shifted, larger or smaller; the border is repeated."""

import numpy as np
from numpy.typing import NDArray

from mien.core.images import Ints, Uint8
from mien.data._drawn_random import Stream

_WHOLE = 48
_FINE = 256  # places between two pixels that are told apart: whole numbers, which every machine adds alike
_COMPASS = np.array([(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)])


def rotation(faces: Uint8, degrees: float, stream: Stream) -> Uint8:
    """Turned by this angle about the middle, clockwise or not, drawn for each face."""
    angle = np.radians(degrees) * np.where(stream.chance("clockwise", 0.5), 1, -1)
    return _resampled(faces, np.cos(angle), np.sin(angle))


def scale(faces: Uint8, factor: float, stream: Stream) -> Uint8:
    """So many times larger or smaller, drawn for each face."""
    step = np.where(stream.chance("larger", 0.5), 1 / factor, factor)
    return _resampled(faces, step, np.zeros_like(step))


def shift(faces: Uint8, pixels: float, stream: Stream) -> Uint8:
    """Moved by so many pixels of 48 along x, along y, or both, in a direction drawn for each face."""
    side = faces.shape[1]
    by = round(pixels * side / _WHOLE) * _COMPASS[stream.choice("direction", len(_COMPASS))]  # (n, 2)
    rows, columns = (np.clip(np.arange(side) - by[:, axis, None], 0, side - 1) for axis in (0, 1))  # (n, s)
    return faces[np.arange(len(faces))[:, None, None], rows[:, :, None], columns[:, None, :]]


def _resampled(faces: Uint8, along: NDArray[np.float64], across: NDArray[np.float64]) -> Uint8:
    """Faces (n, s, s) read, between pixels, at (along * x - across * y, across * x + along * y) from the middle."""
    side = faces.shape[1]
    middle = (side - 1) / 2
    y, x = np.mgrid[:side, :side] - middle  # (s, s)
    along, across = along[:, None, None], across[:, None, None]
    return _between(faces, middle + across * x + along * y, middle + along * x - across * y)


def _between(faces: Uint8, rows: NDArray[np.float64], columns: NDArray[np.float64]) -> Uint8:
    """The bilinear mean of the four pixels around places (n, s, s)."""
    (top, down), (left, right) = (_split(each, faces.shape[1]) for each in (rows, columns))
    which = np.arange(len(faces))[:, None, None]
    values = faces.astype(np.int64)
    upper = values[which, top, left] * (_FINE - right) + values[which, top, left + 1] * right
    lower = values[which, top + 1, left] * (_FINE - right) + values[which, top + 1, left + 1] * right
    total = upper * (_FINE - down) + lower * down
    return ((total + _FINE * _FINE // 2) // (_FINE * _FINE)).astype(np.uint8)


def _split(places: NDArray[np.float64], side: int) -> tuple[Ints, Ints]:
    """The pixel before each place, and how far beyond it the place is, in 256ths."""
    fine = np.floor(np.clip(places, 0, side - 1) * _FINE + 0.500001).astype(np.int64)
    before = np.minimum(fine // _FINE, side - 2)
    return before, fine - before * _FINE
