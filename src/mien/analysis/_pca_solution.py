"""What every way of computing principal components is asked for, and what it gives."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.analysis._pca_centre import Centre
from mien.core.errors import ConfigError, DataError
from mien.core.pca import Divisor

Float64s = NDArray[np.float64]

# Squaring the data (the covariance, the products of rows) squares its condition: a variance that is 1e-4 of
# the largest then keeps 12 digits, a smaller one fewer. Below this share the data itself gets its QR or SVD.
SMALLEST_SHARE = 1e-4
CONSTANT = 8 * np.finfo(np.float64).eps  # deviation over mean of a column that holds one number, rounded
_ROUNDING = 1e-12  # of a share, so that 0.95 is met by 0.95


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """How the rows are prepared and what their sums of squares are divided by."""

    centre: bool = True
    scale: bool = False
    divisor: Divisor = "n"

    def degrees(self, count: int) -> int:
        """What sums of squares over so many rows are divided by."""
        return count if self.divisor == "n" else count - 1

    def deviations(self, squares: Float64s, centre: Centre) -> Float64s | None:
        """Deviations (d,) from squares about the mean, 1 for a constant column; None without scale."""
        if not self.scale:
            return None
        deviations = np.sqrt(squares / self.degrees(centre.count))
        constant = deviations <= CONSTANT * np.abs(centre.mean)
        return np.where(constant, 1.0, deviations)

    def origin(self, centre: Centre) -> Float64s:
        """What is subtracted from every row: the mean, or zeros."""
        return centre.mean if self.centre else np.zeros_like(centre.mean)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How many axes: k, or as many as have this share of the variance together; all where both are None."""

    k: int | None = None
    variance: float | None = None

    def __post_init__(self) -> None:
        if self.k is not None and self.variance is not None:
            raise ConfigError(f"k={self.k} and variance={self.variance} exclude each other: give one of them")
        if self.k is not None and (
            not isinstance(self.k, int | np.integer) or isinstance(self.k, bool) or self.k < 1
        ):
            raise ConfigError(
                f"k={self.k}: expected a whole number of axes from 1 on; for a share of the variance give "
                "variance="
            )
        if self.variance is not None and not 0 < self.variance <= 1:
            raise ConfigError(f"variance={self.variance}: expected a share above 0, at most 1, such as 0.95")

    def check(self, source: str, count: int | None, width: int) -> None:
        """ConfigError where k is more than the smaller of rows (None: not known yet) and columns."""
        most = width if count is None else min(count, width)
        if self.k is not None and self.k > most:
            of = "" if count is None else f"{count} rows of "
            raise ConfigError(f"k={self.k}: {source} has {of}{width} columns, so at most {most} axes")

    def count(self, variances: Float64s, total: float) -> int:
        """Number of axes to keep of those with these variances (m,)."""
        if self.k is not None:
            return int(self.k)
        if self.variance is None:
            return len(variances)
        wanted = self.variance * total * (1 - _ROUNDING)
        return min(int(np.searchsorted(np.cumsum(variances), wanted)) + 1, len(variances))


@dataclass(frozen=True, kw_only=True)
class Solution:
    """Variances (m,), descending, and the axes (k, d) or more of them, signs not yet fixed.

    first    the first row of the data (d,), as it was given
    total    the variance of all columns together
    is_near  False where random directions did not come as near to the exact axes as they should
    """

    count: int
    first: Float64s
    mean: Float64s
    scale: Float64s | None
    variances: Float64s
    axes: Float64s
    total: float
    method: str
    is_near: bool = True

    def left_out(self, k: int) -> float:
        """The variance beside the first k axes together; the sum of the others where all are known."""
        is_all = len(self.variances) == min(self.count, len(self.mean))
        rest = self.variances[k:].sum() if is_all else self.total - self.variances[:k].sum()
        return max(float(rest), 0.0)


def squared_too_far(variances: Float64s, k: int) -> bool:
    """Whether the k-th variance is too small beside the first to be had from squared data."""
    return bool(variances[k - 1] < SMALLEST_SHARE * variances[0])


def descending(products: Float64s, centre: Centre) -> tuple[Float64s, Float64s]:
    """Eigenvalues (m,), none negative, largest first, and eigenvectors (m, m), one a row."""
    values, vectors = np.linalg.eigh(not_too_large(products, centre))
    return np.maximum(values[::-1], 0.0), vectors.T[::-1]


def not_too_large(numbers: Float64s, centre: Centre) -> Float64s:
    """The same numbers; DataError where squares or sums went beyond 64 bits."""
    if not np.isfinite(numbers).all():
        raise DataError(
            f"{centre.source}: the numbers are too large to square in 64 bits; divide them by a constant"
        )
    return numbers
