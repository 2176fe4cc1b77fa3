"""What people's votes say of a network's mistakes, for C14 and C15."""

import numpy as np

from mien.analysis.claims.judgement import OPEN, Ruling, sided
from mien.analysis.confusions import CLOSE, mistaken, score_gaps
from mien.analysis.shared_mistakes import SharedMistakes, people_on, shared_mistakes
from mien.core.errors import MissingInput
from mien.core.people_votes import PeopleVotes
from mien.core.predictions import Predictions
from mien.core.wording import interval


def people_stumble_too(predictions: Predictions, votes: PeopleVotes) -> Ruling:
    """Whether people overrule the labels of mistakes more often than others; MissingInput where either has no vote.

    votes  for the predicted faces, in their order
    """
    found = shared_mistakes(predictions, votes)
    if found.difference is None:
        raise MissingInput(
            f"people voted on {found.mistakes.overruled.of:,} mistakes of run {found.run} and on "
            f"{found.correct.overruled.of:,} faces that it names right, and both are needed"
        )
    return Ruling(
        verdict=sided(*found.difference, 0.0),
        evidence=_told(found, found.difference),
        decided_by="More faces with people's votes.",
    )


def _told(found: SharedMistakes, difference: tuple[float, float]) -> str:
    return (
        f"Of {found.mistakes.overruled.of:,} mistakes of {found.run} that people voted on, their majority overrules "
        f"the label of {found.mistakes.overruled.told()} and sees the very class of the network in "
        f"{found.mistakes.as_network.told()}; of {found.correct.overruled.of:,} faces that it names right they "
        f"overrule {found.correct.overruled.told()}. The shares are {interval(difference)} points apart."
    )


def on_close_mistakes(predictions: Predictions, votes: PeopleVotes) -> Ruling:
    """How often people overrule the label where the scores of a mistake are close, and where they are not.

    Evidence without a verdict: whether scores are close is not for people to say.
    """
    wrong = np.flatnonzero(mistaken(predictions))
    close, far = (np.zeros(len(predictions), dtype=bool) for _ in range(2))
    near = score_gaps(predictions) < CLOSE
    close[wrong[near]], far[wrong[~near]] = True, True
    told = [people_on(predictions, votes, chosen).overruled for chosen in (close, far)]
    return Ruling(
        verdict=OPEN,
        evidence=f"People's majority overrules the label of {told[0].told()} of {told[0].of:,} mistakes with close "
        f"scores, and of {told[1].told()} of {told[1].of:,} others.",
    )
