"""Calibration against scikit-learn, a plain loop, and predictions whose calibration is known."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from mien.analysis.calibration import answered, bin_of, brier, calibration, confidence_and_right
from mien.core.errors import DataError
from mien.core.predictions import Predictions
from tests.diagnostics.read_runs import CLASSES, predictions_of


def random_predictions(count: int = 900, *, seed: int = 4, perfect: bool = False) -> Predictions:
    """Scores of every size; perfect ones draw the label from the scores themselves."""
    random = np.random.default_rng(seed)
    probs = random.dirichlet(np.ones(3) * 0.6, count)
    drawn = (probs.cumsum(axis=1) > random.random((count, 1))).argmax(axis=1)
    return Predictions(
        probs=probs.astype(np.float32),
        labels=drawn if perfect else random.integers(0, 3, count),
        ids=np.arange(count).astype(str),
        classes=CLASSES,
        split="val",
        run="run",
    )


def test_bins_equal_scikit_learn() -> None:
    predictions = random_predictions()
    confidence, right = confidence_and_right(predictions)
    accuracy, mean = calibration_curve(right, confidence, n_bins=15)
    filled = [one for one in calibration(predictions).bins if one.faces]
    np.testing.assert_allclose([one.accuracy for one in filled], accuracy)
    np.testing.assert_allclose([one.confidence for one in filled], mean)
    assert sum(one.faces for one in filled) == 900


def test_ece_equals_a_plain_loop() -> None:
    predictions = random_predictions()
    confidence, right = confidence_and_right(predictions)
    total = 0.0
    for k in range(15):
        members = (confidence > k / 15) & (confidence <= (k + 1) / 15)
        if members.any():
            total += members.mean() * abs(confidence[members].mean() - right[members].mean())
    assert calibration(predictions).ece == pytest.approx(total, rel=1e-12)


def test_brier_of_two_classes_is_twice_scikit_learns() -> None:
    random = np.random.default_rng(0)
    share, labels = random.random(200), random.integers(0, 2, 200)
    probs = np.stack([1 - share, share], axis=1)
    assert brier(probs, labels) == pytest.approx(2 * brier_score_loss(labels, share))


def test_borders_belong_to_the_lower_bin() -> None:
    assert bin_of(np.array([1 / 15, 1 / 15 + 1e-9, 1.0, 0.0])).tolist() == [0, 1, 14, 0]


def test_perfect_scores_show_the_ece_of_chance() -> None:
    found = calibration(random_predictions(4000, perfect=True))
    assert found.leaning == "neither"
    assert found.ece == pytest.approx(found.ece_by_chance, rel=0.6)
    assert found.ece_by_chance > 0.005
    assert abs(found.excess) < found.excess_margin


@pytest.mark.parametrize(
    ("sure", "leaning", "ece"),
    [(0.9, "over-confident", 0.4), (0.4, "under-confident", 0.1), (0.5, "neither", 0.0)],
)
def test_leaning(sure: float, leaning: str, ece: float) -> None:
    labels = np.zeros(2000, dtype=np.int64)
    found = calibration(predictions_of(labels, np.arange(2000) % 2, sure))  # half of them right
    assert found.leaning == leaning
    assert found.ece == pytest.approx(ece, abs=1e-6)
    assert found.excess == pytest.approx(sure - 0.5, abs=1e-6)
    assert found.to_dict()["leaning"] == leaning


def test_empty_bins_have_no_shares() -> None:
    found = calibration(predictions_of([0, 1], [0, 1], 0.99))
    assert [one.faces for one in found.bins] == [0] * 14 + [2]
    assert found.bins[0].accuracy is found.bins[0].confidence is found.bins[0].interval is None
    assert found.excess_margin == pytest.approx(0, abs=1e-6)


def test_answered_equals_a_plain_loop() -> None:
    predictions = random_predictions(300)
    probs = predictions.probs.round(1).astype(np.float64)  # many ties
    probs[:, 2] = 1 - probs[:, :2].sum(axis=1)
    predictions = replace(predictions, probs=probs.astype(np.float32))
    curve = answered(predictions)
    confidence, right = confidence_and_right(predictions)
    thresholds = sorted(set(confidence.tolist()), reverse=True)
    assert curve.threshold.tolist() == thresholds
    np.testing.assert_allclose(curve.share, [(confidence >= t).mean() for t in thresholds])
    np.testing.assert_allclose(curve.accuracy, [right[confidence >= t].mean() for t in thresholds])


def test_answered_at_a_share() -> None:
    curve = answered(predictions_of([0, 0, 0, 0], [0, 0, 1, 1], [0.9, 0.8, 0.8, 0.5]))
    assert curve.share.tolist() == [0.25, 0.75, 1.0]
    assert curve.at(0.25)[:2] == (0.25, 1.0)
    assert curve.at(0.5)[:2] == pytest.approx((0.75, 2 / 3))  # the two of one score come together
    assert curve.at(1.0)[:2] == (1.0, 0.5)


def test_order_of_ties_does_not_matter() -> None:
    first = answered(predictions_of([0, 0, 0], [0, 1, 1], 0.7))
    second = answered(predictions_of([0, 0, 0], [1, 1, 0], 0.7))
    assert first.accuracy.tolist() == second.accuracy.tolist() == [pytest.approx(1 / 3)]


def test_no_face() -> None:
    none = predictions_of([], [])
    for find in (calibration, answered):
        with pytest.raises(DataError, match="at least one face"):
            find(none)
