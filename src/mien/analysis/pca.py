"""Principal component analysis of any number of rows: exact, or a few of many axes from random directions."""

from typing import Literal, get_args

import numpy as np

from mien.analysis._pca_centre import Float64s
from mien.analysis._pca_errors import Projected, errors_from_variances, measured_errors, projected
from mien.analysis._pca_randomised import randomised
from mien.analysis._pca_scatter import by_columns
from mien.analysis._pca_solution import CONSTANT, Asked, Preparation, Solution, squared_too_far
from mien.analysis._pca_triangle import without_squaring
from mien.analysis._pca_wide import by_rows
from mien.core.errors import ConfigError, DataError
from mien.core.pca import PCA, Divisor
from mien.core.rows import Rows

__all__ = ["Method", "Projected", "fit", "projected"]

Method = Literal["auto", "exact", "randomised"]

_SMALL = 1 << 16  # numbers in a table whose SVD takes no time worth saving
_MANY_AXES, _FEW_OF = 2500, 20  # auto turns to random directions for k <= axes / 20 of more than 2,500
_MOST_COLUMNS = 12_000  # of a covariance: d x d numbers of 8 bytes, and twice that to take it apart
_MOST_NUMBERS = 1 << 28  # of a wide table that is held in memory, 2 GiB
_NO_SIZE = 1e-8  # of the first row on an axis, as a share of its length


def fit(
    rows: Rows,
    k: int | None = None,
    *,
    variance: float | None = None,
    centre: bool = True,
    scale: bool = False,
    divisor: Divisor = "n",
    method: Method = "auto",
    mean_norm: bool = True,
    seed: int = 0,
) -> PCA:
    """The first k principal axes, or as many as have this share of the variance together, or all.

    centre     subtract the mean of each column
    scale      then divide by its standard deviation; a column that holds one number only is left as it is
    divisor    the sums of squares are divided by "n" or "n-1" to give variances
    method     "exact", "randomised" (needs k and rows that can be read again), or "auto": exact, but
               randomised for at most 1 axis in 20 of more than 2,500 where its passes end within 1e-9 and
               where exact ones do not fit into memory
    mean_norm  read the rows once more for the mean L2 norm of the error; without it the other two errors
               follow from the variances
    seed       of the random directions

    Exact axes and variances of a tall table take one pass. A second one follows where an asked variance is
    under 1e-4 of the largest, because covariances do not hold that to 10 digits; rows that can be read only
    once are therefore reduced by QR from the start.

    Raises ConfigError for choices that make no sense, DataError for rows that have no principal axes.

    >>> found = fit(Rows.of([[1, 2, 3], [4, 8, 5], [3, 12, 9], [1, 8, 5], [5, 14, 2]]), 1)
    >>> found.axes.round(3).tolist(), found.shares.round(3).tolist()
    ([[-0.285, -0.947, -0.147]], [0.743])
    """
    asked = Asked(k=k, variance=variance)
    preparation = _preparation(centre, scale, divisor)
    _check(rows, asked)
    _check_method(rows, asked, method)
    with np.errstate(over="ignore", invalid="ignore"):  # looked for, and said with the place
        solution = _solve(rows, asked, preparation, method, seed)
        asked.check(rows.source, solution.count, len(rows.columns))
        return _finished(rows, solution, asked, preparation, mean_norm and rows.again)


def _preparation(centre: bool, scale: bool, divisor: Divisor) -> Preparation:
    if divisor not in get_args(Divisor):
        raise ConfigError(f"divisor='{divisor}': expected {' or '.join(get_args(Divisor))}")
    return Preparation(centre=centre, scale=scale, divisor=divisor)


def _check(rows: Rows, asked: Asked) -> None:
    """What can be refused before reading."""
    if not rows.columns:
        raise DataError(f"{rows.source}: has no columns")
    if rows.count is not None:
        _check_count(rows.source, rows.count)
    asked.check(rows.source, rows.count, len(rows.columns))


def _check_count(source: str, count: int) -> None:
    if count < 2:
        has = "has one row" if count else "has no rows"
        raise DataError(f"{source}: {has}; principal components need at least two")


def _check_method(rows: Rows, asked: Asked, method: Method) -> None:
    if method not in get_args(Method):
        raise ConfigError(f"method='{method}': expected {', '.join(get_args(Method))}")
    if method == "randomised" and asked.k is None:
        raise ConfigError("method='randomised' finds the first k axes: give k")
    if method == "randomised" and not rows.again:
        raise ConfigError(f"{rows.source} can be read only once; method='randomised' needs it several times")


