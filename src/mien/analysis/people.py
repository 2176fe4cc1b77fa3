"""What people see in the faces beside what the labels say, and beside what a network says."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.analysis.metrics import confusion, wilson
from mien.core.errors import DataError
from mien.core.images import Bools, Ints, Strings
from mien.core.labels import canonical
from mien.core.people_votes import PeopleVotes

Float64s = NDArray[np.float64]

_LEAST = 1e-12


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How often the majority of people names the label.

    faces, agreeing   all faces, and those whose majority is the label; of equal majorities the first in the order of
                      the classes counts, and a face without a vote for any class never agrees
    share, interval   of agreeing faces (95 %, Wilson)
    ties_shared       the share where a label among m equal majorities counts as 1/m
    tied              faces with more than one majority
    """

    name: str
    faces: int
    agreeing: int
    share: float
    interval: tuple[float, float]
    ties_shared: float
    tied: int


@dataclass(frozen=True, kw_only=True)
class Ceiling:
    """What readers of faces reach on these labels, over the faces with a vote; shares from 0 to 1.

    majority    accuracy of whoever sees what most people see, equal majorities shared
    one_person  mean share of the votes that name the label: accuracy of a person drawn by lot
    best        accuracy of whoever knows, for every distribution over votes, the label most frequent with it: the most
                that can be had from the majority class and its share alone
    """

    faces: int
    majority: float
    one_person: float
    best: float


@dataclass(frozen=True, kw_only=True)
class NetworkAndPeople:
    """A network's probabilities beside the votes, over the predicted faces with a vote; distances from 0 to 1.

    accuracy       share of faces on which the network names the label
    with_majority  share on which it names the people's majority
    distance       mean total variation distance between probabilities and shares of votes
    divergence     mean Kullback-Leibler divergence of the probabilities from the shares, in nats
    entropy        mean entropy of the probabilities and of the shares, in nats
    together       Spearman's correlation of the two entropies: is it unsure where people disagree?
    mistakes       faces on which it does not name the label, and `people_too` those where it names the majority
    confusion      faces (k, k): row label, column predicted; beside that of people (majority_confusion)
    """

    run: str
    faces: int
    accuracy: float
    with_majority: float
    distance: float
    divergence: float
    entropy: tuple[float, float]
    together: float | None
    mistakes: int
    people_too: int
    confusion: tuple[tuple[int, ...], ...]


def people_votes(counts: Ints, names: tuple[str, ...], classes: tuple[str, ...]) -> PeopleVotes:
    """Votes (n, m) for choices of these names, sorted into the classes; DataError where a class is no choice.

    >>> found = people_votes(np.array([[3, 6, 1]]), ("happiness", "anger", "NF"), ("angry", "happy"))
    >>> found.counts.tolist(), found.others.tolist(), found.no_face.tolist()
    ([[6, 3]], [1], [1])
    """
    expressions = [canonical(name) for name in names]
    missing = [name for name in classes if (canonical(name) or name) not in expressions]
    if missing:
        raise DataError(
            f"votes: nobody could choose '{missing[0]}'; the choices are {', '.join(names)}, "
            f"the classes {', '.join(classes)}"
        )
    columns = [expressions.index(canonical(name) or name) for name in classes]
    others = [column for column in range(len(names)) if column not in columns]
    no_face = [column for column in others if names[column].strip().lower() == "nf"]
    return PeopleVotes(
        counts=counts[:, columns],
        others=counts[:, others].sum(axis=1),
        no_face=counts[:, no_face].sum(axis=1),
    )


def agreement(name: str, votes: PeopleVotes, labels: Ints, chosen: Bools | None = None) -> Agreement:
    """How often the majority names the label, over all or the chosen faces (n,)."""
    rows = np.arange(len(labels)) if chosen is None else np.flatnonzero(chosen)
    agreeing, shared = votes.majority[rows] == labels[rows], _shared(votes)[rows, labels[rows]]
    many = max(len(rows), 1)
    return Agreement(
        name=name,
        faces=len(rows),
        agreeing=int(agreeing.sum()),
        share=float(agreeing.sum() / many),
        interval=wilson(int(agreeing.sum()), len(rows)),
        ties_shared=float(shared.sum() / many),
        tied=int((votes.majorities[rows].sum(axis=1) > 1).sum()),
    )


