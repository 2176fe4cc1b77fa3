"""Means over seeds with their intervals: what a few runs say of a difference, and how many would say more."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

_COVERED = 0.95
_HALVINGS = 60  # of the angle in which the quantile lies: beyond what a double holds
_MOST_SEEDS = 50  # more than anybody would train


@dataclass(frozen=True, kw_only=True)
class SeedMean:
    """The mean of one number a seed and the ends of Student's 95 % interval of it, infinite for a single seed."""

    values: tuple[float, ...]
    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "SeedMean":
        """The mean of at least one value.

        >>> found = SeedMean.of([0.010, 0.014, 0.012])
        >>> f"{found.mean:.4f}, {found.low:.4f} to {found.high:.4f}"
        '0.0120, 0.0070 to 0.0170'
        """
        mean = statistics.fmean(values)
        half = half_width(statistics.stdev(values), len(values)) if len(values) > 1 else math.inf
        return cls(values=tuple(values), mean=mean, low=mean - half, high=mean + half)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, which has no infinity."""
        interval = [self.low, self.high] if math.isfinite(self.high) else None
        return {"values": list(self.values), "mean": self.mean, "interval": interval}

    def in_points(self) -> str:
        """The mean and the interval of a share, in hundredths.

        >>> SeedMean.of([0.010, 0.014, 0.012]).in_points(), SeedMean.of([-0.02]).in_points()
        ('+1.2 points (+0.7 to +1.7)', '-2.0 points')
        """
        interval = f" ({100 * self.low:+.1f} to {100 * self.high:+.1f})" if math.isfinite(self.high) else ""
        return f"{100 * self.mean:+.1f} points{interval}"


def half_width(deviation: float, count: int) -> float:
    """Half of the 95 % interval of a mean of `count` values (at least two) with this standard deviation."""
    return t_quantile(count - 1) * deviation / math.sqrt(count)


def seeds_to_decide(found: SeedMean, negligible: float) -> int | None:
    """How many seeds would leave no doubt, if mean and deviation (of at least two values) stay as they are.

    That is, the interval would exclude 0 or lie within plus and minus `negligible`; None where 50 would not do.

    >>> seeds_to_decide(SeedMean.of([0.0, 0.01, 0.02]), 0.005)
    7
    """
    deviation = statistics.stdev(found.values)
    for count in range(len(found.values) + 1, _MOST_SEEDS + 1):
        half = half_width(deviation, count)
        if half < abs(found.mean) or abs(found.mean) + half <= negligible:
            return count
    return None


@cache
def t_quantile(freedom: int) -> float:
    """The number that Student's t of so many degrees of freedom (at least 1) stays within, in 95 % of samples.

    >>> f"{t_quantile(2):.4f}", f"{t_quantile(9):.4f}"
    ('4.3027', '2.2622')
    """
    low, high = 0.0, math.pi / 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _covered(middle, freedom) < _COVERED else (low, middle)
    return math.sqrt(freedom) * math.tan(low)


def _covered(angle: float, freedom: int) -> float:
    """Share of Student's t within plus and minus sqrt(freedom) * tan(angle).

    Source: Abramowitz & Stegun 1964, 26.7.3 (odd) and 26.7.4 (even).
    """
    cosine, is_odd = math.cos(angle), freedom % 2
    total, term = 0.0, cosine if is_odd else 1.0
    for power in range(is_odd, freedom - 1, 2):
        total += term
        term *= cosine * cosine * (power + 1) / (power + 2)
    partial = math.sin(angle) * total
    return 2 / math.pi * (angle + partial) if is_odd else partial
