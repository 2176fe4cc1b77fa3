"""One figure of a study's base against a variant, seed by seed, and what the difference decides."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from mien.analysis.seed_means import SeedMean, seeds_to_decide
from mien.core.study import Study, Trial

Side = Literal["gain", "loss", "none", "open"]

FEWEST = 3  # seeds from which a difference is judged
NEGLIGIBLE = 0.005  # of a share: half a point

DIFFERENCE_RULE = (
    f"Differences are taken between runs of the same seed, at least {FEWEST} of them. Where Student's 95 % interval "
    "of the mean difference lies above 0 it is a gain, below 0 a loss, within plus and minus "
    f"{100 * NEGLIGIBLE:g} points neither; otherwise more seeds are needed."
)


@dataclass(frozen=True, kw_only=True)
class SeedComparison:
    """Means of a figure (a share of 1) of base and variant over the seeds that both have, and base minus variant."""

    variant: str
    base: float
    other: float
    difference: SeedMean

    @classmethod
    def of(
        cls, study: Study, variant: str, figure: Callable[[Trial], float], base: str | None = None
    ) -> "SeedComparison | None":
        """The comparison, or None where no seed has finished both."""
        pairs = [(figure(one), figure(two)) for one, two in study.paired(base or study.base, variant)]
        if not pairs:
            return None
        return cls(
            variant=variant,
            base=statistics.fmean(one for one, _ in pairs),
            other=statistics.fmean(two for _, two in pairs),
            difference=SeedMean.of([one - two for one, two in pairs]),
        )

    @property
    def seeds(self) -> int:
        """How many."""
        return len(self.difference.values)

    @property
    def side(self) -> Side:
        """What the base gains over the variant, by DIFFERENCE_RULE."""
        low, high = self.difference.low, self.difference.high
        if self.seeds < FEWEST:
            return "open"
        if low > 0 or high < 0:
            return "gain" if low > 0 else "loss"
        return "none" if max(-low, high) <= NEGLIGIBLE else "open"

    def seeds_needed(self) -> int | None:
        """How many seeds would decide it, if mean and spread stay as they are; None where 50 would not do."""
        return FEWEST if self.seeds < FEWEST else seeds_to_decide(self.difference, NEGLIGIBLE)

    def told(self) -> str:
        """The difference in a few words."""
        return f"{self.difference.in_points()} over {self.seeds} {'seed' if self.seeds == 1 else 'seeds'}"
