"""Confused pairs and gaps between scores: by hand, and against a loop over the faces."""

import numpy as np
import pytest

from mien.analysis.confusions import (
    CLOSE,
    mistaken,
    mutual_pairs,
    ranked_pairs,
    runner_up_share,
    score_gaps,
    score_leads,
    spread,
)
from mien.core.predictions import Predictions


def of(probs: object, labels: list[int]) -> Predictions:
    probs = np.asarray(probs, dtype=np.float32)
    return Predictions(
        probs=probs,
        labels=np.asarray(labels, dtype=np.int64),
        ids=np.array([f"{k}" for k in range(len(labels))], dtype=np.str_),
        classes=("angry", "fear", "happy", "sad")[: probs.shape[1]],
        split="val",
        run="made up",
    )


def some(count: int = 300, classes: int = 4) -> Predictions:
    random = np.random.default_rng(3)
    return of(random.dirichlet(np.ones(classes), count), random.integers(0, classes, count).tolist())


# labels: 4 angry, 5 fear, 1 happy; angry taken for fear twice, fear for angry twice and for happy once
HAND = of(
    np.eye(3)[[0, 0, 1, 1, 1, 1, 0, 0, 2, 2]] * 0.7 + 0.1,
    [0, 0, 0, 0, 1, 1, 1, 1, 1, 2],
)


def test_pairs_by_hand() -> None:
    pairs = ranked_pairs(HAND)
    assert [(pair.true, pair.predicted, pair.count) for pair in pairs] == [(0, 1, 2), (1, 0, 2), (1, 2, 1)]
    assert [pair.share for pair in pairs] == pytest.approx([2 / 4, 2 / 5, 1 / 5])  # equal counts by share
    assert pairs[0].interval == pytest.approx((0.1500, 0.8500), abs=1e-4)  # Wilson's for 2 of 4


def test_two_ways_together_by_hand() -> None:
    first, second = mutual_pairs(HAND)
    assert (first.classes, first.count, first.forth, first.share) == ((0, 1), 4, 2, pytest.approx(4 / 9))
    assert (second.classes, second.count, second.forth, second.share) == ((1, 2), 1, 1, pytest.approx(1 / 6))


def test_every_mistake_is_in_one_pair() -> None:
    predictions = some()
    wrong = int((predictions.predicted != predictions.labels).sum())
    assert sum(pair.count for pair in ranked_pairs(predictions)) == wrong
    assert sum(pair.count for pair in mutual_pairs(predictions)) == wrong
    counts = [pair.count for pair in ranked_pairs(predictions)]
    assert counts == sorted(counts, reverse=True)


def test_gaps_and_leads_against_a_loop() -> None:
    predictions = some()
    gaps, leads, second = [], [], []
    for scores, true in zip(predictions.probs.tolist(), predictions.labels.tolist(), strict=True):
        ranked = sorted(range(4), key=lambda k: -scores[k])
        if ranked[0] == true:
            leads.append(scores[true] - scores[ranked[1]])
        else:
            gaps.append(scores[ranked[0]] - scores[true])
            second.append(ranked[1] == true)
    np.testing.assert_allclose(score_gaps(predictions), gaps, atol=1e-9)
    np.testing.assert_allclose(score_leads(predictions), leads, atol=1e-9)
    assert runner_up_share(predictions) == pytest.approx(np.mean(second))
    assert len(gaps) + len(leads) == 300


def test_gaps_of_a_pair_are_those_of_its_faces() -> None:
    predictions = some()
    for pair in ranked_pairs(predictions):
        rows = np.flatnonzero((predictions.labels == pair.true) & (predictions.predicted == pair.predicted))
        wanted = predictions.probs[rows, pair.predicted] - predictions.probs[rows, pair.true]
        np.testing.assert_allclose(score_gaps(predictions, pair.true, pair.predicted), wanted, atol=1e-6)
    one_way = [score_gaps(predictions, true=k) for k in range(4)]
    other_way = [score_gaps(predictions, predicted=k) for k in range(4)]
    for parts in (one_way, other_way):
        np.testing.assert_allclose(np.sort(np.concatenate(parts)), np.sort(score_gaps(predictions)))


def test_gaps_of_a_class_as_itself_are_none() -> None:
    assert not mistaken(HAND, true=1, predicted=1).any()
    assert len(score_gaps(HAND, true=1, predicted=1)) == 0


def test_spread_is_that_of_the_gaps() -> None:
    gaps = np.linspace(0, 1, 101)
    found = spread(gaps)
    assert (found.faces, found.median) == (101, pytest.approx(0.5))
    assert found.quantiles == pytest.approx((0.05, 0.25, 0.5, 0.75, 0.95))
    assert found.close == pytest.approx(10 / 101)  # 0.00 to 0.09
    assert CLOSE == 0.1


def test_no_mistake_and_no_face() -> None:
    right = of([[0.9, 0.1], [0.2, 0.8]], [0, 1])
    assert ranked_pairs(right) == mutual_pairs(right) == ()
    assert runner_up_share(right) is None
    assert spread(score_gaps(right)).to_dict() == {"faces": 0, "quantiles": None, "close": None}
    np.testing.assert_allclose(score_leads(right), [0.8, 0.6], atol=1e-6)
    nobody = of(np.zeros((0, 3)), [])
    assert ranked_pairs(nobody) == ()
    assert len(score_gaps(nobody)) == len(score_leads(nobody)) == 0
