"""Stress of trained runs: against a loop by hand, its sample, what is kept and what is refused."""

import json
from dataclasses import replace

import numpy as np
import pytest

import mien
from mien.analysis.stressed import Stress
from mien.core.config import TrainConfig
from mien.core.rundir import STRESS
from mien.data.corruptions import CORRUPTIONS, FROZEN, corrupted
from mien.training.stress import sampled, stress
from tests.conftest import small_faces


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    config = TrainConfig(model="dnn", options={"hidden": (8,)}, epochs=2, batch_size=32, learning_rate=1e-2)
    return mien.train(config, small_faces(), out=tmp_path_factory.mktemp("runs") / "run")


@pytest.fixture(scope="module")
def parts():
    return mien.split(small_faces())


@pytest.fixture(scope="module")
def found(run, parts):
    return stress(run, parts, count=20, seed=5)


def test_each_accuracy_is_that_of_evaluate_on_corrupted_faces(run, parts, found) -> None:
    rows = sampled(len(parts.val), 20, 5)
    sample = parts.val.select(rows)
    assert found.sample.digest == sample.digest
    assert found.clean.accuracy == mien.evaluate(run, sample, save=False).accuracy
    for name, strength in (("Gaussian noise", 5), ("shift", 2), ("side covered", 4)):
        worse = replace(sample, pixels=corrupted(sample.pixels, name, strength, seed=5, rows=rows))
        expected = mien.evaluate(run, worse, save=False)
        got = next(each for each in found.corruptions if each.name == name).figures[strength - 1]
        assert got.accuracy == expected.accuracy
        assert got.log_loss == pytest.approx(expected.log_loss, rel=1e-6)
    assert len({each.loss for each in found.corruptions}) > 3  # else the loop above could not fail


def test_what_is_kept(run, found) -> None:
    assert Stress.from_dict(json.loads(run.read(STRESS))) == found
    assert (found.sample.faces, found.sample.of, found.sample.seed) == (20, 48, 5)
    assert (found.sample.set_digest, found.sample.as_frozen) == (FROZEN, True)
    assert [each.name for each in found.corruptions] == list(CORRUPTIONS)


def test_nothing_is_kept_unless_wanted_and_finished(run, parts) -> None:
    (run.path / STRESS).unlink()
    told: list[str] = []
    whole = stress(run, parts.val, count=0, save=False, progress=told.append)
    assert whole.sample.faces == 48
    assert told == list(CORRUPTIONS)
    assert not run.has(STRESS)


def test_the_sample_is_by_lot_and_repeatable() -> None:
    rows = sampled(1000, 100, 1)
    assert (rows == sampled(1000, 100, 1)).all()
    assert (np.diff(rows) > 0).all()
    assert (rows != sampled(1000, 100, 2)).any()
    assert len(sampled(7, 100, 0)) == 7


def test_what_it_refuses(run, parts) -> None:
    with pytest.raises(mien.ConfigError, match=r"expected 0 .all. or more, got -1"):
        stress(run, parts, count=-1)
    other = small_faces(classes=4)
    with pytest.raises(mien.ConfigError, match="has the classes"):
        stress(run, other)
