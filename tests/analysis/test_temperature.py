"""The calibrating temperature, against scipy's minimum and made-up logits of known sharpness."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from mien.analysis.temperature import COLDEST, temperature
from mien.core.errors import DataError
from mien.core.predictions import Predictions


def predicted(logits, labels):
    count, classes = logits.shape
    return Predictions(
        probs=softmax(logits, axis=1).astype(np.float32),
        labels=labels,
        ids=np.arange(count).astype(str),
        classes=tuple("abcdefg"[:classes]),
        split="val",
        run="made",
    )


def made(count, sharpness, seed=0):
    """Labels drawn from softmax(logits), and the logits made sharper than that."""
    random = np.random.default_rng(seed)
    logits = 1.5 * random.normal(size=(count, 7))
    labels = np.array([random.choice(7, p=row) for row in softmax(logits, axis=1)])
    return sharpness * logits, labels


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 3.0])
def test_it_is_the_minimum_that_scipy_finds(sharpness):
    logits, labels = made(400, sharpness)

    def loss(inverse):
        return -log_softmax(inverse * logits, axis=1)[np.arange(len(labels)), labels].mean()

    best = minimize_scalar(loss, bounds=(0.05, 20), method="bounded", options={"xatol": 1e-9})
    assert temperature(predicted(logits, labels)) == pytest.approx(1 / best.x, rel=1e-3)


def test_it_undoes_a_known_sharpness():
    assert temperature(predicted(*made(6000, 3.0))) == pytest.approx(3.0, rel=0.06)


def test_without_an_error_it_stays_finite_and_without_a_face_it_is_refused():
    logits = np.array([[3.0, 0.0], [0.0, 3.0]])
    assert temperature(predicted(logits, np.array([0, 1]))) == pytest.approx(COLDEST, rel=1e-6)
    with pytest.raises(DataError, match="at least one face"):
        temperature(predicted(logits[:0], np.array([], dtype=np.int64)))
