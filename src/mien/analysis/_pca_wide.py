"""Principal components of few rows of many columns, from the products of the rows (n, n)."""

import numpy as np

from mien.analysis._pca_centre import Float64s
from mien.analysis._pca_columns import Columns, prepared
from mien.analysis._pca_solution import Asked, Preparation, Solution, descending, squared_too_far
from mien.core.rows import Rows


def by_rows(rows: Rows, preparation: Preparation, asked: Asked) -> Solution:
    """Exact principal components of n rows, n < d; memory for all of them in 64 bits and for n x n numbers.

    Where an asked variance is too small for the products of rows, the data itself gets its SVD.
    """
    columns = Columns.of(rows)
    centre = columns.centre
    asked.check(rows.source, centre.count, len(centre.first))
    mean, scale = preparation.origin(centre), preparation.deviations(columns.squares, centre)
    data = np.concatenate(list(prepared(rows, mean, scale)))  # (n, d)
    degrees = preparation.degrees(centre.count)
    variances, weights = descending(data @ data.T / degrees, centre)
    k = asked.count(variances, float(variances.sum()))
    if squared_too_far(variances, k):
        variances, axes, how = *_taken_apart(data, degrees), "the singular values of the data"
    else:
        axes, how = weights[:k] @ data / np.sqrt(variances[:k, None] * degrees), "the products of the rows"
    return Solution(
        count=centre.count,
        first=centre.first,
        mean=mean,
        scale=scale,
        variances=variances,
        axes=axes,
        total=float(variances.sum()),
        method=f"exact, from {how}",
    )


def _taken_apart(data: Float64s, degrees: int) -> tuple[Float64s, Float64s]:
    """Variances (n,) and axes (n, d) by SVD."""
    _, singular, axes = np.linalg.svd(data, full_matrices=False)
    return singular**2 / degrees, axes
