"""Folds: faces shared out so that each class is in each fold equally often and what belongs together stays so."""

import numpy as np

from mien.analysis.duplicates import repeated
from mien.core.errors import ConfigError
from mien.core.images import Ints


def fold_of_each(groups: Ints, labels: Ints, folds: int, *, seed: int = 0) -> Ints:
    """The fold, from 1, of each face, int64 (n,): faces of one group are in the same fold.

    Large groups go first, each to the fold that has the fewest of its classes yet; then the single faces of each
    class fill the folds up. Without large groups a class is in each fold equally often to within a face.

    Raises ConfigError where there are fewer groups than folds, or fewer than two folds.

    >>> fold_of_each(np.array([0, 0, 1, 2, 3, 4]), np.array([0, 0, 0, 0, 1, 1]), 2).tolist()
    [1, 1, 2, 2, 1, 2]
    """
    count = len(np.unique(groups))
    if not 2 <= folds <= count:
        raise ConfigError(f"folds: expected from 2 to the {count:,} different faces, got {folds}")
    random = np.random.default_rng(seed)
    found = np.full(len(groups), -1, dtype=np.int64)
    filled = np.zeros((folds, int(labels.max()) + 1), dtype=np.int64)  # (folds, classes)
    for rows in _largest_first(groups, random):
        own = np.bincount(labels[rows], minlength=filled.shape[1])
        found[rows] = _emptiest(filled, own)
        filled[found[rows[0]]] += own
    for label in range(filled.shape[1]):
        single = random.permutation(np.flatnonzero((found < 0) & (labels == label)))
        found[single] = _filling_up(filled, label, len(single))
    return found + 1


def _largest_first(groups: Ints, random: np.random.Generator) -> list[Ints]:
    """The rows of every group of two or more, the largest first, those of one size in random order."""
    several = repeated(groups)
    order = random.permutation(len(several))
    return sorted((several[place] for place in order.tolist()), key=len, reverse=True)


def _emptiest(filled: Ints, own: Ints) -> int:
    """The fold in which a group's classes are rarest so far; of equal ones the one with the fewest faces, the first."""
    return int(np.lexsort((filled.sum(axis=1), filled @ own))[0])


def _filling_up(filled: Ints, label: int, count: int) -> Ints:
    """The folds of so many faces of a class, each the fold that has the fewest of it yet; `filled` follows."""
    chosen = np.empty(count, dtype=np.int64)
    for place in range(count):
        # of equal ones that with the fewest faces of all classes, so that what is left over is spread too
        chosen[place] = np.lexsort((filled.sum(axis=1), filled[:, label]))[0]
        filled[chosen[place], label] += 1
    return chosen
