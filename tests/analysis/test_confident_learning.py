"""Confident learning: worked by hand, against a direct reading of the paper, and on labels flipped on purpose."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.analysis.confident_learning import label_doubts
from mien.core.errors import DataError


def flipped(seed: int, count: int = 6000, classes: int = 7) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities of a network that is right seven times in eight, labels of which 5 % are wrong, and which."""
    random = np.random.default_rng(seed)
    true = random.integers(0, classes, count)
    logits = random.normal(0, 1.2, (count, classes))
    logits[np.arange(count), true] += random.normal(3.7, 1.2, count)
    probs = np.exp(logits)
    wrong = random.random(count) < 0.05
    labels = np.where(wrong, (true + random.integers(1, classes, count)) % classes, true)
    return probs / probs.sum(axis=1, keepdims=True), labels, wrong


def test_by_hand():
    probs = np.array(
        [[0.7, 0.2, 0.1], [0.5, 0.4, 0.1], [0.1, 0.8, 0.1], [0.1, 0.6, 0.3], [0.2, 0.3, 0.5], [0.6, 0.3, 0.1]]
    )
    found = label_doubts(probs, [0, 0, 0, 1, 2, 1])
    # thresholds: (0.7 + 0.5 + 0.1) / 3, (0.6 + 0.3) / 2, 0.5
    assert found.thresholds == pytest.approx([1.3 / 3, 0.45, 0.5])
    # confident: 0, 0, 1 for label 0; 1, 0 for label 1; 2 for label 2
    assert found.counts.tolist() == [[2, 1, 0], [1, 1, 0], [0, 0, 1]]
    assert found.joint == pytest.approx(np.array([[2, 1, 0], [1, 1, 0], [0, 0, 1]]) / 6)
    assert found.noise == pytest.approx(2 / 6)
    assert found.off_diagonal.tolist() == [False, False, True, False, False, True]
    assert found.self_confidence == pytest.approx([0.7, 0.5, 0.1, 0.6, 0.5, 0.3])
    assert found.margin == pytest.approx([0.5, 0.1, -0.7, 0.3, 0.2, -0.3])
    assert found.proposal.tolist() == [1, 1, 1, 2, 1, 0]
    assert found.score == pytest.approx([2 / 9, 4 / 9, 8 / 9, 3 / 9, 3 / 8, 6 / 9])
    assert found.ranked().tolist() == [2, 5, 1, 4, 3, 0]
    assert found.suspects().tolist() == [2, 5]


def test_a_network_that_is_too_sure_ranks_alike():
    probs, labels, _ = flipped(4, count=500)
    sharp = probs**3 / (probs**3).sum(axis=1, keepdims=True)
    assert label_doubts(sharp, labels).ranked().tolist() == label_doubts(probs, labels).ranked().tolist()


def test_no_probability_at_all_is_no_error():
    found = label_doubts([[1.0, 0.0], [0.0, 1.0]], [1, 1])
    assert found.score == pytest.approx([1, 0])
    assert found.ranked().tolist() == [0, 1]


def as_the_paper_says(probs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The confident joint by its definition: the argmax over the classes above their thresholds, face by face."""
    classes = probs.shape[1]
    thresholds = [
        np.mean([row[k] for row, label in zip(probs, labels, strict=True) if label == k])
        if k in labels
        else np.inf
        for k in range(classes)
    ]
    counts = np.zeros((classes, classes), dtype=int)
    for row, label in zip(probs, labels, strict=True):
        above = [k for k in range(classes) if row[k] >= thresholds[k]]
        if above:
            counts[label, max(above, key=lambda k, row=row: row[k])] += 1
    return counts


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(2, 6), st.integers(1, 60))
def test_counts_are_those_of_the_definition(seed, classes, count):
    random = np.random.default_rng(seed)
    probs = random.dirichlet(np.ones(classes), count)
    labels = random.integers(0, classes, count)
    found = label_doubts(probs, labels)
    assert found.counts.tolist() == as_the_paper_says(probs, labels).tolist()
    assert found.joint.sum() == pytest.approx(1)
    assert found.joint.sum(axis=1) == pytest.approx(np.bincount(labels, minlength=classes) / count)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_flipped_labels_are_found(seed):
    probs, labels, wrong = flipped(seed)
    found = label_doubts(probs, labels)
    hits = wrong[found.ranked()].cumsum()
    half = (
        int(np.searchsorted(hits, 0.5 * wrong.sum())) + 1
    )  # as few suspects as hold half of the wrong labels
    assert hits[half - 1] / half >= 0.8
    assert (
        0.02 < found.noise < 0.15
    )  # unsure networks are counted in: the paper's estimate lies above the truth


def test_a_proposal_is_never_the_label_and_mostly_the_truth():
    probs, labels, wrong = flipped(3)
    found = label_doubts(probs, labels)
    assert (found.proposal != labels).all()
    sure = found.suspects()[:100]
    assert wrong[sure].mean() > 0.8


def test_a_class_without_faces_gets_none():
    probs = np.array([[0.2, 0.1, 0.7], [0.6, 0.3, 0.1]])
    found = label_doubts(probs, [0, 0])
    assert np.isnan(found.thresholds[1:]).all()
    assert found.counts.tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 0]]
    assert found.joint[0, 0] == 1


def test_what_cannot_be_judged():
    with pytest.raises(DataError, match=r"got \(2,\) and"):
        label_doubts([0.5, 0.5], [0])
    with pytest.raises(DataError, match="rows sum to 1"):
        label_doubts([[0.5, 0.6]], [0])
    with pytest.raises(DataError, match="rows sum to 1"):
        label_doubts([[float("nan"), 0.6]], [0])
    with pytest.raises(DataError, match="expected labels 0 to 1, got 2 to 2"):
        label_doubts([[0.5, 0.5]], [2])
