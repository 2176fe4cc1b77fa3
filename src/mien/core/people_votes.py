"""PeopleVotes: what several people see in each face, in the classes of the labels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.core.images import Bools, Ints


@dataclass(frozen=True, kw_only=True, eq=False)
class PeopleVotes:
    """Votes for n faces, sorted into the k classes of the labels.

    counts   int64 (n, k), votes for each class
    others   int64 (n,), votes for what is no class: contempt, unknown, not a face
    no_face  int64 (n,), those of them that say that it is no face
    """

    counts: Ints
    others: Ints
    no_face: Ints

    def __len__(self) -> int:
        return len(self.counts)

    def select(self, rows: Ints) -> "PeopleVotes":
        """The votes for the faces at these rows, in that order."""
        return PeopleVotes(counts=self.counts[rows], others=self.others[rows], no_face=self.no_face[rows])

    @property
    def majority(self) -> Ints:
        """The class with the most votes, (n,); of equals the first in the order of the classes; -1 without a vote."""
        return np.where(self.voted, self.counts.argmax(axis=1), -1)

    @property
    def majorities(self) -> Bools:
        """Which classes have the most votes, bool (n, k); none without a vote."""
        return (self.counts == self.counts.max(axis=1, keepdims=True)) & self.voted[:, None]

    @property
    def voted(self) -> Bools:
        """Which faces got a vote for any class, (n,)."""
        return self.counts.sum(axis=1) > 0

    @property
    def shares(self) -> NDArray[np.float64]:
        """Share of the votes for a class that each class got, (n, k); zeros without a vote."""
        return self.counts / np.maximum(self.counts.sum(axis=1, keepdims=True), 1)
