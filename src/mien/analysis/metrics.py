"""How good predictions are: accuracy with its interval, macro-F1, log-loss, and the figures of each class."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.core.images import Bools, Ints
from mien.core.predictions import Predictions

Z95 = 1.959963984540054  # the normal distribution's 97.5 % quantile
_SMALLEST = 1e-12  # a probability of zero for the true class would cost infinitely much


@dataclass(frozen=True, kw_only=True)
class ClassFigures:
    """Precision, recall and F1 of one class (0 where undefined), and how many faces have its label."""

    name: str
    precision: float
    recall: float
    f1: float
    faces: int


@dataclass(frozen=True, kw_only=True)
class LeakFree:
    """Accuracy on the faces that a network cannot have learned by heart: those not in its training part too.

    left_out  how many faces were left out, because their picture stands in the training part, equal in every pixel
    """

    left_out: int
    faces: int
    accuracy: float
    interval: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What a run is worth on n faces; shares from 0 to 1, log-loss in nats.

    leak_free  the accuracy without pictures of the training part; None where that part is not known, or is the one
               that is measured
    """

    run: str
    part: str
    faces: int
    accuracy: float
    interval: tuple[float, float]
    macro_f1: float
    log_loss: float
    classes: tuple[ClassFigures, ...]
    leak_free: LeakFree | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def evaluation(predictions: Predictions, leaked: Bools | None = None) -> Evaluation:
    """Every figure of predictions; undefined ones (no face) are not a number.

    leaked  bool (n,), which pictures stand in the training part too (mien.core.identical.also_in)
    """
    counts = confusion(predictions.labels, predictions.predicted, len(predictions.classes))
    correct, total = int(np.trace(counts)), len(predictions)
    classes = per_class(counts, predictions.classes)
    return Evaluation(
        run=predictions.run,
        part=predictions.split,
        faces=total,
        accuracy=correct / total if total else math.nan,
        interval=wilson(correct, total),
        macro_f1=float(np.mean([one.f1 for one in classes])),
        log_loss=log_loss(predictions.probs, predictions.labels),
        classes=classes,
        leak_free=None if leaked is None else leak_free(predictions, leaked),
    )


def leak_free(predictions: Predictions, leaked: Bools) -> LeakFree:
    """The accuracy on the faces that are not leaked, with its 95 % interval."""
    kept = predictions.select(~leaked)
    correct, total = int((kept.predicted == kept.labels).sum()), len(kept)
    return LeakFree(
        left_out=len(predictions) - total,
        faces=total,
        accuracy=correct / total if total else math.nan,
        interval=wilson(correct, total),
    )


def confusion(labels: Ints, predicted: Ints, classes: int) -> Ints:
    """Counts int64 (k, k): row true class, column predicted class.

    >>> confusion(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    return np.bincount(labels * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def per_class(counts: Ints, names: tuple[str, ...]) -> tuple[ClassFigures, ...]:
    """Figures of each class from a confusion matrix."""
    hits = np.diag(counts)
    true, predicted = counts.sum(axis=1), counts.sum(axis=0)
    return tuple(
        ClassFigures(
            name=name,
            precision=_share(hits[k], predicted[k]),
            recall=_share(hits[k], true[k]),
            f1=_share(2 * hits[k], true[k] + predicted[k]),
            faces=int(true[k]),
        )
        for k, name in enumerate(names)
    )


def wilson(correct: int, total: int, z: float = Z95) -> tuple[float, float]:
    """Interval of a share that covers the true one in 95 % of samples (Wilson 1927, JASA 22:209).

    >>> tuple(round(end, 4) for end in wilson(8, 10))
    (0.4902, 0.9433)
    """
    if total == 0:
        return math.nan, math.nan
    share = correct / total
    centre = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return max(centre - half, 0.0), min(centre + half, 1.0)


def log_loss(probs: NDArray[np.float32], labels: Ints) -> float:
    """Mean of minus the logarithm of the true class's probability, in nats."""
    if not len(labels):
        return math.nan
    true = probs[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.maximum(true, _SMALLEST)).mean())


def log_probs(probs: NDArray[np.float32]) -> NDArray[np.float64]:
    """Logarithms of probabilities (n, k), finite where float32 rounded one to 0: logits, but for a number a face."""
    return np.log(np.maximum(probs.astype(np.float64), _SMALLEST))


def _share(part: int, whole: int) -> float:
    return float(part / whole) if whole else 0.0
