"""Precision, recall and F1 of each class against scikit-learn, their intervals against resampled faces."""

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from mien.analysis.class_intervals import class_estimates
from mien.analysis.metrics import confusion, wilson

RANDOM = np.random.default_rng(5)
LABELS = RANDOM.choice(4, 600, p=[0.5, 0.3, 0.15, 0.05])
PREDICTED = np.where(RANDOM.random(600) < 0.6, LABELS, RANDOM.integers(0, 4, 600))
NAMES = ("a", "b", "c", "d")


def test_values_against_scikit_learn() -> None:
    precision, recall, f1, support = precision_recall_fscore_support(LABELS, PREDICTED)
    found = class_estimates(confusion(LABELS, PREDICTED, 4), NAMES)
    assert [one.name for one in found] == list(NAMES)
    assert [one.faces for one in found] == support.tolist()
    assert [one.predicted for one in found] == np.bincount(PREDICTED, minlength=4).tolist()
    np.testing.assert_allclose([one.precision.value for one in found], precision)
    np.testing.assert_allclose([one.recall.value for one in found], recall)
    np.testing.assert_allclose([one.f1.value for one in found], f1)


def test_intervals_of_shares_are_wilsons() -> None:
    for one in class_estimates(confusion(LABELS, PREDICTED, 4), NAMES):
        assert one.recall.interval == pytest.approx(wilson(one.hits, one.faces))
        assert one.precision.interval == pytest.approx(wilson(one.hits, one.predicted))


def test_interval_of_f1_agrees_with_resampled_faces() -> None:
    """An independent method: the middle 95 % of F1 over 4,000 samples of the faces with replacement."""
    found = class_estimates(confusion(LABELS, PREDICTED, 4), NAMES)
    rows = RANDOM.integers(0, 600, (4000, 600))
    labels, predicted = LABELS[rows], PREDICTED[rows]
    for k, one in enumerate(found):
        hits = ((labels == k) & (predicted == k)).sum(axis=1)
        f1 = 2 * hits / ((labels == k).sum(axis=1) + (predicted == k).sum(axis=1))
        np.testing.assert_allclose(one.f1.interval, np.quantile(f1, (0.025, 0.975)), atol=0.025)


@pytest.mark.parametrize("chances", [(0.08, 0.03, 0.05), (0.01, 0.02, 0.02)])
def test_interval_of_f1_covers_the_true_one(chances: tuple[float, float, float]) -> None:
    """Of 2,000 samples about 95 % have intervals that hold the F1 of the distribution that they are drawn from."""
    hit, missed, wrongly = chances
    truth = 2 * hit / (2 * hit + missed + wrongly)
    covered = []
    for hits, misses, extra, rest in RANDOM.multinomial(300, [*chances, 1 - sum(chances)], 2000).tolist():
        one = class_estimates(np.array([[hits, misses], [extra, rest]]), ("it", "other"))[0]
        covered.append(one.f1 is None or one.f1.low <= truth <= one.f1.high)
    assert 0.925 <= np.mean(covered) <= 0.985


def test_undefined_is_none_and_nothing_right_still_has_a_width() -> None:
    never, absent, missed = class_estimates(np.array([[0, 0, 4], [0, 0, 0], [0, 0, 9]]), ("x", "y", "z"))
    assert never.precision is None
    assert never.recall.interval == pytest.approx(wilson(0, 4))
    assert (never.f1.value, never.f1.low) == (0, pytest.approx(0))
    assert never.f1.high > 0.3
    assert absent.recall is absent.precision is absent.f1 is None
    assert missed.recall.value == 1
    assert missed.recall.low < 1
    assert absent.to_dict() == {
        "name": "y",
        "faces": 0,
        "predicted": 0,
        "hits": 0,
        "precision": None,
        "recall": None,
        "f1": None,
    }
