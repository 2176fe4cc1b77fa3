"""Tally: how many operations of each kind something does."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from mien.core.errors import ConfigError

MULTIPLICATIONS = "multiplications"
ADDITIONS = "additions"  # inside sums, and of activations to each other
BIAS_ADDITIONS = "bias additions"


@dataclass(frozen=True)
class Tally:
    """Counts by the name of the operation; kinds that do not occur are left out. Two tallies add up.

    >>> both = Tally({"multiplications": 1080, "additions": 1026}) + Tally({"additions": 92, "comparisons": 3})
    >>> both.multiplications, both.additions, both.others
    (1080, 1118, {'comparisons': 3})
    """

    counts: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        wrong = {name: count for name, count in self.counts.items() if count < 0}
        if wrong:
            raise ConfigError(f"counts of operations cannot be negative, got {wrong}")
        kept = {name: count for name, count in self.counts.items() if count}
        object.__setattr__(self, "counts", MappingProxyType(kept))

    def __add__(self, other: "Tally") -> "Tally":
        return Tally.summed((self, other))

    @staticmethod
    def summed(tallies: Iterable["Tally"]) -> "Tally":
        """One tally for all."""
        counts: dict[str, int] = {}
        for tally in tallies:
            for name, count in tally.counts.items():
                counts[name] = counts.get(name, 0) + count
        return Tally(counts)

    @property
    def multiplications(self) -> int:
        """Multiplications alone."""
        return self.counts.get(MULTIPLICATIONS, 0)

    @property
    def additions(self) -> int:
        """Additions and subtractions, those of a bias left out."""
        return self.counts.get(ADDITIONS, 0)

    @property
    def bias_additions(self) -> int:
        """Additions of a bias or a shift."""
        return self.counts.get(BIAS_ADDITIONS, 0)

    @property
    def others(self) -> dict[str, int]:
        """Every other kind by name: comparisons, divisions, exponentials and so on."""
        named = (MULTIPLICATIONS, ADDITIONS, BIAS_ADDITIONS)
        return {name: count for name, count in sorted(self.counts.items()) if name not in named}

    @property
    def total(self) -> int:
        """Operations of every kind together."""
        return sum(self.counts.values())

    def to_dict(self) -> dict[str, int]:
        """Counts by name; the first three are always there."""
        first = {name: self.counts.get(name, 0) for name in (MULTIPLICATIONS, ADDITIONS, BIAS_ADDITIONS)}
        return first | self.others
