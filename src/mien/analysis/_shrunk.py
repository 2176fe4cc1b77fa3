"""Pictures made smaller: the means of equal areas."""

import numpy as np
from numpy.typing import NDArray

from mien.core.images import Bools, Uint8

Float32s = NDArray[np.float32]

_PIXELS_AT_ONCE = 1 << 24
_FLAT = 4.0  # deviation in grey levels below which there is nothing to be seen


def shrunk(pixels: Uint8, side: int) -> Float32s:
    """Means over equal areas: float32 (n, side, side) of pictures (n, h, w) of any size.

    >>> shrunk(np.array([[[0, 2], [4, 6]]], dtype=np.uint8), 1).tolist()
    [[[3.0]]]
    """
    count, height, width = pixels.shape
    if height % side == 0 and width % side == 0:
        return _means_of_blocks(pixels, height // side, width // side)
    down, across = _areas(height, side), _areas(width, side).T
    found = np.empty((count, side, side), dtype=np.float32)
    step = max(_PIXELS_AT_ONCE // (height * width), 1)
    for start in range(0, count, step):
        part = pixels[start : start + step].astype(np.float32)  # (b, h, w)
        found[start : start + step] = down @ (part @ across)
    return found


def _means_of_blocks(pixels: Uint8, high: int, wide: int) -> Float32s:
    """Means of blocks of so many pixels: several times as fast where the sizes divide."""
    count, height, width = pixels.shape
    sums = np.zeros((count, height // high, width // wide), dtype=np.float32)
    for row in range(high):
        for column in range(wide):
            sums += pixels[:, row::high, column::wide]
    sums *= np.float32(1 / (high * wide))
    return sums


def _areas(before: int, after: int) -> Float32s:
    """How much each old line (before) adds to each new one: (after, before), rows that sum to 1."""
    edges = np.arange(after + 1) * before / after
    lines = np.arange(before)
    shared = np.minimum(edges[1:, None], lines + 1) - np.maximum(edges[:-1, None], lines)
    return (np.clip(shared, 0, None) * after / before).astype(np.float32)


def is_flat(pictures: Float32s) -> Bools:
    """Which small pictures (n, h, w) have hardly any contrast, bool (n,)."""
    return pictures.std(axis=(1, 2)) < _FLAT
