"""What the epochs of a run tell: where over-fitting begins, the gap to training, when validation levels off."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import ConfigError, RunError
from mien.core.history import Epoch, History

Float64s = NDArray[np.float64]

_WIDTH = 5  # epochs that are averaged, so that no single one decides
# noise alone rises by so much in under 5 % of runs of 10 epochs or more
_RISE = 3.0  # times the scatter of single epochs
_GAIN = 0.005  # of validation accuracy: half a point
_FOLLOWING, _FOLLOWING_SHARE = 10, 0.2  # epochs that have to follow before a curve is called level
LONG_ENOUGH = 2 * _FOLLOWING  # epochs; a shorter run that has not levelled off might have, had it gone on

SMOOTHING_RULE = (
    "Curves are averaged over 5 neighbouring epochs first (3 in runs of 9 to 14 epochs, 1 in shorter ones)."
)
OVERFITTING_RULE = (
    "Over-fitting begins at the epoch with the lowest validation loss, if by the end of the run the validation loss "
    f"has risen from there, and the training loss fallen, by more than {_RISE:g} times the scatter of single epochs."
)
LEVELLED_RULE = (
    "Validation accuracy has levelled off at the first epoch that no later stretch of epochs (a fifth of the run, "
    f"at least {_WIDTH}) beats by more than {100 * _GAIN:g} points on average, if at least {_FOLLOWING} epochs and "
    "a fifth of the run follow."
)


@dataclass(frozen=True, kw_only=True)
class Course:
    """The training of a run in numbers; accuracies and gaps as shares of 1, losses in nats, epochs count from 1.

    gap_at_best, gap_at_end  training minus validation accuracy, at the best epoch and at the last
    overfitting_from         by OVERFITTING_RULE, or None
    levelled_from            by LEVELLED_RULE, or None
    seconds_per_epoch        the median
    """

    epochs: int
    best_epoch: int
    best_val_accuracy: float
    lowest_val_loss: float
    lowest_val_loss_epoch: int
    last_val_accuracy: float
    last_train_accuracy: float
    gap_at_best: float
    gap_at_end: float
    overfitting_from: int | None
    levelled_from: int | None
    seconds_per_epoch: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def course(history: History) -> Course:
    """Every figure of a history; RunError where it has no epoch."""
    best, last, lowest = history.best, history.epochs[-1], lowest_loss(history)
    return Course(
        epochs=len(history),
        best_epoch=best.epoch,
        best_val_accuracy=best.val_accuracy,
        lowest_val_loss=lowest.val_loss,
        lowest_val_loss_epoch=lowest.epoch,
        last_val_accuracy=last.val_accuracy,
        last_train_accuracy=last.train_accuracy,
        gap_at_best=_gap(best),
        gap_at_end=_gap(last),
        overfitting_from=overfitting_from(history),
        levelled_from=levelled_from(history),
        seconds_per_epoch=statistics.median(epoch.seconds for epoch in history.epochs),
    )


def lowest_loss(history: History) -> Epoch:
    """The first epoch with the lowest validation loss; RunError where there is no epoch."""
    if not len(history):
        raise RunError("the run has no finished epoch yet")
    return min(history.epochs, key=lambda epoch: (math.isnan(epoch.val_loss), epoch.val_loss))


def overfitting_from(history: History) -> int | None:
    """The epoch from which validation loss only gets worse while training loss still falls; None where it does not.

    OVERFITTING_RULE says how that is decided; it is the generalisation loss of Prechelt (1998), "Early stopping, but
    when?", with the noise of the run itself as its threshold.
    """
    validation = _column(history, "val_loss")
    training = _column(history, "train_loss")
    width = smoothing_width(len(history))
    if len(history) < 3 or not np.isfinite([validation, training]).all():
        return None
    smooth, smooth_training = smoothed(validation, width), smoothed(training, width)
    lowest = int(smooth.argmin())
    last = len(history) - 1 - width // 2  # beyond it fewer epochs are averaged
    rises = smooth[last] - smooth[lowest] > _RISE * scatter(validation)
    falls = smooth_training[lowest] - smooth_training[last] > _RISE * scatter(training)
    return history.epochs[lowest].epoch if lowest < last and rises and falls else None


def levelled_from(history: History) -> int | None:
    """The first epoch after which validation accuracy hardly gains (LEVELLED_RULE); None where it still rises."""
    accuracy = _column(history, "val_accuracy")
    epochs = len(accuracy)
    following = max(_FOLLOWING, math.ceil(_FOLLOWING_SHARE * epochs))
    if epochs <= following or not np.isfinite(accuracy).all():
        return None
    smooth = smoothed(accuracy, smoothing_width(epochs))[: epochs - following]
    later = _best_later(accuracy, max(_WIDTH, round(_FOLLOWING_SHARE * epochs)))[1 : len(smooth) + 1]
    level = np.flatnonzero(later - smooth <= _GAIN)
    return history.epochs[level[0]].epoch if len(level) else None


def _best_later(values: Float64s, width: int) -> Float64s:
    """The highest mean of `width` values in a row that begin at each place or later, (n - width + 1,)."""
    means = np.lib.stride_tricks.sliding_window_view(values, width).mean(axis=1)
    return np.maximum.accumulate(means[::-1])[::-1]


def smoothing_width(epochs: int) -> int:
    """How many epochs are averaged in a run of so many: an odd number, at most five, at most a third of them.

    >>> [smoothing_width(epochs) for epochs in (1, 8, 9, 14, 15, 300)]
    [1, 1, 3, 3, 5, 5]
    """
    return max(min(_WIDTH, (epochs // 3 - 1) // 2 * 2 + 1), 1)


def smoothed(values: Sequence[float] | Float64s, width: int) -> Float64s:
    """The mean over `width` values (odd) centred on each, float64 (n,); fewer at the ends, where some are lacking.

    >>> smoothed([3.0, 0.0, 3.0, 6.0], 3).tolist()
    [1.5, 2.0, 3.0, 4.5]
    """
    if width < 1 or width % 2 == 0:
        raise ConfigError(f"width: expected an odd number of values, got {width}")
    array = np.asarray(values, dtype=np.float64)
    if not len(array):
        return array
    window, half = np.ones(width), width // 2
    inside = slice(half, half + len(array))
    total = np.convolve(array, window)[inside]  # (n,)
    return total / np.convolve(np.ones(len(array)), window)[inside]


def scatter(values: Sequence[float] | Float64s) -> float:
    """Standard deviation of single values around their trend, from second differences; 0.0 of fewer than three.

    A trend hardly shows in second differences, and their median hardly in a few steep epochs at the start
    (Gasser, Sroka & Jennen-Steinmetz 1986, Biometrika 73:625, with the median for the mean).

    >>> scatter([1.0, 2.0, 3.0, 4.0])
    0.0
    """
    array = np.asarray(values, dtype=np.float64)
    if len(array) < 3:
        return 0.0
    bends = np.abs(np.diff(array, 2))
    return float(np.median(bends)) / (_NORMAL_MEDIAN * math.sqrt(6))  # the variance of a - 2b + c is 6 of one


_NORMAL_MEDIAN = 0.6744897501960817  # the median distance of a normal value from its mean, in deviations


def _gap(epoch: Epoch) -> float:
    return epoch.train_accuracy - epoch.val_accuracy


def _column(history: History, name: str) -> Float64s:
    return np.array([getattr(epoch, name) for epoch in history.epochs], dtype=np.float64)
