"""Runs that begin with the weights of another one."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import mien
from mien.core.config import NO_AUGMENTATION, TrainConfig
from mien.core.errors import ConfigError, RunError
from mien.core.rundir import RunDir
from mien.core.teachers import known
from mien.training.begin import first_network
from mien.training.evaluate import network_of
from tests.conftest import small_faces

SMALL = TrainConfig(
    model="dnn",
    options={"hidden": (8, 8)},
    epochs=1,
    batch_size=16,
    augmentation=NO_AUGMENTATION,
    split="random:0.2",
)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> RunDir:
    """A finished run."""
    return mien.train(SMALL, small_faces(), out=tmp_path_factory.mktemp("begin") / "first")


def test_the_first_network_is_the_other_run_s(first: RunDir) -> None:
    begun = first_network(replace(SMALL, init=known(first), seed=5), small_faces())
    theirs = network_of(first, torch.device("cpu")).state_dict()
    assert all(torch.equal(value, theirs[name]) for name, value in begun.state_dict().items())
    random = first_network(replace(SMALL, seed=5), small_faces()).state_dict()
    assert not torch.equal(next(iter(random.values())), next(iter(theirs.values())))


def test_with_hardly_any_step_it_says_what_the_other_said(first: RunDir, tmp_path: Path) -> None:
    config = replace(SMALL, init=known(first), learning_rate=1e-12, weight_decay=0.0, ema=0.0)
    second = mien.train(config, small_faces(), out=tmp_path / "second")
    had, has = (run.history.epochs[-1].val_loss for run in (first, second))
    # BatchNorm's running statistics move on, the weights do not
    assert has == pytest.approx(had, abs=0.2)
    assert second.config.init is not None
    assert second.config.init.digest == first.weights_digest


def test_a_run_goes_on_without_the_one_that_it_began_with(first: RunDir, tmp_path: Path) -> None:
    other = Path(shutil.copytree(first.path, tmp_path / "other"))
    run = mien.train(replace(SMALL, init=known(other)), small_faces(), out=tmp_path / "second")
    shutil.rmtree(other)
    assert mien.resume(run, small_faces()).finished


def test_changed_weights_are_refused(first: RunDir, tmp_path: Path) -> None:
    changed = replace(known(first), digest="0" * 64)
    with pytest.raises(RunError, match="are not those that the run which builds on them began with"):
        mien.train(replace(SMALL, init=changed), small_faces(), out=tmp_path / "second")
    assert not (tmp_path / "second").exists()


def test_another_shape_is_refused_with_the_one_that_fits(first: RunDir, tmp_path: Path) -> None:
    config = replace(SMALL, init=known(first), options={"hidden": (4, 4)})
    with pytest.raises(ConfigError, match=r"use --model dnn:hidden=8/8"):
        mien.train(config, small_faces(), out=tmp_path / "second")


def test_other_classes_are_refused(first: RunDir, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="was trained on"):
        mien.train(replace(SMALL, init=known(first)), small_faces(classes=2), out=tmp_path / "second")


@pytest.mark.parametrize(
    ("side", "problem"), [(11, "does not take faces of 11"), (12, "fewer pixels than the 12")]
)
def test_early_faces_that_do_not_fit(side: int, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        first_network(replace(SMALL, early_side=side), small_faces(side=12))
