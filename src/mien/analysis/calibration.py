"""How far a network's scores can be believed: reliability bins, ECE, Brier score, accuracy against share answered."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.analysis.metrics import Z95, wilson
from mien.core.errors import DataError
from mien.core.images import Bools, Ints
from mien.core.predictions import Predictions

Float64s = NDArray[np.float64]

BINS = 15  # as in Guo et al. 2017
_SIMULATIONS = 200


@dataclass(frozen=True, kw_only=True)
class ReliabilityBin:
    """The faces whose confidence lies above `low` and up to `high`; without faces the shares are None."""

    low: float
    high: float
    faces: int
    confidence: float | None
    accuracy: float | None
    interval: tuple[float, float] | None


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """How the confidence of the predicted class fits how often it is right; shares of 1.

    confidence     mean score of the predicted class
    ece            expected calibration error: the mean distance of confidence and accuracy in a bin, weighted by faces
    ece_by_chance  what ECE a network with these scores, and calibrated perfectly, has on so many faces on average
    brier          mean squared distance of the scores from the true class, summed over classes: 0 to 2 (Brier 1950)
    excess         confidence minus accuracy, with the half-width of its 95 % interval: above 0 is over-confident
    """

    faces: int
    accuracy: float
    confidence: float
    excess: float
    excess_margin: float
    ece: float
    ece_by_chance: float
    brier: float
    bins: tuple[ReliabilityBin, ...]

    @property
    def leaning(self) -> str:
        """ "over-confident", "under-confident", or "neither" where the excess is within its margin of 0."""
        if abs(self.excess) <= self.excess_margin:
            return "neither"
        return "over-confident" if self.excess > 0 else "under-confident"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self) | {"leaning": self.leaning}


@dataclass(frozen=True, kw_only=True, eq=False)
class Answered:
    """Accuracy when only the surest faces are answered, from the surest on; faces of equal confidence come together.

    share      float64 (m,) of the faces that are answered, rising to 1
    accuracy   float64 (m,) among them
    threshold  float64 (m,), the confidence from which on a face is answered
    """

    share: Float64s
    accuracy: Float64s
    threshold: Float64s

    def at(self, share: float) -> tuple[float, float, float]:
        """Share, accuracy and threshold of the first point that answers at least this share of the faces."""
        place = min(int(np.searchsorted(self.share, share - 1e-12)), len(self.share) - 1)
        return float(self.share[place]), float(self.accuracy[place]), float(self.threshold[place])


def calibration(predictions: Predictions, *, bins: int = BINS, seed: int = 0) -> Calibration:
    """Every figure of predictions, in bins of equal width; the seed is that of the simulated ECE by chance.

    Guo et al. (2017), "On calibration of modern neural networks". Raises DataError where there is no face.
    """
    if not len(predictions):
        raise DataError(f"the calibration of {predictions.run} needs at least one face")
    confidence, right = confidence_and_right(predictions)
    placed = bin_of(confidence, bins)
    surplus = confidence - right  # (n,)
    return Calibration(
        faces=len(predictions),
        accuracy=float(right.mean()),
        confidence=float(confidence.mean()),
        excess=float(surplus.mean()),
        excess_margin=Z95 * float(surplus.std()) / math.sqrt(len(predictions)),
        ece=expected_calibration_error(confidence, right, bins),
        ece_by_chance=_ece_by_chance(confidence, bins, seed),
        brier=brier(predictions.probs, predictions.labels),
        bins=tuple(_bin(k, bins, confidence[placed == k], right[placed == k]) for k in range(bins)),
    )


def confidence_and_right(predictions: Predictions) -> tuple[Float64s, Bools]:
    """The score of the predicted class, float64 (n,), and whether it is the true one, bool (n,)."""
    confidence = predictions.probs.max(axis=1).astype(np.float64)
    return np.minimum(confidence, 1.0), predictions.predicted == predictions.labels


def bin_of(confidence: Float64s, bins: int = BINS) -> Ints:
    """The bin of each confidence, int64 (n,): bin k holds what is above k / bins and up to (k + 1) / bins.

    >>> bin_of(np.array([0.0, 0.5, 0.500001, 1.0]), 2).tolist()
    [0, 0, 1, 1]
    """
    return np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)


def expected_calibration_error(confidence: Float64s, right: Bools, bins: int = BINS) -> float:
    """The mean over faces of the distance between confidence and accuracy in their bin (Naeini et al. 2015).

    >>> expected_calibration_error(np.array([0.75, 0.75, 0.5, 0.5]), np.array([True, True, True, False]), 4)
    0.125
    """
    surplus = np.bincount(bin_of(confidence, bins), weights=confidence - right, minlength=bins)
    return float(np.abs(surplus).sum()) / len(confidence)


def _ece_by_chance(confidence: Float64s, bins: int, seed: int) -> float:
    """Mean ECE where each face is right with the probability of its confidence (Bröcker & Smith 2007)."""
    random = np.random.default_rng(seed)
    draws = (random.random(len(confidence)) < confidence for _ in range(_SIMULATIONS))
    return float(np.mean([expected_calibration_error(confidence, right, bins) for right in draws]))


def _bin(k: int, bins: int, confidence: Float64s, right: Bools) -> ReliabilityBin:
    faces = len(confidence)
    return ReliabilityBin(
        low=k / bins,
        high=(k + 1) / bins,
        faces=faces,
        confidence=float(confidence.mean()) if faces else None,
        accuracy=float(right.mean()) if faces else None,
        interval=wilson(int(right.sum()), faces) if faces else None,
    )


def brier(probs: NDArray[np.float32], labels: Ints) -> float:
    """Mean squared distance between the scores and 1 for the true class, 0 for the others (Brier 1950).

    >>> brier(np.array([[1.0, 0.0], [0.5, 0.5]], dtype=np.float32), np.array([0, 0]))
    0.25
    """
    distance = probs.astype(np.float64)
    distance[np.arange(len(labels)), labels] -= 1
    return float((distance**2).sum(axis=1).mean())


def answered(predictions: Predictions) -> Answered:
    """The risk-coverage curve, as accuracy (El-Yaniv & Wiener 2010, JMLR 11:1605); DataError where there is no face."""
    if not len(predictions):
        raise DataError(f"the accuracy of {predictions.run} by share answered needs at least one face")
    confidence, right = confidence_and_right(predictions)
    order = np.argsort(-confidence, kind="stable")
    surest, hits = confidence[order], np.cumsum(right[order])
    last = np.flatnonzero(np.append(np.diff(surest) != 0, True))  # the last face of each confidence, (m,)
    return Answered(
        share=(last + 1) / len(predictions), accuracy=hits[last] / (last + 1), threshold=surest[last]
    )
