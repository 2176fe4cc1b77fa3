"""Precision, recall and F1 of each class with their intervals."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mien.analysis.metrics import wilson
from mien.core.images import Ints


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A share of 1 and the ends of its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def interval(self) -> tuple[float, float]:
        """Both ends."""
        return self.low, self.high


@dataclass(frozen=True, kw_only=True)
class ClassEstimates:
    """How well one class is found. None where undefined: no such face, or none predicted.

    faces      that have its label
    predicted  faces that are taken for it
    hits       those that are both
    """

    name: str
    faces: int
    predicted: int
    hits: int
    precision: Estimate | None
    recall: Estimate | None
    f1: Estimate | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def class_estimates(counts: Ints, names: tuple[str, ...]) -> tuple[ClassEstimates, ...]:
    """Figures of each class from a confusion matrix (row true class, column predicted class).

    Precision and recall are shares of faces, with Wilson's interval. So is h / (h + wrong), where h are the hits and
    wrong the faces that either have the label or are given it, not both; F1 = 2s / (1 + s) grows with that share s,
    which carries Wilson's interval over to F1 (the indirect method of Lam, Gopal and Qian, "Confidence Intervals for
    the F1 Score: A Comparison of Four Methods", 2023, arXiv:2309.14621). It keeps a width where no face, or every
    face, is a hit.

    >>> happy, _ = class_estimates(np.array([[8, 2], [1, 9]]), ("happy", "sad"))
    >>> round(happy.recall.value, 3), round(happy.precision.value, 3), round(happy.f1.value, 3)
    (0.8, 0.889, 0.842)
    """
    hits, true, predicted = np.diag(counts).tolist(), counts.sum(axis=1).tolist(), counts.sum(axis=0).tolist()
    return tuple(
        ClassEstimates(
            name=name,
            faces=true[k],
            predicted=predicted[k],
            hits=hits[k],
            precision=_share(hits[k], predicted[k]),
            recall=_share(hits[k], true[k]),
            f1=_f1(hits[k], true[k] + predicted[k] - hits[k]),
        )
        for k, name in enumerate(names)
    )


def _share(part: int, whole: int) -> Estimate | None:
    if not whole:
        return None
    low, high = wilson(part, whole)
    return Estimate(value=part / whole, low=low, high=high)


def _f1(hits: int, either: int) -> Estimate | None:
    """F1 from the share of hits among the faces that have the label or are given it."""
    share = _share(hits, either)
    if share is None:
        return None
    value, low, high = (2 * each / (1 + each) for each in (share.value, share.low, share.high))
    return Estimate(value=value, low=low, high=high)
