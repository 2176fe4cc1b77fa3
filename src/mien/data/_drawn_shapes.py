"""Soft shapes on a batch of grids: what every feature of a drawn face is made of."""

import numpy as np

from mien.data._drawn_random import Field


def unit(values: Field) -> Field:
    """Values cut to 0 to 1, in place."""
    return values.clip(0, 1, out=values)


def bump(across: Field, down: Field, width: Field | float, height: Field | float) -> Field:
    """1 in the middle, falling smoothly to 0 on the ellipse of these half axes; like a bell, without its exp."""
    wide, high = across * (1 / width), down * (1 / height)
    wide *= wide
    high *= high
    wide += high
    np.subtract(1, wide, out=wide)
    unit(wide)
    wide *= wide
    return wide


def line(distance: Field, width: Field | float) -> Field:
    """1 where the distance is 0, falling to 0 where it reaches the width on either side."""
    shape = distance * (1 / width)
    np.abs(shape, out=shape)
    return unit(np.subtract(1, shape, out=shape))


def inside(depth: Field, softness: Field | float) -> Field:
    """1 inside a shape, 0 outside, half on its edge; depth is the distance to the edge, positive inside."""
    shape = depth * (1 / softness)
    shape += np.float32(0.5)
    return unit(shape)


def waves(distance: Field, length: float) -> Field:
    """Ripples of mean 0: 1 where the distance is a whole number of lengths, -1 half-way between.

    A cosine to within 0.02, at half its cost.
    """
    phase = distance * np.float32(1 / length)
    phase -= np.rint(phase)
    phase *= phase
    return 1 - phase * (24 - 32 * np.sqrt(phase))


def paint(canvas: Field, colour: Field | float, cover: Field) -> None:
    """Lay a colour over the canvas, in place, as far as it covers."""
    change = colour - canvas
    change *= cover
    canvas += change


def darken(canvas: Field, amount: Field) -> None:
    """Take this share of the light away, in place; a negative share adds light."""
    canvas *= 1 - amount


def smooth_step(values: Field) -> Field:
    """From 0 at 0 to 1 at 1 without corners; in place."""
    unit(values)
    values *= values * (3 - 2 * values)
    return values


def _stretch_matrix(coarse: int, fine: int) -> Field:
    """Weights that bring `coarse` samples to `fine` ones linearly, (fine, coarse)."""
    place = np.linspace(0, coarse - 1, fine)
    weights = np.maximum(0, 1 - np.abs(place[:, None] - np.arange(coarse)))
    return weights.astype(np.float32)


def stretched(coarse: Field, side: int) -> Field:
    """A coarse grid (n, h, w) drawn out smoothly to (n, side, side)."""
    rows, columns = (_stretch_matrix(length, side) for length in coarse.shape[1:])
    return np.ascontiguousarray(rows @ coarse @ columns.T)
