"""Labels that are probably wrong, from probabilities of a network that did not learn from these faces.

Northcutt, Jiang and Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels" (JAIR 70): a face
counts as confidently of a class where its probability reaches the mean that faces labelled so have. Counting given
label against confident class estimates how labels and truth go together.

Faces are ranked by the odds of the likeliest other class against the label. On made labels these find as many wrong
ones as the paper's margin or more, and a network that is too sure or not sure enough does not change them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mien.core.errors import DataError
from mien.core.images import Bools, Ints

Float64s = NDArray[np.float64]

_LEAST = 1e-30  # a probability of 0 has no logarithm


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelDoubts:
    """What confident learning says of n labels of k classes; row i of an array (n,) is face i.

    thresholds       float64 (k,), mean probability of a class over the faces labelled so; nan for a class without
                     faces
    counts           int64 (k, k), the confident joint before calibration: row given label, column confident class
    joint            float64 (k, k), estimated share of all faces with this label (row) and this truth (column); its
                     rows sum to the shares of the labels
    self_confidence  float64 (n,), probability of the given label
    margin           float64 (n,), that minus the highest probability of another class, from -1 to 1
    proposal         int64 (n,), the class with the highest probability but the given one
    off_diagonal     bool (n,), whether the face is confidently of another class than its label
    """

    thresholds: Float64s
    counts: Ints
    joint: Float64s
    self_confidence: Float64s
    margin: Float64s
    proposal: Ints
    off_diagonal: Bools

    @property
    def log_odds(self) -> Float64s:
        """Logarithm of the proposal's probability over the label's, (n,); above 0 the network contradicts."""
        other = self.self_confidence - self.margin
        return np.log(np.maximum(other, _LEAST)) - np.log(np.maximum(self.self_confidence, _LEAST))

    @property
    def score(self) -> Float64s:
        """How doubtful each label is, (n,), from 0 to 1: the proposal's part of the two probabilities."""
        return 1 / (1 + np.exp(-self.log_odds))

    @property
    def noise(self) -> float:
        """Estimated share of wrong labels."""
        return float(1 - np.trace(self.joint))

    def ranked(self) -> Ints:
        """All rows, the most doubtful label first."""
        return np.argsort(-self.log_odds, kind="stable")

    def suspects(self) -> Ints:
        """As many of the most doubtful rows as labels are estimated to be wrong."""
        return self.ranked()[: round(self.noise * len(self.margin))]


def label_doubts(probs: ArrayLike, labels: ArrayLike) -> LabelDoubts:
    """The doubts about labels (n,) from probabilities (n, k) of networks that did not see these faces in training.

    Probabilities of faces that a network learned from say little: it may have learned the wrong label.

    Raises DataError where shapes disagree, a row is not a distribution, or a label is out of range.

    >>> probs = [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.3, 0.7]]
    >>> found = label_doubts(probs, [0, 0, 0, 1, 1])
    >>> found.thresholds.round(2).tolist(), found.counts.tolist(), int(found.ranked()[0])
    ([0.6, 0.75], [[2, 1], [0, 1]], 2)
    """
    probabilities, given = _checked(np.asarray(probs, dtype=np.float64), np.asarray(labels, dtype=np.int64))
    thresholds = _thresholds(probabilities, given)
    confident = _confident_class(probabilities, thresholds)
    counts = _confident_joint(confident, given, probabilities.shape[1])
    others = probabilities.copy()
    rows = np.arange(len(given))
    others[rows, given] = -1
    proposal = others.argmax(axis=1)
    own = probabilities[rows, given]
    return LabelDoubts(
        thresholds=thresholds,
        counts=counts,
        joint=_calibrated(counts, given),
        self_confidence=own,
        margin=own - probabilities[rows, proposal],
        proposal=proposal,
        off_diagonal=(confident >= 0) & (confident != given),
    )


def _checked(probs: Float64s, labels: Ints) -> tuple[Float64s, Ints]:
    if probs.ndim != 2 or probs.shape[1] < 2 or labels.shape != (len(probs),) or not len(probs):
        raise DataError(
            f"confident learning: expected probabilities (n, k) of two classes or more and labels (n,), "
            f"got {probs.shape} and {labels.shape}"
        )
    if not np.isfinite(probs).all() or probs.min() < 0 or not np.allclose(probs.sum(axis=1), 1, atol=1e-4):
        raise DataError("confident learning: expected probabilities from 0 to 1 whose rows sum to 1")
    if labels.min() < 0 or labels.max() >= probs.shape[1]:
        raise DataError(
            f"confident learning: expected labels 0 to {probs.shape[1] - 1}, got {labels.min()} to {labels.max()}"
        )
    return probs, labels


def _thresholds(probs: Float64s, labels: Ints) -> Float64s:
    """Mean probability of each class over the faces labelled so, (k,)."""
    faces = np.bincount(labels, minlength=probs.shape[1])
    sums = np.bincount(labels, weights=probs[np.arange(len(labels)), labels], minlength=probs.shape[1])
    return np.where(faces > 0, sums / np.maximum(faces, 1), np.nan)


def _confident_class(probs: Float64s, thresholds: Float64s) -> Ints:
    """The most probable of the classes that reach their threshold, (n,); -1 where none does."""
    reached = probs >= thresholds  # never for a class without faces: its threshold is not a number
    chosen = np.where(reached, probs, -1).argmax(axis=1)
    return np.where(reached.any(axis=1), chosen, -1)


def _confident_joint(confident: Ints, labels: Ints, classes: int) -> Ints:
    kept = confident >= 0
    cells = labels[kept] * classes + confident[kept]
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes)


def _calibrated(counts: Ints, labels: Ints) -> Float64s:
    """The joint distribution: each row of counts scaled to the label's faces (equation 3), the whole to 1."""
    faces = np.bincount(labels, minlength=len(counts)).astype(np.float64)
    rows = counts.sum(axis=1, keepdims=True)
    shares = np.where(rows > 0, counts / np.maximum(rows, 1), np.eye(len(counts)))
    return shares * faces[:, None] / faces.sum()
