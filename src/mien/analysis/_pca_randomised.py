"""A few of many principal components from random directions, made better by every further pass over the rows.

Halko, Martinsson & Tropp (2011), "Finding structure with randomness", algorithm 4.4 (randomised subspace
iteration). Each pass also gives the residual of every axis, |C v - variance v| with C the covariance, and
some exact variance lies within that of the one found; so the passes stop when the residuals are small, and
the method says how small they are.
"""

from typing import NamedTuple

import numpy as np

from mien.analysis._pca_centre import Float64s
from mien.analysis._pca_columns import Columns, prepared
from mien.analysis._pca_solution import Asked, Preparation, Solution
from mien.core.rows import Rows

_MORE = 16  # at least so many directions beside those asked for, or as many again: each pass then gains more
_PASSES = 12
_SMALL = 1e-9  # of the largest variance


class _Found(NamedTuple):
    variances: Float64s  # (l,), descending
    axes: Float64s  # (l, d), one a row
    residuals: Float64s  # (l,)


def randomised(rows: Rows, preparation: Preparation, asked: Asked, seed: int) -> Solution:
    """The first k principal components, near the exact ones; memory for a few times (k + 16) x d numbers."""
    columns = Columns.of(rows)
    centre = columns.centre
    width, k = len(centre.first), asked.k or 1
    asked.check(rows.source, centre.count, width)
    mean, scale = preparation.origin(centre), preparation.deviations(columns.squares, centre)
    start = np.random.default_rng(seed).standard_normal((width, min(k + max(k, _MORE), width, centre.count)))
    found, passes = _iterate(rows, mean, scale, start, preparation.degrees(centre.count), k)
    sure = found.residuals[:k].max() / found.variances[0] if found.variances[0] else 0.0
    return Solution(
        count=centre.count,
        first=centre.first,
        mean=mean,
        scale=scale,
        variances=found.variances[:k],
        axes=found.axes[:k],
        total=_total(columns, preparation, scale),
        method=f"randomised, {passes} passes, variances within {sure:.0e} of the largest from exact ones",
        is_near=bool(sure <= _SMALL),
    )


def _iterate(
    rows: Rows, mean: Float64s, scale: Float64s | None, start: Float64s, degrees: int, k: int
) -> tuple[_Found, int]:
    """What the last pass found, and the number of passes."""
    directions, passes = start, 0
    while True:
        passes += 1
        directions, _ = np.linalg.qr(directions)  # (d, l)
        images = sum(
            (piece.T @ (piece @ directions) for piece in prepared(rows, mean, scale)), np.zeros(start.shape)
        )
        images /= degrees  # the covariance times the directions, (d, l)
        found = _best_axes(directions, images)
        if passes == _PASSES or found.residuals[:k].max() <= _SMALL * found.variances[0]:
            return found, passes
        directions = images


def _best_axes(directions: Float64s, images: Float64s) -> _Found:
    """The best axes within the span of the directions (Rayleigh-Ritz)."""
    products = directions.T @ images
    values, vectors = np.linalg.eigh((products + products.T) / 2)
    variances, turned = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
    axes = directions @ turned
    return _Found(variances, axes.T, np.linalg.norm(images @ turned - axes * variances, axis=0))


def _total(columns: Columns, preparation: Preparation, scale: Float64s | None) -> float:
    """The variance of all columns together, as prepared."""
    centre = columns.centre
    squares = columns.squares if preparation.centre else columns.squares + centre.count * centre.mean**2
    prepared_squares = squares if scale is None else squares / scale**2
    return float(prepared_squares.sum() / preparation.degrees(centre.count))
