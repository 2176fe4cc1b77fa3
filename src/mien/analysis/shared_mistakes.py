"""Do people stumble where a network stumbles: their votes on its mistakes and on the faces it names right."""

from dataclasses import dataclass
from typing import Any

from mien.analysis.metrics import wilson
from mien.analysis.share_difference import share_difference
from mien.core.images import Bools
from mien.core.people_votes import PeopleVotes
from mien.core.predictions import Predictions
from mien.core.wording import interval, percent


@dataclass(frozen=True, kw_only=True)
class Counted:
    """So many of so many faces, with the 95 % interval of the share (Wilson)."""

    count: int
    of: int

    @property
    def share(self) -> float | None:
        """From 0 to 1; None of no face."""
        return self.count / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Of the share; None of no face."""
        return wilson(self.count, self.of) if self.of else None

    def told(self) -> str:
        """Share and interval.

        >>> Counted(count=8, of=10).told(), Counted(count=0, of=0).told()
        ('80.0 % (49.0 to 94.3)', 'none')
        """
        if self.share is None or self.interval is None:
            return "none"
        return f"{percent(self.share)} ({interval(self.interval)})"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"count": self.count, "of": self.of, "share": self.share, "interval": self.interval}


@dataclass(frozen=True, kw_only=True)
class PeopleOn:
    """What people see in some faces.

    overruled   their majority is another class than the label
    as_network  it is the very class that the network names
    """

    overruled: Counted
    as_network: Counted

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"overruled": self.overruled.to_dict(), "as_network": self.as_network.to_dict()}


@dataclass(frozen=True, kw_only=True)
class SharedMistakes:
    """How much of a network's mistakes people make too, over the predicted faces with a vote for any class.

    without_vote  predicted faces that have none, and are left out
    tied          faces with more than one majority, of which the first in the order of the classes counts
    """

    run: str
    mistakes: PeopleOn
    correct: PeopleOn
    without_vote: int
    tied: int

    @property
    def difference(self) -> tuple[float, float] | None:
        """By how much more often people overrule the labels of mistakes: 95 % interval; None without both kinds."""
        one, other = self.mistakes.overruled, self.correct.overruled
        if not (one.of and other.of):
            return None
        return share_difference(one.count, one.of, other.count, other.of)

    @property
    def as_network_of_overruled(self) -> Counted:
        """Of the mistakes whose label people overrule, those where they see what the network sees."""
        return Counted(count=self.mistakes.as_network.count, of=self.mistakes.overruled.count)

    @property
    def mistaken_of_overruled(self) -> Counted:
        """Of the faces whose label people overrule, those that the network mistakes."""
        one, other = self.mistakes.overruled.count, self.correct.overruled.count
        return Counted(count=one, of=one + other)

    @property
    def mistaken_of_confirmed(self) -> Counted:
        """Of the faces whose label people confirm, those that the network mistakes."""
        one, other = (each.overruled.of - each.overruled.count for each in (self.mistakes, self.correct))
        return Counted(count=one, of=one + other)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "run": self.run,
            "mistakes": self.mistakes.to_dict(),
            "correct": self.correct.to_dict(),
            "difference": self.difference,
            "as_network_of_overruled": self.as_network_of_overruled.to_dict(),
            "mistaken_of_overruled": self.mistaken_of_overruled.to_dict(),
            "mistaken_of_confirmed": self.mistaken_of_confirmed.to_dict(),
            "without_vote": self.without_vote,
            "tied": self.tied,
        }


def shared_mistakes(predictions: Predictions, votes: PeopleVotes) -> SharedMistakes:
    """The votes for the predicted faces, in their order, counted on mistakes and on correct faces."""
    right = predictions.predicted == predictions.labels
    return SharedMistakes(
        run=predictions.run,
        mistakes=people_on(predictions, votes, ~right),
        correct=people_on(predictions, votes, right),
        without_vote=int((~votes.voted).sum()),
        tied=int((votes.majorities.sum(axis=1) > 1).sum()),
    )


def people_on(predictions: Predictions, votes: PeopleVotes, chosen: Bools) -> PeopleOn:
    """What people see in the chosen faces (n,) of the predicted ones; those without a vote do not count."""
    asked, seen = chosen & votes.voted, votes.majority
    faces = int(asked.sum())
    return PeopleOn(
        overruled=Counted(count=int((asked & (seen != predictions.labels)).sum()), of=faces),
        as_network=Counted(count=int((asked & (seen == predictions.predicted)).sum()), of=faces),
    )
