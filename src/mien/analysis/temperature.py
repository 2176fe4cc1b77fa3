"""The temperature that calibrates a network's probabilities: one number, found on faces it did not learn from."""

import numpy as np

from mien.analysis.calibration import Float64s
from mien.analysis.metrics import log_probs
from mien.core.errors import DataError
from mien.core.predictions import Predictions

COLDEST, HOTTEST = 0.05, 20.0
_HALVINGS = 60


def temperature(predictions: Predictions) -> float:
    """The number by which logits are divided so that the labels are likeliest: above 1 softens, below 1 sharpens.

    Guo et al. (2017), "On calibration of modern neural networks", section 4.2. The log-loss is convex in 1/T, so its
    only minimum is where its slope is zero. Without an error there is none, and the coldest allowed is returned.

    Raises DataError where there is no face.
    """
    if not len(predictions):
        raise DataError(f"the temperature of {predictions.run} needs at least one face")
    # softmax(log p / T) = softmax(logits / T): the logits themselves are not needed
    logs = log_probs(predictions.probs)  # (n, k)
    true = logs[np.arange(len(logs)), predictions.labels]  # (n,)
    low, high = 1 / HOTTEST, 1 / COLDEST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if _slope(logs, true, middle) > 0 else (middle, high)
    return 2 / (low + high)


def _slope(logs: Float64s, true: Float64s, sharpness: float) -> float:
    """Of the mean log-loss over 1/T: what is expected of the logits, minus the logits of the true classes."""
    shares = np.exp(sharpness * (logs - logs.max(axis=1, keepdims=True)))
    shares /= shares.sum(axis=1, keepdims=True)
    return float(((shares * logs).sum(axis=1) - true).mean())
