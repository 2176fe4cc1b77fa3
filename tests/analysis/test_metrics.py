import math

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn import metrics as reference

from mien.analysis.metrics import confusion, evaluation, wilson
from mien.core.predictions import Predictions


@pytest.fixture
def predictions():
    random = np.random.default_rng(3)
    probs = random.dirichlet(np.ones(4), 300).astype(np.float32)
    return Predictions(
        probs=probs,
        labels=random.choice(4, 300, p=[0.5, 0.3, 0.2, 0.0]),  # the last class never occurs
        ids=np.arange(300).astype(str),
        classes=tuple("abcd"),
        split="val",
        run="one",
    )


def test_every_figure_equals_scikit_learn(predictions):
    found = evaluation(predictions)
    true, said = predictions.labels, predictions.predicted
    precision, recall, f1, faces = reference.precision_recall_fscore_support(
        true, said, labels=range(4), zero_division=0
    )
    assert found.accuracy == pytest.approx(reference.accuracy_score(true, said), abs=1e-15)
    assert found.macro_f1 == pytest.approx(f1.mean(), abs=1e-15)
    probs = predictions.probs.astype(float) / predictions.probs.sum(axis=1, keepdims=True, dtype=float)
    assert found.log_loss == pytest.approx(reference.log_loss(true, probs, labels=range(4)), rel=1e-6)
    assert [one.precision for one in found.classes] == pytest.approx(precision.tolist())
    assert [one.recall for one in found.classes] == pytest.approx(recall.tolist())
    assert [one.f1 for one in found.classes] == pytest.approx(f1.tolist())
    assert [one.faces for one in found.classes] == faces.tolist()


def test_confusion_equals_scikit_learn(predictions):
    found = confusion(predictions.labels, predictions.predicted, 4)
    assert (
        found == reference.confusion_matrix(predictions.labels, predictions.predicted, labels=range(4))
    ).all()


@pytest.mark.parametrize(("correct", "total"), [(0, 10), (10, 10), (8, 10), (2440, 3589)])
def test_interval_equals_scipy(correct, total):
    expected = binomtest(correct, total).proportion_ci(method="wilson")
    assert wilson(correct, total) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_no_face_gives_no_figure():
    empty = Predictions(
        probs=np.zeros((0, 2), np.float32),
        labels=np.zeros(0, np.int64),
        ids=np.zeros(0, str),
        classes=("a", "b"),
        split="val",
        run="one",
    )
    found = evaluation(empty)
    assert math.isnan(found.accuracy)
    assert math.isnan(found.log_loss)


def test_leak_free_figures_are_those_of_the_other_faces(predictions):
    leaked = np.arange(300) % 7 == 0
    found = evaluation(predictions, leaked)
    true, said = predictions.labels[~leaked], predictions.predicted[~leaked]
    assert found.leak_free.accuracy == pytest.approx(reference.accuracy_score(true, said), abs=1e-15)
    assert (found.leak_free.faces, found.leak_free.left_out) == (257, 43)
    assert found.leak_free.interval == wilson(int((true == said).sum()), 257)
    assert found.accuracy == evaluation(predictions).accuracy != found.leak_free.accuracy
    assert evaluation(predictions).leak_free is None
    assert math.isnan(evaluation(predictions, np.ones(300, dtype=bool)).leak_free.accuracy)
