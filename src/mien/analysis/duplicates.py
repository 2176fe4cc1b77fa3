"""Groups of pictures that are the same, what they leak between the parts of a data set, and what their labels say."""

from dataclasses import dataclass
from itertools import permutations

import numpy as np

from mien.core.images import Ints, Strings


@dataclass(frozen=True, kw_only=True)
class Leak:
    """Pictures of one part of the data that also stand in another one.

    part        the part whose pictures are counted, and `other`, where they stand too
    pictures    how many of them
    same_label  those of which a twin in the other part has the same label; the rest has another one there
    of          all pictures of the part
    """

    part: str
    other: str
    pictures: int
    same_label: int
    of: int

    @property
    def other_label(self) -> int:
        """Pictures all of whose twins in the other part have another label."""
        return self.pictures - self.same_label


@dataclass(frozen=True, kw_only=True)
class Repeatability:
    """How often the same picture is given the same label twice; shares are None where no picture repeats.

    groups       of two or more pictures, `unanimous` of which have one label only
    pairs        of pictures within a group, `agreeing` of which have the same label
    share        of agreeing pairs, every group weighing the same: a picture drawn, then two labels of it
    """

    groups: int
    unanimous: int
    pairs: int
    agreeing: int
    share: float | None


def repeated(groups: Ints) -> tuple[Ints, ...]:
    """The rows of every group with at least two pictures, ascending, the groups in order of their first row.

    >>> [rows.tolist() for rows in repeated(np.array([0, 1, 0, 2, 2, 0]))]
    [[0, 2, 5], [3, 4]]
    """
    order = np.argsort(groups, kind="stable")
    cuts = np.flatnonzero(np.diff(groups[order])) + 1
    several = [rows for rows in np.split(order, cuts) if len(rows) > 1]
    return tuple(sorted(several, key=lambda rows: int(rows[0])))


def redundant(groups: Ints) -> int:
    """How many pictures could be left out with every picture still there once.

    >>> redundant(np.array([0, 1, 0, 2, 2, 0]))
    3
    """
    return len(groups) - len(np.unique(groups))


def leaks(groups: Ints, labels: Ints, parts: Strings) -> tuple[Leak, ...]:
    """For every two parts of the data, both ways: how many pictures of the first also stand in the second."""
    names = list(dict.fromkeys(parts.tolist()))
    return tuple(_leak(groups, labels, parts, part, other) for part, other in permutations(names, 2))


def _leak(groups: Ints, labels: Ints, parts: Strings, part: str, other: str) -> Leak:
    there = parts == other
    kinds = int(labels.max(initial=0)) + 1
    own, own_labels = groups[parts == part], labels[parts == part]
    shared = np.isin(own, groups[there])
    same = np.isin(own * kinds + own_labels, groups[there] * kinds + labels[there])
    return Leak(part=part, other=other, pictures=int(shared.sum()), same_label=int(same.sum()), of=len(own))


def conflicts(groups: Ints, labels: Ints) -> tuple[Ints, ...]:
    """The rows of every group whose pictures have more than one label.

    >>> [rows.tolist() for rows in conflicts(np.array([0, 0, 1, 1]), np.array([3, 3, 3, 4]))]
    [[2, 3]]
    """
    return tuple(rows for rows in repeated(groups) if len(np.unique(labels[rows])) > 1)


def repeatability(groups: Ints, labels: Ints) -> Repeatability:
    """How often identical pictures have the same label; what is left over is the labels' own noise.

    >>> found = repeatability(np.array([0, 0, 0, 1, 1]), np.array([2, 2, 5, 6, 6]))
    >>> found.unanimous, found.agreeing, found.pairs, round(found.share, 3)
    (1, 2, 4, 0.667)
    """
    counts = [np.unique(labels[rows], return_counts=True)[1] for rows in repeated(groups)]
    agreeing = [int((count * (count - 1)).sum()) // 2 for count in counts]
    pairs = [int(count.sum() * (count.sum() - 1)) // 2 for count in counts]
    shares = [same / all_ for same, all_ in zip(agreeing, pairs, strict=True)]
    return Repeatability(
        groups=len(counts),
        unanimous=sum(len(count) == 1 for count in counts),
        pairs=sum(pairs),
        agreeing=sum(agreeing),
        share=float(np.mean(shares)) if shares else None,
    )


def majority(labels: Ints) -> int | None:
    """The label that most of these have, or None where two are equally frequent.

    >>> majority(np.array([4, 4, 1])), majority(np.array([4, 1]))
    (4, None)
    """
    values, counts = np.unique(labels, return_counts=True)
    best = np.flatnonzero(counts == counts.max())
    return int(values[best[0]]) if len(best) == 1 else None


def merged(first: Ints, second: Ints, count: int) -> Ints:
    """A group number for each of so many pictures where picture first[i] is the same as second[i], and so on.

    Numbers count up in order of appearance.

    >>> merged(np.array([0, 1]), np.array([2, 4]), 5).tolist()
    [0, 1, 0, 2, 1]
    """
    lowest = np.arange(count)
    while (
        True
    ):  # every round each picture takes the lowest number that it can reach; few rounds, as jumps double
        before = lowest.copy()
        least = np.minimum(lowest[first], lowest[second])
        np.minimum.at(lowest, first, least)
        np.minimum.at(lowest, second, least)
        lowest = lowest[lowest]
        if np.array_equal(before, lowest):
            return np.unique(lowest, return_inverse=True)[1]