def _is_few_of_many(rows: Rows, asked: Asked) -> bool:
    """Whether random directions are likely to find the asked axes sooner than all are found."""
    width = len(rows.columns)
    axes = width if rows.count is None else min(rows.count, width)
    is_few = asked.k is not None and asked.k * _FEW_OF <= axes
    return is_few and axes > _MANY_AXES and rows.again


def _solve(rows: Rows, asked: Asked, preparation: Preparation, method: Method, seed: int) -> Solution:
    """As asked; "auto" takes what random directions find only where it is near, or all that can be had."""
    if method == "randomised" or (method == "auto" and _is_few_of_many(rows, asked)):
        found = randomised(rows, preparation, asked, seed)
        if method == "randomised" or found.is_near or _is_large(rows):
            return found
    return _exact(rows, asked, preparation)


def _exact(rows: Rows, asked: Asked, preparation: Preparation) -> Solution:
    """By the way that suits the sizes; how many rows there are may show only after reading."""
    width = len(rows.columns)
    if not rows.again or (rows.count is not None and rows.count * width <= _SMALL):
        return _checked(without_squaring(rows, preparation), rows)
    _refuse_large(rows)
    if _is_wide(rows):
        return by_rows(rows, preparation, asked)
    found = _checked(by_columns(rows, preparation), rows)
    asked.check(rows.source, found.count, width)
    k = asked.count(found.variances, found.total)
    return without_squaring(rows, preparation) if squared_too_far(found.variances, k) else found


def _checked(solution: Solution, rows: Rows) -> Solution:
    _check_count(rows.source, solution.count)
    return solution


def _is_wide(rows: Rows) -> bool:
    return rows.count is not None and rows.count < len(rows.columns)


def _is_large(rows: Rows) -> bool:
    """Whether exact axes take more memory than is meant for them."""
    width = len(rows.columns)
    return (rows.count or 0) * width > _MOST_NUMBERS if _is_wide(rows) else width > _MOST_COLUMNS


def _refuse_large(rows: Rows) -> None:
    if _is_large(rows):
        raise ConfigError(
            f"{rows.source} has {rows.count or 'many'} rows of {len(rows.columns)} columns, too many for "
            "exact axes in memory; ask for a few axes with method='randomised'"
        )


def _finished(rows: Rows, solution: Solution, asked: Asked, preparation: Preparation, mean_norm: bool) -> PCA:
    """The kept axes with their signs, and what they lose."""
    k = asked.count(solution.variances, solution.total)
    start = solution.first - solution.mean
    axes = _turned(solution.axes[:k], start if solution.scale is None else start / solution.scale)
    if mean_norm:
        errors = measured_errors(rows, solution.mean, solution.scale, axes)
    else:
        errors = errors_from_variances(
            solution.left_out(k), preparation.degrees(solution.count), solution.count
        )
    return PCA(
        source=rows.source,
        rows=solution.count,
        columns=rows.columns,
        mean=solution.mean,
        scale=solution.scale,
        axes=axes,
        spectrum=solution.variances,
        total_variance=solution.total,
        centred=preparation.centre,
        divisor=preparation.divisor,
        errors=errors,
        method=solution.method,
        notes=_notes(solution, mean_norm),
    )


def _notes(solution: Solution, mean_norm: bool) -> tuple[str, ...]:
    once = "the mean L2 norm is not computed: it takes a second reading of the rows"
    same = "there is no variance: all rows are the same, and the axes are arbitrary"
    rounding = float(((CONSTANT * solution.mean) ** 2).sum())
    return (*(() if mean_norm else (once,)), *((same,) if solution.total <= rounding else ()))


def _turned(axes: Float64s, start: Float64s) -> Float64s:
    """Each axis (k, d) turned so that the first row of the data, prepared (d,), lies on its positive side.

    An axis that the first row is at a right angle to has its largest entry made positive.
    """
    along = axes @ start
    largest = axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)]
    decides = np.where(np.abs(along) > _NO_SIZE * np.linalg.norm(start), along, largest)
    return np.ascontiguousarray(axes * np.where(decides < 0, -1.0, 1.0)[:, None])
