"""Shares of networks in their common answer, against scipy's minimum and networks of known worth."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from mien.analysis.shares import fitted_shares
from mien.core.errors import DataError
from mien.core.predictions import Predictions


def predicted(logits, labels, ids=None):
    return Predictions(
        probs=softmax(logits, axis=1).astype(np.float32),
        labels=labels,
        ids=np.arange(len(labels)).astype(str) if ids is None else ids,
        classes=tuple("abcdefg"),
        split="val",
        run="made",
    )


def made(count, *noises, seed=0):
    """Labels drawn from softmax(truth), and networks that say the truth with noise."""
    random = np.random.default_rng(seed)
    truth = 1.5 * random.normal(size=(count, 7))
    labels = np.array([random.choice(7, p=row) for row in softmax(truth, axis=1)])
    return [truth + noise * random.normal(size=truth.shape) for noise in noises], labels


@pytest.mark.parametrize("noises", [(1.0, 1.5), (0.7, 2.0, 1.0), (2.0, 1.0, 1.0, 3.0)])
def test_they_are_the_minimum_that_scipy_finds(noises):
    networks, labels = made(500, *noises)
    rows = np.arange(len(labels))

    def loss(weights):
        return -log_softmax(np.tensordot(weights, networks, 1), axis=1)[rows, labels].mean()

    best = minimize(loss, np.full(len(networks), 0.1), bounds=[(0, None)] * len(networks), tol=1e-12).x
    found = fitted_shares([predicted(each, labels) for each in networks])
    assert found == pytest.approx(best / best.sum(), abs=0.011)
    assert sum(found) == pytest.approx(1, abs=1e-12)
    assert all(round(share, 2) == share for share in found)


def test_a_network_whose_weight_would_be_negative_gets_nothing_and_equal_ones_the_same():
    (good, _), labels = made(4000, 0.5, 0.5)
    noise = np.random.default_rng(5).normal(size=good.shape)
    found = fitted_shares([predicted(good + 0.5 * noise, labels), predicted(noise, labels)])
    assert found == (1.0, 0.0)
    assert fitted_shares([predicted(good, labels)] * 2) == (0.5, 0.5)
    assert fitted_shares([predicted(good, labels)]) == (1.0,)


def test_different_faces_and_none_are_refused():
    (one, two), labels = made(20, 1.0, 1.0)
    with pytest.raises(DataError, match="the same faces in the same order from made, made"):
        fitted_shares([predicted(one, labels), predicted(two, labels, np.arange(1, 21).astype(str))])
    with pytest.raises(DataError, match="at least one network and one face"):
        fitted_shares([])
    with pytest.raises(DataError, match="at least one network and one face"):
        fitted_shares([predicted(one[:0], labels[:0])])
