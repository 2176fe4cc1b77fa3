"""Blur of a lens out of focus and of a face or camera that moves; what lies beyond the border repeats it."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from mien.core.images import Uint8
from mien.data._drawn_random import Stream

Kernel = NDArray[np.float32]

_WHOLE = 48  # amounts are in pixels of a face with this side
_DIRECTIONS = 8
_FINE = 8  # sub-pixels a side, and places a pixel of path, that kernels are counted on


def defocus_blur(faces: Uint8, radius: float, _stream: Stream) -> Uint8:
    """Each point spread over a disc of this radius, in pixels of 48."""
    return filtered(faces, disc(radius * faces.shape[1] / _WHOLE))


def motion_blur(faces: Uint8, length: float, stream: Stream) -> Uint8:
    """Each point spread along a line of this length in pixels of 48, one of eight directions drawn for each face."""
    direction = stream.choice("motion", _DIRECTIONS)
    blurred = np.empty_like(faces)
    for each in np.unique(direction).tolist():
        kernel = line(length * faces.shape[1] / _WHOLE, each)
        blurred[direction == each] = filtered(faces[direction == each], kernel)
    return blurred


@cache
def disc(radius: float) -> Kernel:
    """A disc as a kernel that sums to 1: the share of each pixel's sub-pixels that lies in it."""
    reach = max(int(np.ceil(radius)), 1)
    fine = (np.arange((2 * reach + 1) * _FINE) + 0.5) / _FINE - (reach + 0.5)
    inside = fine[:, None] ** 2 + fine**2 <= radius**2
    return _kernel(inside.reshape(2 * reach + 1, _FINE, 2 * reach + 1, _FINE).sum(axis=(1, 3)))


@cache
def line(length: float, direction: int) -> Kernel:
    """A line through the middle as a kernel that sums to 1; direction k is k * 22.5 degrees."""
    reach = max(int(np.ceil(length / 2)), 1)
    angle = np.pi * direction / _DIRECTIONS
    along = (np.arange(round(length * _FINE)) + 0.5) / _FINE - length / 2
    places = (
        np.floor(along * step + 0.500001).astype(np.intp) + reach for step in (np.sin(angle), np.cos(angle))
    )
    counts = np.zeros((2 * reach + 1, 2 * reach + 1))
    np.add.at(counts, tuple(places), 1)
    return _kernel(counts)


def _kernel(counts: NDArray[np.generic]) -> Kernel:
    return (counts / counts.sum()).astype(np.float32)


def filtered(faces: Uint8, kernel: Kernel) -> Uint8:
    """Faces (n, s, s) with each pixel the mean of its surroundings weighted by a kernel (odd, odd).

    One tap after the other: sums in this order round alike everywhere, which those of a library need not.
    """
    reach, side = len(kernel) // 2, faces.shape[1]
    padded = np.pad(faces, ((0, 0), (reach, reach), (reach, reach)), mode="edge").astype(np.float32)
    total = np.zeros(faces.shape, dtype=np.float32)
    for row, column in zip(*np.nonzero(kernel), strict=True):
        total += kernel[row, column] * padded[:, row : row + side, column : column + side]
    return np.clip(np.floor(total + np.float32(0.501)), 0, 255).astype(np.uint8)
