"""Which classes are taken for which others, and by how much: confused pairs, and gaps between scores."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.analysis.metrics import confusion, wilson
from mien.core.images import Bools
from mien.core.predictions import Predictions

Float64s = NDArray[np.float64]

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
CLOSE = (
    0.1  # a lead of less than a tenth of all score is called close; the median beside it needs no such line
)


@dataclass(frozen=True, kw_only=True)
class ConfusedPair:
    """Faces of class `true` that are taken for class `predicted` (indices), as a share of the true class.

    interval  95 %, of the share (Wilson)
    """

    true: int
    predicted: int
    count: int
    share: float
    interval: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class MutualPair:
    """Two classes (indices, the lower first) that are taken for each other, as a share of the faces of both.

    count     mistakes both ways; `forth` of them take the first class for the second
    interval  95 %, of the share (Wilson)
    """

    classes: tuple[int, int]
    count: int
    forth: int
    share: float
    interval: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Gaps:
    """How gaps between two scores are spread over some faces; all but `faces` is None where there is no face.

    quantiles  at the shares QUANTILES: 5, 25, 50, 75 and 95 % of the faces have a smaller gap
    close      share of the faces with a gap below CLOSE
    """

    faces: int
    quantiles: tuple[float, ...] | None
    close: float | None

    @property
    def median(self) -> float | None:
        """The gap that half of the faces stay below."""
        return self.quantiles[QUANTILES.index(0.5)] if self.quantiles else None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def ranked_pairs(predictions: Predictions) -> tuple[ConfusedPair, ...]:
    """Every pair that is confused at least once, the most frequent first, of equals the one with the higher share.

    >>> from mien.core.predictions import Predictions
    >>> probs = np.array([[0.6, 0.4], [0.3, 0.7], [0.8, 0.2]], dtype=np.float32)
    >>> three = Predictions(probs=probs, labels=np.array([1, 1, 0]), ids=np.array(["a", "b", "c"]),
    ...                     classes=("fear", "sad"), split="val", run="one")
    >>> [(pair.true, pair.predicted, pair.count, pair.share) for pair in ranked_pairs(three)]
    [(1, 0, 1, 0.5)]
    """
    counts = confusion(predictions.labels, predictions.predicted, len(predictions.classes))
    faces = counts.sum(axis=1).tolist()
    pairs = [
        ConfusedPair(
            true=true,
            predicted=predicted,
            count=count,
            share=count / faces[true],
            interval=wilson(count, faces[true]),
        )
        for true, row in enumerate(counts.tolist())
        for predicted, count in enumerate(row)
        if count and true != predicted
    ]
    return tuple(sorted(pairs, key=lambda pair: (-pair.count, -pair.share, pair.true, pair.predicted)))


def mutual_pairs(predictions: Predictions) -> tuple[MutualPair, ...]:
    """Every two classes that are confused at least once, whichever way, the most frequent first."""
    counts = confusion(predictions.labels, predictions.predicted, len(predictions.classes))
    both_ways, faces = counts + counts.T, counts.sum(axis=1)
    pairs = []
    for first, second in np.argwhere(np.triu(both_ways, k=1)).tolist():
        count, total = int(both_ways[first, second]), int(faces[first] + faces[second])
        pairs.append(
            MutualPair(
                classes=(first, second),
                count=count,
                forth=int(counts[first, second]),
                share=count / total,
                interval=wilson(count, total),
            )
        )
    return tuple(sorted(pairs, key=lambda pair: (-pair.count, -pair.share, pair.classes)))


def mistaken(predictions: Predictions, true: int | None = None, predicted: int | None = None) -> Bools:
    """Which faces, bool (n,), are misclassified: all, or those of a true class, a predicted class, or of both."""
    found = predictions.predicted != predictions.labels
    if true is not None:
        found &= predictions.labels == true
    if predicted is not None:
        found &= predictions.predicted == predicted
    return found


def score_gaps(predictions: Predictions, true: int | None = None, predicted: int | None = None) -> Float64s:
    """Score of the predicted class minus that of the true class, (m,), of misclassified faces; from 0 to 1.

    true, predicted  only the faces of this true class, or taken for this class
    """
    chosen = np.flatnonzero(mistaken(predictions, true, predicted))
    probs = predictions.probs[chosen].astype(np.float64)
    rows = np.arange(len(chosen))
    return probs[rows, predictions.predicted[chosen]] - probs[rows, predictions.labels[chosen]]


def score_leads(predictions: Predictions, *, of_mistakes: bool = False) -> Float64s:
    """Highest minus second highest score, (m,), of correctly classified faces, or of mistakes; from 0 to 1."""
    probs = predictions.probs[mistaken(predictions) == of_mistakes].astype(np.float64)
    highest = np.partition(probs, -2, axis=1)[:, -2:]
    return highest[:, 1] - highest[:, 0]


def runner_up_share(predictions: Predictions) -> float | None:
    """Share of the misclassified faces whose true class has the second highest score; None without a mistake."""
    chosen = np.flatnonzero(mistaken(predictions))
    if not len(chosen):
        return None
    second = np.argsort(-predictions.probs[chosen], axis=1, kind="stable")[:, 1]
    return float(np.mean(second == predictions.labels[chosen]))


def spread(gaps: Float64s) -> Gaps:
    """The distribution of some gaps.

    >>> spread(np.array([0.05, 0.2, 0.6, 0.4])).median, spread(np.array([])).median
    (0.30000000000000004, None)
    """
    if not len(gaps):
        return Gaps(faces=0, quantiles=None, close=None)
    return Gaps(
        faces=len(gaps),
        quantiles=tuple(np.quantile(gaps, QUANTILES).tolist()),
        close=float(np.mean(gaps < CLOSE)),
    )
