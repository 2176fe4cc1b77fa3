"""C1 to C3 on runs made to hold them, to fail them, and to leave them open."""

import numpy as np
import pytest

from mien.analysis.claims import training
from mien.core.material import Material
from tests.analysis.claims.made import history, of_accuracy, of_curves, read_run

HOLDS, FAILS, OPEN = "holds", "does not hold", "not decidable"


def rising(best, epochs, first=0.3):
    return np.linspace(first, best, epochs)


@pytest.mark.parametrize(
    ("val", "train", "verdict"),
    [
        (rising(0.70, 50), rising(0.8, 50), HOLDS),
        (rising(0.70, 12), rising(0.8, 12), HOLDS),  # more epochs cannot undo a rise
        (rising(0.39, 50), rising(0.8, 50), FAILS),
        (rising(0.70, 50), rising(0.39, 50), FAILS),
        (rising(0.39, 49), rising(0.8, 49), OPEN),
        (np.concatenate([rising(0.39, 50), [0.8]]), rising(0.9, 51), FAILS),  # it rose after the fiftieth
    ],
)
def test_improvement(val, train, verdict):
    assert training.improves(history(val, train)).verdict == verdict


@pytest.mark.parametrize(
    ("best", "epochs", "faces", "finished", "verdict"),
    [
        (0.70, 60, 3589, True, HOLDS),
        (0.725, 60, 3589, True, HOLDS),  # 0.710 to 0.739 meets 0.68 to 0.72
        (0.74, 60, 3589, True, FAILS),
        (0.74, 60, 100, True, HOLDS),  # a hundred faces do not tell 0.74 from 0.72
        (0.65, 60, 3589, True, FAILS),
        (0.65, 60, 3589, False, OPEN),
        (0.70, 49, 3589, True, OPEN),
        (0.61, 15, 3589, True, OPEN),
        (0.95, 3, 3589, True, FAILS),  # the best of more epochs is no lower
    ],
)
def test_best_accuracy(best, epochs, faces, finished, verdict):
    ruling = training.best_is_about_seventy(history(rising(best, epochs)), faces, finished, "made.csv")
    assert ruling.verdict == verdict
    assert f"{100 * best:.1f} %" in ruling.evidence
    assert "made.csv" in ruling.evidence


def leading(leads, epochs):
    """Validation above training in the first epochs, equal to it in the others."""
    train = np.full(epochs, 0.5)
    return history(train + 0.1 * (np.arange(epochs) < leads), train)


@pytest.mark.parametrize(
    ("leads", "epochs", "verdict"),
    [
        (25, 25, HOLDS),
        (23, 40, HOLDS),
        (22, 25, FAILS),
        (5, 8, FAILS),
        (6, 8, OPEN),
        (24, 24, HOLDS),
        (22, 22, OPEN),
    ],
)
def test_validation_leads(leads, epochs, verdict):
    ruling = training.validation_leads(leading(leads, epochs))
    assert ruling.verdict == verdict
    assert f"in {min(leads, 25)} of the first {min(epochs, 25)} epochs" in ruling.evidence


def lead_study(with_dropout, without, seeds=3, epochs=25):
    return of_curves(
        {("base", seed): leading(with_dropout[seed], epochs) for seed in range(seeds)}
        | {("no-dropout", seed): leading(without[seed], epochs) for seed in range(seeds)}
    )


@pytest.mark.parametrize(
    ("without", "verdict"),
    [((2, 3, 2), HOLDS), ((25, 24, 25), FAILS), ((0, 24, 25), OPEN)],
)
def test_the_cause_of_the_lead(without, verdict):
    found = lead_study((25, 24, 25), without)
    assert training.dropout_leads(found).verdict == verdict
    material = Material(runs=(read_run("cnn", leading(25, 25)),), study=found)
    judged = training.LEAD.judged(material)
    assert judged.verdict == verdict
    assert "Studied: made, split official, 100 training" in judged.evidence


def test_a_shorter_study_does_not_tell_the_cause():
    found = lead_study((24, 24, 24), (2, 3, 2), epochs=24)
    judged = training.LEAD.judged(Material(runs=(read_run("cnn", leading(25, 25)),), study=found))
    assert judged.verdict == OPEN
    assert judged.evidence.endswith("The study has 24 of 25 epochs.")
    assert judged.decided_by.endswith("no-dropout --epochs 25.")


def test_the_lead_needs_a_network_with_dropout_and_a_study():
    bare = read_run("cnn", leading(25, 25), options={"dropout": "none"})
    assert "no dropout" in training.LEAD.judged(Material(runs=(bare,))).evidence
    alone = training.LEAD.judged(Material(runs=(read_run("cnn", leading(25, 25)),)))
    assert alone.verdict == OPEN
    assert alone.evidence.endswith("in 25 of the first 25 epochs. No study was given.")
    assert "no-dropout" in alone.decided_by
    assert training.LEAD.judged(Material(runs=(read_run("cnn", leading(3, 25)),))).verdict == FAILS


def late(*, accuracy=0.0, loss=0.3, training_loss=-0.3, epochs=80):
    """A run that changes by so much after its fiftieth epoch, with a little scatter."""
    random = np.random.default_rng(0)
    share = np.clip((np.arange(epochs) - 49) / (epochs - 50), 0, 1)
    noise = random.normal(0, 0.002, (3, epochs))
    return history(
        0.6 + accuracy * share + noise[0],
        val_loss=1.0 + loss * share + noise[1],
        train_loss=1.0 + training_loss * share + noise[2],
    )


@pytest.mark.parametrize(
    ("run", "verdict"),
    [
        (late(), HOLDS),
        (late(accuracy=0.05), FAILS),
        (late(accuracy=-0.05), FAILS),
        (late(loss=0.0), FAILS),
        (late(loss=-0.3), FAILS),
        (late(training_loss=0.0), FAILS),
        (late(epochs=59), OPEN),
        (late(epochs=60), HOLDS),
    ],
)
def test_overfitting_after_fifty_epochs(run, verdict):
    assert training.overfits_late(run).verdict == verdict


def test_the_claims_of_a_whole_run():
    run = read_run("cnn", late(), val=of_accuracy(602), environment={"faces": {"val": 1000}})
    verdicts = [claim.judged(Material(runs=(run,))).verdict for claim in training.CLAIMS]
    assert verdicts == [FAILS, FAILS, HOLDS]
    nothing = [claim.judged(Material(runs=())) for claim in training.CLAIMS]
    assert {one.verdict for one in nothing} == {OPEN}
    assert all(one.decided_by and "None of these runs is of the cnn" in one.evidence for one in nothing)


def test_an_unfinished_run_takes_the_number_of_faces_from_its_environment():
    run = read_run("cnn", history(rising(0.95, 5)), epochs=60, environment={"faces": {"val": 3589}})
    assert "on 3,589 faces" in training.IMPROVEMENT.judged(Material(runs=(run,))).evidence
    bare = read_run("cnn", history(rising(0.95, 5)), epochs=60)
    assert "does not say how many" in training.IMPROVEMENT.judged(Material(runs=(bare,))).evidence
