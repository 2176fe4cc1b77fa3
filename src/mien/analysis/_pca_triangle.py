"""Principal components without squaring: blocks are reduced to one triangle, which gets its SVD.

The R of a QR decomposition has the singular values and right singular vectors of the data; the R of the
blocks before, stacked on the next block, has those of all rows (tall-skinny QR: Demmel, Grigori, Hoemmen &
Langou 2012).
"""

import numpy as np

from mien.analysis._pca_centre import Centre, Float64s, pieces
from mien.analysis._pca_solution import Preparation, Solution, not_too_large
from mien.core.rows import Rows

_WAITING = (
    2  # times d rows are gathered before they are reduced, so that the triangle is not most of the work
)


class Triangle:
    """R (at most d, d) of all rows about their running mean, in one pass."""

    def __init__(self, rows: Rows) -> None:
        self.centre = Centre(rows)
        self._width = len(rows.columns)
        self._triangle = np.zeros((0, self._width))
        self._waiting: list[Float64s] = []

    def add(self, block: Float64s) -> None:
        """Count a block (b, d) in."""
        taken = self.centre.take(block)
        self._waiting += [taken.values - taken.mean, taken.between[None]]
        if sum(map(len, self._waiting)) >= _WAITING * self._width:
            self._reduce()

    def _reduce(self) -> None:
        self._triangle = _triangle(self._triangle, *self._waiting)
        self._waiting = []

    def solve(self, preparation: Preparation) -> Solution:
        """All min(n, d) variances and axes."""
        self._reduce()
        centre, triangle = self.centre, self._triangle
        scale = preparation.deviations((triangle**2).sum(axis=0), centre)
        if not preparation.centre:
            triangle = _triangle(triangle, np.sqrt(centre.count) * centre.mean[None])
        if scale is not None:
            triangle = triangle / scale
        not_too_large(triangle**2, centre)
        _, singular, axes = np.linalg.svd(triangle, full_matrices=False)
        rank = min(centre.count, len(centre.first))
        variances = (singular**2 / preparation.degrees(centre.count))[:rank]
        return Solution(
            count=centre.count,
            first=centre.first,
            mean=preparation.origin(centre),
            scale=scale,
            variances=variances,
            axes=axes[:rank],
            total=float(variances.sum()),
            method="exact, from the singular values of the data",
        )


def _triangle(*parts: Float64s) -> Float64s:
    """R of the rows of all parts."""
    return np.asarray(np.linalg.qr(np.concatenate(parts), mode="r"))


def without_squaring(rows: Rows, preparation: Preparation) -> Solution:
    """Exact principal components in one pass, small variances to full precision; slower than squaring."""
    triangle = Triangle(rows)
    for piece in pieces(rows):
        triangle.add(piece)
    return triangle.solve(preparation)
