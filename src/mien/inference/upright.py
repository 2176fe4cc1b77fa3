"""Frames turned as their video's display matrix says: telephones film lying down and note how they were held."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.core.images import Uint8

Matrix = NDArray[np.int32]  # nine numbers in 16.16 fixed point, in rows: a b u, c d v, x y w


def upright(pixels: Uint8, matrix: Matrix | None) -> Uint8:
    """Pixels (h, w, 3) as they are meant to be seen; quarter turns and mirrorings, the nearest of the eight.

    A pixel at (x, y) is seen at (a x + c y, b x + d y), shifted into view (ISO/IEC 14496-12, "matrix" of a track).

    >>> ahead = np.array([[[1], [2]]], dtype=np.uint8)  # two pixels side by side
    >>> quarter_left = np.array([0, -65536, 0, 65536, 0, 0, 0, 0, 1 << 30], dtype=np.int32)
    >>> upright(ahead, quarter_left)[..., 0].tolist()
    [[2], [1]]
    """
    if matrix is None:
        return pixels
    across, down = _directions(matrix)
    turned: NDArray[Any] = pixels if across[0] else pixels.transpose(1, 0, 2)
    backwards = slice(None, None, -1)
    if sum(across) < 0:
        turned = turned[:, backwards]
    if sum(down) < 0:
        turned = turned[backwards]
    return np.ascontiguousarray(turned)


def _directions(matrix: Matrix) -> tuple[tuple[int, int], tuple[int, int]]:
    """What x and y of the file are for each of the two directions on the screen: one of them is 0, the other +-1."""
    a, b, c, d = (int(matrix[place]) for place in (0, 1, 3, 4))
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return (_sign(a), 0), (0, _sign(d))
    return (0, _sign(c)), (_sign(b), 0)


def _sign(number: int) -> int:
    return -1 if number < 0 else 1
