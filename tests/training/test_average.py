"""Averaged weights: the mean by hand, statistics that fit them, and which networks have none."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load

import mien
from mien.core.command import train_command
from mien.core.config import TrainConfig
from mien.core.errors import ConfigError, RunError
from mien.core.images import VAL
from mien.core.rundir import WEIGHTS, RunDir
from mien.core.teachers import known
from mien.training.batches import normalise
from mien.training.evaluate import network_of
from mien.training.shipping import ship
from tests.conftest import small_faces

ONE = TrainConfig(
    model="trunk",
    options={"stem": 4, "widths": (8,), "blocks": (1,), "head": 8},
    epochs=2,
    batch_size=32,
    threads=1,
    precision="float32",
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[RunDir]:
    """A run and two that began with it."""
    folder = tmp_path_factory.mktemp("runs")
    first = mien.train(ONE, small_faces(), out=folder / "first")
    later = [
        mien.train(replace(ONE, init=known(first), seed=seed), small_faces(), out=folder / f"later-{seed}")
        for seed in (1, 2)
    ]
    return [first, *later]


def test_weights_are_the_mean_and_statistics_those_of_training_faces(runs, tmp_path) -> None:
    made = mien.average(runs, tmp_path / "mean", faces=small_faces())
    states = [load(run.read(WEIGHTS)) for run in runs]
    found = load(made.read(WEIGHTS))
    for name, value in found.items():
        if "running" not in name:
            mean = sum(state[name].double() for state in states) / 3
            assert torch.allclose(value.double(), mean, atol=1e-7), name
    network = network_of(made, torch.device("cpu"))
    train = mien.split(small_faces()).train
    inputs = normalise(torch.tensor(train.pixels))
    inputs[1::2] = inputs[1::2].flip(3)
    seen = network.stem[0](inputs)
    assert torch.allclose(network.stem[1].running_mean, seen.mean((0, 2, 3)), atol=1e-5)
    assert torch.allclose(network.stem[1].running_var, seen.var((0, 2, 3)), rtol=1e-3)
    assert made.finished
    assert made.environment["parameters"] == runs[0].environment["parameters"]
    [row] = made.history.epochs
    assert mien.evaluate(made, mien.split(small_faces()), save=False).accuracy == row.val_accuracy
    assert made.has_predictions(VAL)


def test_it_is_known_what_it_was_made_of(runs, tmp_path) -> None:
    made = mien.average(runs[:2], tmp_path / "mean", faces=small_faces())
    assert [one.digest for one in made.config.joined] == [run.weights_digest for run in runs[:2]]
    words = [str(run.path) for run in runs[:2]]
    assert train_command(made.config, "out").split() == ["mien", "average", *words, "--out", "out"]
    card = ship(made, tmp_path / "small", commit="c", faces=small_faces())
    assert card.command == "mien average runs/first runs/later-1 --out runs/small"
    assert [one.name for one in card.begun_with] == ["first", "later-1"]
    assert mien.resume(made, small_faces()).read(WEIGHTS) == made.read(WEIGHTS)
    with pytest.raises(ConfigError, match="mien average"):
        mien.train(made.config, small_faces(), out=tmp_path / "again")


def test_what_has_no_mean_is_said(runs, tmp_path: Path) -> None:
    faces = small_faces()
    wider = replace(ONE, options={**ONE.options, "head": 16}, epochs=1)
    other = mien.train(wider, faces, out=tmp_path / "other")
    with pytest.raises(
        ConfigError, match="are different networks, whose weights have no mean; mien join puts them"
    ):
        mien.average([runs[0], other], tmp_path / "out", faces=faces)
    with pytest.raises(ConfigError, match="two finished runs or more, got 1"):
        mien.average(runs[:1], tmp_path / "out", faces=faces)
    with pytest.raises(RunError, match="are not those that it was trained with"):
        mien.average(runs, tmp_path / "out", faces=small_faces(seed=1))
    with pytest.raises(RunError, match="exists already"):
        mien.average(runs, runs[0].path, faces=faces)
    assert not (tmp_path / "out").exists()
