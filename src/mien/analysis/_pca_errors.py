"""The reconstruction error of every row, and the three ways to sum it up."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from mien.analysis._pca_centre import Float64s, labelled_pieces, pieces
from mien.core.pca import PCA, ReconstructionErrors
from mien.core.rows import Rows

# |c|^2 - |p|^2 is the squared error of a row c with projection p; it takes one product where the difference
# takes three passes. A row whose error is below this share of |x|^2 would lose digits: the long way for it.
_CANCELS = 1e-4


class Projected(NamedTuple):
    """Some rows that follow each other: labels, coordinates (b, k), L2 norms of their errors (b,)."""

    labels: tuple[str, ...] | None
    points: Float64s
    norms: Float64s


def projected(rows: Rows, pca: PCA) -> Iterator[Projected]:
    """Every row on the axes, block by block, with the L2 norm of its reconstruction error."""
    for block in labelled_pieces(rows):
        centred = pca.prepared(block.values)
        points = centred @ pca.axes.T
        yield Projected(block.labels, points, np.linalg.norm(centred - points @ pca.axes, axis=1))


def measured_errors(
    rows: Rows, mean: Float64s, scale: Float64s | None, axes: Float64s
) -> ReconstructionErrors:
    """The three errors from the rows themselves, read once more."""
    error = _RowErrors(mean, scale, axes)
    count, squares, norms = 0, 0.0, 0.0
    for piece in pieces(rows):
        squared = error.squared(piece)
        count += len(piece)
        squares += float(squared.sum())
        norms += float(np.sqrt(squared).sum())
    return ReconstructionErrors(
        mean_of_squared_l2_norms=squares / count, mean_l2_norm=norms / count, total_l2_norm=squares**0.5
    )


def errors_from_variances(left_out: float, degrees: int, count: int) -> ReconstructionErrors:
    """What the variance of the axes left out says of the errors: all but the mean of the norms."""
    squares = left_out * degrees
    return ReconstructionErrors(
        mean_of_squared_l2_norms=squares / count, mean_l2_norm=None, total_l2_norm=squares**0.5
    )


class _RowErrors:
    """Squared errors of rows that are not centred yet."""

    def __init__(self, mean: Float64s, scale: Float64s | None, axes: Float64s) -> None:
        self._mean, self._scale, self._axes = mean, scale, axes
        self._directions = np.concatenate([axes, mean[None]])  # (k + 1, d)
        self._of_mean = axes @ mean  # (k,)
        self._is_short = scale is None and 2 * len(axes) < len(mean)

    def squared(self, rows: Float64s) -> Float64s:
        """|c - p|^2 of each row (b, d), (b,)."""
        if not self._is_short:
            return self._long(rows)
        squares, sizes = self._short(rows)
        doubtful = squares < _CANCELS * sizes
        if doubtful.any():
            squares[doubtful] = self._long(rows[doubtful])
            self._is_short = 2 * doubtful.sum() < len(rows)  # else the attempt costs more than it saves
        return squares

    def _short(self, rows: Float64s) -> tuple[Float64s, Float64s]:
        """|x - m|^2 - |p|^2 without making x - m, (b,), and the largest number in that sum, (b,)."""
        products = self._directions @ rows.T  # (k + 1, b)
        sizes = np.einsum("ij,ij->i", rows, rows)
        points = products[:-1] - self._of_mean[:, None]
        of_mean = float(self._mean @ self._mean)
        kept = np.einsum("ij,ij->j", points, points)
        return sizes - 2 * products[-1] + of_mean - kept, np.maximum(sizes, of_mean)

    def _long(self, rows: Float64s) -> Float64s:
        centred = rows - self._mean
        if self._scale is not None:
            centred /= self._scale
        error = centred - (centred @ self._axes.T) @ self._axes
        squares: Float64s = np.einsum("ij,ij->i", error, error)
        return squares
