"""C9 to C11 on pairs of runs made to hold them, to fail them, and to leave them open."""

from dataclasses import replace

import numpy as np
import pytest

from mien.analysis.claims import dnn
from mien.analysis.claims.dnn import Trained
from mien.core.errors import MissingInput
from mien.core.material import Material
from tests.analysis.claims.made import history, of_accuracy, read_run

HOLDS, FAILS, OPEN = "holds", "does not hold", "not decidable"
FLAT = np.full(8, 0.5)
ABOUT = {
    "platform": "one",
    "device": "cpu",
    "threads": 2,
    "precision": "float32",
    "side": 48,
    "faces": {"train": 100, "val": 1000},
}


@pytest.mark.parametrize(
    ("cnn", "network", "verdict"),
    [
        (100.0, 5.0, HOLDS),
        (5.0, 100.0, FAILS),
        (np.arange(8.0) + 3, np.arange(8.0) + 2, OPEN),  # the middle halves meet
        ([9, 9, 9, 9, 9, 9, 9, 1], [5, 5, 5, 5, 5, 5, 5, 99], HOLDS),  # single epochs that were disturbed
    ],
)
def test_speed(cnn, network, verdict):
    assert dnn.is_faster(history(FLAT, seconds=cnn), history(FLAT, seconds=network)).verdict == verdict


@pytest.mark.parametrize(
    ("changed", "differing"),
    [
        ({}, ()),
        ({"threads": 1}, ("threads",)),
        ({"device": "NVIDIA"}, ("device",)),
        ({"faces": {"train": 99}}, ("number of training faces",)),
        ({"platform": None}, ("platform",)),
        ({"side": 32}, ("side of the faces",)),
    ],
)
def test_speed_is_compared_under_equal_conditions_only(changed, differing):
    cnn = read_run("cnn", history(FLAT, seconds=100.0), environment=ABOUT)
    other = read_run("dnn", history(FLAT, seconds=5.0), environment=ABOUT | changed)
    assert dnn.differing_conditions(cnn, other) == differing
    judged = dnn.SPEED.judged(Material(runs=(cnn, other)))
    assert judged.verdict == (OPEN if differing else HOLDS)
    assert "100.0 s" in judged.evidence
    assert dnn.differing_conditions(read_run("cnn", history(FLAT)), other)[0] == "platform"


def trained(best, *, finished=True, rising=False, epochs=40):
    end = np.linspace(best - 0.1, best, epochs) if rising else np.full(epochs, best)
    return Trained(history=history(np.full(epochs, 0.5), end), finished=finished)


@pytest.mark.parametrize(
    ("cnn", "network", "verdict"),
    [
        (trained(0.9), trained(0.86), HOLDS),
        (trained(0.9), trained(0.99), HOLDS),
        (trained(0.9), trained(0.86, finished=False), HOLDS),
        (trained(0.9), trained(0.80), FAILS),
        (trained(0.9), trained(0.80, rising=True), OPEN),
        (trained(0.9), trained(0.80, finished=False), OPEN),
        (trained(0.6, finished=False), trained(0.88), OPEN),
        (trained(0.9, epochs=1), trained(0.8, epochs=1), OPEN),
    ],
)
def test_training_accuracy_comes_near(cnn, network, verdict):
    assert dnn.comes_near(cnn, network).verdict == verdict


@pytest.mark.parametrize(
    ("right", "verdict"), [(500, HOLDS), (700, FAILS), (690, FAILS), (675, OPEN), (720, FAILS)]
)
def test_validation_accuracy_is_clearly_lower(right, verdict):
    """The DNN's right faces are among the CNN's 700 of 1,000, so that the difference is as certain as can be."""
    ruling = dnn.is_clearly_lower(of_accuracy(700), of_accuracy(right, run="dnn"))
    assert ruling.verdict == verdict
    assert "70.0 % (67.1 to 72.8)" in ruling.evidence


def test_faces_are_paired_by_id_in_whatever_order():
    shuffled = of_accuracy(500).select(np.random.default_rng(0).permutation(1000))
    assert dnn.is_clearly_lower(of_accuracy(700), shuffled) == dnn.is_clearly_lower(
        of_accuracy(700), of_accuracy(500)
    )
    with pytest.raises(MissingInput, match="measured on different faces"):
        dnn.is_clearly_lower(of_accuracy(700), of_accuracy(500, faces=900))
    with pytest.raises(MissingInput, match="measured on no face"):
        dnn.is_clearly_lower(of_accuracy(0, faces=0), of_accuracy(0, faces=0))


@pytest.mark.parametrize(
    ("right", "train", "verdict"),
    [(500, 0.88, HOLDS), (500, 0.6, FAILS), (700, 0.88, FAILS), (675, 0.88, OPEN)],
)
def test_both_halves_of_the_claim_must_hold(right, train, verdict):
    cnn = read_run("cnn", history(FLAT, np.full(8, 0.9)), val=of_accuracy(700))
    other = read_run("dnn", history(FLAT, np.full(8, train)), val=of_accuracy(right))
    assert dnn.ACCURACY.judged(Material(runs=(other, cnn))).verdict == verdict
    unpredicted = Material(runs=(cnn, read_run("dnn", history(FLAT))))
    assert "no predictions" in dnn.ACCURACY.judged(unpredicted).evidence


def test_networks_that_were_trained_otherwise_decide_nothing():
    curve = history(FLAT, np.full(8, 0.9))
    cnn = read_run("cnn", curve, val=of_accuracy(700))
    other = read_run("dnn", curve, val=of_accuracy(500))
    alike = Material(runs=(cnn, other))
    unlike = Material(runs=(cnn, replace(other, config=replace(other.config, label_smoothing=0.3, seed=7))))
    assert dnn.ACCURACY.judged(alike).verdict == HOLDS
    judged = dnn.ACCURACY.judged(unlike)
    assert judged.verdict == OPEN
    assert "trained with another label smoothing" in judged.evidence


@pytest.mark.parametrize(
    ("epochs", "levels", "rate", "verdict"),
    [
        (300, False, 0.001, HOLDS),
        (300, True, 0.001, FAILS),
        (299, True, 0.001, OPEN),
        (299, False, 0.001, OPEN),
        (300, True, np.linspace(0.05, 0.0, 300), OPEN),  # a schedule that ends at zero levels any curve
        (300, False, np.linspace(0.05, 0.0, 300), HOLDS),
    ],
)
def test_levelling(epochs, levels, rate, verdict):
    curve = 0.3 + 0.2 * np.minimum(np.arange(epochs) / (60 if levels else epochs), 1)
    run = history(curve, rate=rate)
    assert dnn.still_rises(run, "made.csv").verdict == verdict
    assert dnn.LEVELLING.judged(Material(runs=(read_run("dnn", run),))).verdict == verdict


def test_without_runs_nothing_is_decided():
    assert {claim.judged(Material(runs=())).verdict for claim in dnn.CLAIMS} == {OPEN}