def agreements(
    votes: PeopleVotes, labels: Ints, parts: Strings, classes: tuple[str, ...]
) -> tuple[Agreement, ...]:
    """Of all faces, of each part of the data where it has several, and of each class that has faces."""
    names = list(dict.fromkeys(parts.tolist()))
    by_part = [agreement(name, votes, labels, parts == name) for name in names if len(names) > 1]
    by_class = [
        agreement(name, votes, labels, labels == label)
        for label, name in enumerate(classes)
        if (labels == label).any()
    ]
    return (agreement("all", votes, labels), *by_part, *by_class)


def people_confusion(votes: PeopleVotes, labels: Ints) -> Ints:
    """Votes int64 (k, k): row given label, column what people see."""
    found = np.zeros((votes.counts.shape[1],) * 2, dtype=np.int64)
    np.add.at(found, labels, votes.counts)
    return found


def majority_confusion(votes: PeopleVotes, labels: Ints) -> Ints:
    """Faces int64 (k, k) with a vote for a class: row given label, column the majority."""
    voted = votes.voted
    return confusion(labels[voted], votes.majority[voted], votes.counts.shape[1])


def ceiling(votes: PeopleVotes, labels: Ints) -> Ceiling:
    """What readers of faces reach on these labels; not a number without a vote."""
    rows = np.flatnonzero(votes.voted)
    many, given = max(len(rows), 1), labels[rows]
    tops = np.round(10 * votes.shares[rows].max(axis=1)).astype(np.int64)
    kinds = np.unique(votes.majority[rows] * 11 + tops, return_inverse=True)[1]
    table = np.zeros((int(kinds.max(initial=0)) + 1, votes.counts.shape[1]), dtype=np.int64)
    np.add.at(table, (kinds, given), 1)
    return Ceiling(
        faces=len(rows),
        majority=float(_shared(votes)[rows, given].sum() / many),
        one_person=float(votes.shares[rows, given].sum() / many),
        best=float(table.max(axis=1).sum() / many),
    )


def network_and_people(
    run: str, probs: NDArray[np.floating], labels: Ints, votes: PeopleVotes
) -> NetworkAndPeople:
    """Probabilities (n, k) of a network beside the votes for the same faces, those with a vote.

    Raises DataError where no face has a vote.
    """
    voted = votes.voted
    if not voted.any():
        raise DataError(f"{run}: no predicted face has a vote for any class")
    given, shares = labels[voted], votes.shares[voted]
    beliefs = np.asarray(probs, dtype=np.float64)[voted]
    predicted, majority = beliefs.argmax(axis=1), votes.majority[voted]
    wrong, unsure, divided = predicted != given, entropy(beliefs), entropy(shares)
    return NetworkAndPeople(
        run=run,
        faces=len(given),
        accuracy=float(1 - wrong.mean()),
        with_majority=float((predicted == majority).mean()),
        distance=float(np.abs(beliefs - shares).sum(axis=1).mean() / 2),
        divergence=float((divergence(shares, beliefs)).mean()),
        entropy=(float(unsure.mean()), float(divided.mean())),
        together=rank_correlation(unsure, divided),
        mistakes=int(wrong.sum()),
        people_too=int((wrong & (predicted == majority)).sum()),
        confusion=tuple(map(tuple, confusion(given, predicted, votes.counts.shape[1]).tolist())),
    )


def entropy(shares: Float64s) -> Float64s:
    """Of each row of shares (n, k), in nats, (n,).

    >>> entropy(np.array([[1.0, 0.0], [0.5, 0.5]])).round(3).tolist()
    [0.0, 0.693]
    """
    return -(shares * np.log(np.maximum(shares, _LEAST))).sum(axis=1) + 0.0


def divergence(true: Float64s, found: Float64s) -> Float64s:
    """Kullback-Leibler divergence of each row of found from that of true (n, k), in nats, (n,)."""
    return (true * (np.log(np.maximum(true, _LEAST)) - np.log(np.maximum(found, _LEAST)))).sum(axis=1)


def rank_correlation(first: Float64s, second: Float64s) -> float | None:
    """Spearman's, equal values sharing their mean rank; None where one side is all the same.

    >>> rank_correlation(np.array([1.0, 2.0, 9.0]), np.array([0.1, 0.2, 0.3]))
    1.0
    """
    one, other = _ranks(first), _ranks(second)
    if not (len(first) > 1 and one.std() > 0 and other.std() > 0):
        return None
    return round(float(np.corrcoef(one, other)[0, 1]), 12)


def _ranks(values: Float64s) -> Float64s:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[places]


def _shared(votes: PeopleVotes) -> Float64s:
    """1 for the only majority, 1/m for each of m equal ones, (n, k)."""
    tops = votes.majorities
    return tops / np.maximum(tops.sum(axis=1, keepdims=True), 1)
