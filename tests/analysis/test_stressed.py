"""What corruptions cost: by hand, round trip, and its interval."""

import json
from dataclasses import replace

import numpy as np
import pytest

from mien.analysis.calibration import calibration
from mien.analysis.stressed import Sample, Stress, relative_loss, stressed
from mien.core.errors import DataError, RunError
from mien.core.predictions import Predictions

ABOUT = Sample(
    part="val", faces=100, of=200, seed=3, digest="d", name="s", set_digest="e", as_frozen=True, weights="w"
)


def saying(right: int, count: int = 100, sure: float = 0.9) -> Predictions:
    """Predictions of which this many are right, the first ones."""
    labels = np.zeros(count, dtype=np.int64)
    said = np.where(np.arange(count) < right, 0, 1)
    probs = np.full((count, 2), 1 - sure, dtype=np.float32)
    probs[np.arange(count), said] = sure
    return Predictions(
        probs=probs, labels=labels, ids=labels.astype(str), classes=("a", "b"), split="val", run="r"
    )


@pytest.fixture
def found() -> Stress:
    told = {"mild": [saying(80), saying(76)], "harsh": [saying(40), saying(0)]}
    meaning = {"mild": ("levels", (1.0, 2.0)), "harsh": ("pixels", (3.0, 4.0))}
    return stressed("cnn", ABOUT, saying(80), told, meaning)


def test_by_hand(found: Stress) -> None:
    assert found.clean.accuracy == 0.8
    assert [each.loss for each in found.corruptions] == pytest.approx([1 - 78 / 80, 1 - 20 / 80])
    assert found.loss == pytest.approx(1 - 49 / 80)
    assert (found.weakest.name, found.strongest.name) == ("harsh", "mild")
    harsh = found.corruptions[1].figures
    assert [each.accuracy for each in harsh] == [0.4, 0.0]
    assert [each.ece for each in harsh] == pytest.approx([0.5, 0.9])
    assert harsh[0].ece == pytest.approx(calibration(saying(40)).ece)
    assert harsh[1].log_loss == pytest.approx(-np.log(0.1), rel=1e-5)
    assert found.ece == pytest.approx((0.1 + 0.14 + 0.5 + 0.9) / 4)


def test_the_interval_is_that_of_many_samples_of_faces(found: Stress) -> None:
    random = np.random.default_rng(1)
    clean = np.arange(100) < 80
    kept = np.mean([np.arange(100) < right for right in (80, 76, 40, 0)], axis=0)
    rows = random.integers(0, 100, (4000, 100))
    losses = 1 - kept[rows].mean(axis=1) / clean[rows].mean(axis=1)
    assert found.interval == pytest.approx(np.quantile(losses, (0.025, 0.975)), abs=0.02)
    assert found.interval[0] < found.loss < found.interval[1]


def test_round_trip_and_what_is_no_such_thing(found: Stress) -> None:
    values = json.loads(json.dumps(found.to_dict()))
    assert values["weakest"] == "harsh"
    assert Stress.from_dict(values) == found
    short = {
        **values,
        "corruptions": [{**values["corruptions"][0], "figures": values["corruptions"][0]["figures"][:1]}],
    }
    for damaged in ({}, short, {**values, "sample": {}}, {**values, "interval": [1]}):
        with pytest.raises(RunError, match="not what mien stress writes"):
            Stress.from_dict(damaged)


def test_nothing_can_be_lost_where_nothing_is_right() -> None:
    with pytest.raises(DataError, match="none of 100 clean faces"):
        stressed("cnn", ABOUT, saying(0), {"x": [saying(1)]}, {"x": ("u", (1.0,))})


def test_a_corruption_may_help() -> None:
    assert relative_loss(np.array([True, False]), np.array([[True, True]])) == -1
    helped = stressed(
        "cnn", replace(ABOUT, as_frozen=False), saying(50), {"x": [saying(75)]}, {"x": ("u", (1.0,))}
    )
    assert helped.loss == -0.5
