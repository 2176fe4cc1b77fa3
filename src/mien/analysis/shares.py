"""How much each of several networks should say in their common answer, found on faces they did not learn from."""

from collections.abc import Sequence

import numpy as np

from mien.analysis.calibration import Float64s
from mien.analysis.metrics import log_probs
from mien.core.errors import DataError
from mien.core.images import Ints
from mien.core.predictions import Predictions

DECIMALS = 2  # what a few thousand faces can tell
_STEPS, _HALVINGS = 50, 30
_ENOUGH = 1e-9  # of the log-loss


def fitted_shares(networks: Sequence[Predictions]) -> tuple[float, ...]:
    """The shares (of two decimals, with the sum 1) of networks' logits in their mean that make the labels likeliest.

    At the temperature that suits them (mien.analysis.temperature): the log-loss of the weighted sum of logits is convex
    in the weights (it is logistic regression on them), its minimum is found by Newton's method, and a network whose
    weight would be negative gets none. Heskes 1998, "Selecting weighting factors in logarithmic opinion pools".

    Raises DataError where there is no network or no face, or networks answer on different faces.
    """
    if not networks or not len(networks[0]):
        raise DataError("shares need at least one network and one face")
    first = networks[0]
    if any(not np.array_equal(first.ids, other.ids) for other in networks):
        raise DataError(
            f"shares need the same faces in the same order from {', '.join(n.run for n in networks)}"
        )
    logs = np.stack([log_probs(one.probs) for one in networks])  # (m, n, k)
    kept = list(range(len(networks)))
    while True:
        weights = _likeliest(logs[kept], first.labels)
        if weights.min() >= 0 or len(kept) == 1:
            break
        del kept[int(weights.argmin())]
    shares = np.zeros(len(networks))
    shares[kept] = (weights / weights.sum()).round(DECIMALS)
    shares[shares.argmax()] += 1 - shares.sum()
    return tuple(shares.round(DECIMALS).tolist())


def _likeliest(logs: Float64s, labels: Ints) -> Float64s:
    """Weights (m,) of logarithms (m, n, k), by Newton's method with steps halved until the log-loss falls."""
    weights = np.full(len(logs), 1 / len(logs))
    loss, slope, curvature = _at(weights, logs, labels)
    for _ in range(_STEPS):
        step = np.linalg.lstsq(curvature, slope, rcond=None)[0]  # equal networks leave it singular
        for _ in range(_HALVINGS):
            new = _at(weights - step, logs, labels)
            if new[0] < loss:
                break
            step = step / 2
        gain = loss - new[0]
        if gain <= 0:
            break
        weights, (loss, slope, curvature) = weights - step, new
        if gain < _ENOUGH:
            break
    return weights


def _at(weights: Float64s, logs: Float64s, labels: Ints) -> tuple[float, Float64s, Float64s]:
    """Mean log-loss, its gradient (m,) and its second derivatives (m, m)."""
    logits = np.tensordot(weights, logs, axes=1)  # (n, k)
    logits -= logits.max(axis=1, keepdims=True)
    probs = np.exp(logits)
    sums = probs.sum(axis=1, keepdims=True)
    probs /= sums
    rows = np.arange(len(labels))
    loss = float((np.log(sums[:, 0]) - logits[rows, labels]).mean())
    expected = (probs * logs).sum(axis=2)  # (m, n)
    slope = (expected - logs[:, rows, labels]).mean(axis=1)
    centred = logs - expected[:, :, None]
    curvature = np.einsum("nk,ink,jnk->ij", probs, centred, centred, optimize=True) / len(labels)
    return loss, slope, curvature
