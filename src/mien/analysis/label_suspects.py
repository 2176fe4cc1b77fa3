"""Rows of a data set that something speaks against, each with a score and the label that it probably should have."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.analysis.confident_learning import LabelDoubts
from mien.analysis.duplicates import conflicts, majority
from mien.analysis.not_a_face import FaceDoubts
from mien.core.images import Bools, Ints, Strings
from mien.core.people_votes import PeopleVotes

WRONG_LABEL = "wrong label"
TWINS, NEAR_TWINS = "identical pictures disagree", "nearly identical pictures disagree"
PEOPLE = "people see something else"
NO_FACE = "not a face"
LEAK, NEAR_LEAK = "also in the training part", "nearly also in the training part"
_MOST_OF_THEM = 0.5  # of all votes for a face: as many people must agree before they speak against a label


@dataclass(frozen=True, kw_only=True, eq=False)
class SuspectRows:
    """Rows that one thing speaks against, the most suspect first.

    rows      int64 (m,)
    reasons   str (m,)
    scores    float64 (m,), 0 to 1
    proposals int64 (m,), a class, or -1 where none is proposed
    """

    rows: Ints
    reasons: Strings
    scores: NDArray[np.float64]
    proposals: Ints

    def __len__(self) -> int:
        return len(self.rows)


def _ordered(reason: str, rows: Ints, scores: NDArray[np.float64], proposals: Ints) -> SuspectRows:
    order = np.argsort(-scores, kind="stable")
    reasons = np.full(len(rows), reason)
    return SuspectRows(rows=rows[order], reasons=reasons, scores=scores[order], proposals=proposals[order])


def doubted_labels(doubts: LabelDoubts, rows: Ints) -> SuspectRows:
    """Those that confident learning doubts; its face i is row rows[i]."""
    chosen = doubts.suspects()
    return _ordered(WRONG_LABEL, rows[chosen], doubts.score[chosen], doubts.proposal[chosen])


def disagreeing(reason: str, groups: Ints, labels: Ints) -> SuspectRows:
    """Pictures of one group with several labels, the majority's left out; the score is the share of other labels."""
    rows, scores, proposals = [], [], []
    for group in conflicts(groups, labels):
        best = majority(labels[group])
        for row in group.tolist():
            if labels[row] != best:
                rows.append(row)
                scores.append(float(np.mean(labels[group] != labels[row])))
                proposals.append(-1 if best is None else best)
    return _ordered(
        reason, np.array(rows, dtype=np.int64), np.array(scores), np.array(proposals, dtype=np.int64)
    )


def overruled(votes: PeopleVotes, labels: Ints) -> SuspectRows:
    """Faces in which more than half of the people see one other class; the score is by how much more than the label."""
    everyone = np.maximum(votes.counts.sum(axis=1) + votes.others, 1)
    seen = votes.majority
    most = votes.counts.max(axis=1) / everyone
    rows = np.flatnonzero((most > _MOST_OF_THEM) & (seen != labels))
    lead = most[rows] - votes.counts[rows, labels[rows]] / everyone[rows]
    return _ordered(PEOPLE, rows, lead, seen[rows])


def no_faces(doubts: FaceDoubts) -> SuspectRows:
    """Pictures that are probably no faces."""
    rows = doubts.ranked()
    with np.errstate(invalid="ignore"):
        scores = np.where(np.isinf(doubts.score[rows]), 1.0, doubts.score[rows] / (1 + doubts.score[rows]))
    return SuspectRows(
        rows=rows,
        reasons=np.array([f"{NO_FACE}: {reason}" for reason in doubts.reason[rows].tolist()], dtype=np.str_),
        scores=scores,
        proposals=np.full(len(rows), -1),
    )


def leaked(reason: str, groups: Ints, is_training: Bools) -> SuspectRows:
    """Pictures outside the training part whose group has one in it."""
    rows = np.flatnonzero(~is_training & np.isin(groups, groups[is_training]))
    return _ordered(reason, rows, np.ones(len(rows)), np.full(len(rows), -1))
