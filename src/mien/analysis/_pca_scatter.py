"""Principal components of many rows of few columns, from the sums of products of the columns (d, d)."""

import numpy as np

from mien.analysis._pca_centre import Centre, Float64s, pieces
from mien.analysis._pca_solution import Preparation, Solution, descending
from mien.core.rows import Rows

_WAITING = (
    64  # blocks whose means are squared together: one product of matrices, not one pass over d x d each
)


class Scatter:
    """Sums of products of the columns about their running mean, in one pass."""

    def __init__(self, rows: Rows) -> None:
        width = len(rows.columns)
        self.centre = Centre(rows)
        self._products = np.zeros((width, width))
        self._between: list[Float64s] = []
        self._within: list[Float64s] = []

    def add(self, block: Float64s) -> None:
        """Count a block (b, d) in."""
        taken = self.centre.take(block)
        self._products += taken.values.T @ taken.values
        self._between.append(taken.between)
        self._within.append(taken.mean * np.sqrt(len(block)))
        if len(self._between) == _WAITING:
            self._square_means()

    def _square_means(self) -> None:
        """Add what the distances of the blocks bring, take off what their own means brought."""
        if self._between:
            between, within = np.array(self._between), np.array(self._within)
            self._products += between.T @ between - within.T @ within
            self._between, self._within = [], []

    def solve(self, preparation: Preparation) -> Solution:
        """All d variances and axes."""
        self._square_means()
        centre, products = self.centre, self._products
        scale = preparation.deviations(np.maximum(np.diag(products), 0.0), centre)
        if not preparation.centre:
            products = products + centre.count * np.outer(centre.mean, centre.mean)
        products = products / preparation.degrees(centre.count)
        if scale is not None:
            products = products / np.outer(scale, scale)
        variances, axes = descending(products, centre)
        return Solution(
            count=centre.count,
            first=centre.first,
            mean=preparation.origin(centre),
            scale=scale,
            variances=variances,
            axes=axes,
            total=float(np.trace(products)),
            method="exact, from the covariance of the columns",
        )


def by_columns(rows: Rows, preparation: Preparation) -> Solution:
    """Exact principal components in one pass; memory for d x d numbers, whatever the number of rows."""
    scatter = Scatter(rows)
    for piece in pieces(rows):
        scatter.add(piece)
    return scatter.solve(preparation)
