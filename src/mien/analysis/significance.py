"""Whether two networks differ by more than chance on the same faces: McNemar's test, a paired bootstrap interval."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mien.core.errors import DataError
from mien.core.images import Bools

RESAMPLES = 10_000  # an end of a 95 % interval then varies by under 1 % of its length from seed to seed


@dataclass(frozen=True, kw_only=True)
class McNemar:
    """How many faces both, one or neither of two networks get right, and how surprising that is if they are equal.

    p      exact two-sided: probability of a split of the faces that only one gets right at least as uneven as this one
    mid_p  the same with half the weight on splits just as uneven; less conservative (Fagerland et al. 2013)
    """

    both: int
    only_first: int
    only_second: int
    neither: int
    p: float
    mid_p: float

    @property
    def faces(self) -> int:
        """How many faces were compared."""
        return self.both + self.only_first + self.only_second + self.neither

    @property
    def difference(self) -> float:
        """Accuracy of the first minus that of the second, a share of 1; 0.0 of no face."""
        return (self.only_first - self.only_second) / self.faces if self.faces else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self) | {"faces": self.faces, "difference": self.difference}


@dataclass(frozen=True, kw_only=True)
class DifferenceInterval:
    """A paired percentile-bootstrap interval of an accuracy difference, shares of 1, and what makes it again."""

    low: float
    high: float
    level: float
    resamples: int
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def mcnemar(first_right: Bools, second_right: Bools) -> McNemar:
    """The paired table of two bool arrays (n,), true where each network is right, with its exact test.

    McNemar (1947), Psychometrika 12:153; exact and mid-p as in Fagerland, Lydersen & Laake (2013), BMC Medical
    Research Methodology 13:91. Raises DataError where the arrays are not of one length.

    >>> found = mcnemar(np.array([True, True, False]), np.array([True, False, False]))
    >>> (found.both, found.only_first, found.only_second, found.neither, found.p)
    (1, 1, 0, 1, 1.0)
    """
    first, second = np.asarray(first_right, dtype=bool), np.asarray(second_right, dtype=bool)
    if first.shape != second.shape or first.ndim != 1:
        raise DataError(
            f"two networks are compared on the same faces: expected arrays (n,), got {first.shape}, {second.shape}"
        )
    neither, only_second, only_first, both = np.bincount(2 * first + second, minlength=4).tolist()
    p, mid_p = paired_p(only_first, only_second)
    return McNemar(
        both=both, only_first=only_first, only_second=only_second, neither=neither, p=p, mid_p=mid_p
    )


def paired_p(only_first: int, only_second: int) -> tuple[float, float]:
    """Exact two-sided p and mid-p of a split that a fair coin would decide face by face.

    >>> [round(p, 4) for p in paired_p(1, 7)]  # Bentur et al. (2009), as Fagerland et al. print it
    [0.0703, 0.0391]
    """
    fewer, all_of_them = min(only_first, only_second), only_first + only_second
    here = math.comb(all_of_them, fewer) / 2**all_of_them  # exact integers, rounded once
    if only_first == only_second:
        return 1.0, 1 - here / 2
    tail = here * _relative_tail(fewer, all_of_them)
    return min(2 * tail, 1.0), min(2 * tail, 1.0) - here


def _relative_tail(successes: int, trials: int) -> float:
    """P(X <= successes) / P(X = successes) of a fair coin; every term is the one above it times a ratio below 1."""
    term = total = 1.0
    for k in range(successes, 0, -1):
        term *= k / (trials - k + 1)
        total += term
        if term < total * 1e-18:
            break
    return total


def bootstrap_difference(
    table: McNemar, *, level: float = 0.95, resamples: int = RESAMPLES, seed: int = 0
) -> DifferenceInterval:
    """Between which differences the faces would put the two networks if other such faces had been drawn.

    Resampling n faces with replacement, each with both its outcomes, draws the four cells of the paired table from a
    multinomial distribution: that is done directly. Ends are percentiles (Efron & Tibshirani 1993, chapter 13).
    Raises DataError where no face was compared.
    """
    if not table.faces:
        raise DataError("an interval of a difference needs at least one face")
    cells = np.array([table.both, table.only_first, table.only_second, table.neither])
    drawn = np.random.default_rng(seed).multinomial(table.faces, cells / table.faces, size=resamples)
    differences = (drawn[:, 1] - drawn[:, 2]) / table.faces  # (resamples,)
    low, high = np.quantile(differences, [(1 - level) / 2, (1 + level) / 2])
    return DifferenceInterval(low=float(low), high=float(high), level=level, resamples=resamples, seed=seed)
