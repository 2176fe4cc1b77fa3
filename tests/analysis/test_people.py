"""People's votes: worked by hand and beside scipy."""

import numpy as np
import pytest
from scipy import stats

from mien.analysis.people import (
    agreement,
    agreements,
    ceiling,
    divergence,
    entropy,
    majority_confusion,
    network_and_people,
    people_confusion,
    people_votes,
    rank_correlation,
)
from mien.core.errors import DataError

CLASSES = ("angry", "happy", "neutral")
NAMES = ("neutral", "happiness", "anger", "contempt", "unknown", "NF")
COUNTS = np.array(
    [
        [0, 9, 1, 0, 0, 0],  # happy
        [5, 0, 5, 0, 0, 0],  # angry and neutral, equally
        [0, 0, 0, 0, 0, 10],  # no face
        [6, 2, 1, 0, 1, 0],  # neutral
    ]
)
LABELS = np.array([1, 2, 0, 0])


@pytest.fixture
def votes():
    return people_votes(COUNTS, NAMES, CLASSES)


def test_votes_are_sorted_into_the_classes(votes):
    assert votes.counts.tolist() == [[1, 9, 0], [5, 0, 5], [0, 0, 0], [1, 2, 6]]
    assert votes.others.tolist() == [0, 0, 10, 1]
    assert votes.no_face.tolist() == [0, 0, 10, 0]
    assert votes.majority.tolist() == [1, 0, -1, 2]
    assert votes.shares[3].tolist() == [1 / 9, 2 / 9, 6 / 9]


def test_a_class_that_nobody_could_choose():
    with pytest.raises(DataError, match="nobody could choose 'fear'"):
        people_votes(COUNTS, NAMES, ("angry", "fear"))


def test_agreement(votes):
    found = agreement("all", votes, LABELS)
    assert (found.faces, found.agreeing, found.tied) == (4, 1, 1)
    assert found.share == 0.25
    assert found.ties_shared == (1 + 0.5) / 4
    by_part = agreements(votes, LABELS, np.array(["a", "a", "b", "b"]), CLASSES)
    assert [(one.name, one.agreeing, one.faces) for one in by_part] == [
        ("all", 1, 4),
        ("a", 1, 2),
        ("b", 0, 2),
        ("angry", 0, 2),
        ("happy", 1, 1),
        ("neutral", 0, 1),
    ]
    few = agreements(votes, np.zeros(4, dtype=np.int64), np.array([""] * 4), CLASSES)
    assert [one.name for one in few] == ["all", "angry"]  # no class without faces


def test_confusions(votes):
    assert people_confusion(votes, LABELS).tolist() == [[1, 2, 6], [1, 9, 0], [5, 0, 5]]
    assert majority_confusion(votes, LABELS).tolist() == [[0, 0, 1], [0, 1, 0], [1, 0, 0]]


def test_ceiling(votes):
    found = ceiling(votes, LABELS)
    assert found.faces == 3
    assert found.majority == pytest.approx((1 + 0.5 + 0) / 3)
    assert found.one_person == pytest.approx((0.9 + 0.5 + 1 / 9) / 3)
    assert found.best == 1  # every face has votes of its own here


def test_the_best_reader_is_that_of_brute_force():
    random = np.random.default_rng(0)
    counts = random.multinomial(10, [0.5, 0.3, 0.2], 400)
    labels = random.integers(0, 3, 400)
    kinds = {}
    for row, label in zip(counts, labels, strict=True):
        kinds.setdefault((row.argmax(), row.max()), []).append(label)
    best = sum(np.bincount(given).max() for given in kinds.values()) / 400
    padded = np.column_stack([counts[:, [2, 1, 0]], np.zeros((400, 3), dtype=int)])
    assert ceiling(people_votes(padded, NAMES, CLASSES), labels).best == pytest.approx(best)


def test_network_beside_people(votes):
    probs = np.array([[0.1, 0.9, 0], [0.2, 0, 0.8], [1, 0, 0], [0, 0, 1]])
    found = network_and_people("one", probs, LABELS, votes)
    assert found.faces == 3
    assert found.accuracy == pytest.approx(2 / 3)
    assert found.with_majority == pytest.approx(2 / 3)
    assert (found.mistakes, found.people_too) == (1, 1)
    assert found.distance == pytest.approx((0 + 0.3 + 3 / 9) / 3)
    shares = votes.shares[[0, 1, 3]]
    assert found.entropy == pytest.approx(
        (stats.entropy(probs[[0, 1, 3]], axis=1).mean(), stats.entropy(shares, axis=1).mean())
    )
    nobody = people_votes(COUNTS[2:3], NAMES, CLASSES)
    with pytest.raises(DataError, match="no predicted face has a vote"):
        network_and_people("one", probs[2:3], LABELS[2:3], nobody)


def test_entropy_divergence_and_ranks_are_those_of_scipy():
    random = np.random.default_rng(0)
    one, other = random.dirichlet([1, 1, 1], (2, 50))
    assert entropy(one) == pytest.approx(stats.entropy(one, axis=1))
    assert divergence(one, other) == pytest.approx(stats.entropy(one, other, axis=1))
    ranked = random.integers(0, 5, (2, 50)).astype(float)
    assert rank_correlation(*ranked) == pytest.approx(stats.spearmanr(*ranked).statistic)
    assert rank_correlation(np.ones(4), np.arange(4.0)) is None
