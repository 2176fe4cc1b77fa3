"""`mien distil` and `mien evaluate` with several views and by name, as a user meets them."""

import json

import numpy as np
import pytest
import torch
from cyclopts import App
from safetensors.torch import load

import mien as library
from mien.cli.distil import distil
from mien.cli.evaluate import evaluate
from mien.cli.train import train
from mien.core import shipped
from mien.core.rundir import RunDir
from mien.training.shipping import ship
from tests.conftest import small_faces

SMALL = ("--epochs", "1", "--batch-size", "32")


@pytest.fixture
def data(tmp_path):
    faces = small_faces()
    path = tmp_path / "faces.npz"
    np.savez(path, images=faces.pixels, labels=faces.labels, usage=faces.split)
    return path


@pytest.fixture
def mien(monkeypatch, capsys, tmp_path):
    """Run a command in an empty folder: its standard output."""
    monkeypatch.chdir(tmp_path)
    app = App(result_action="return_value")
    for command in (distil, evaluate, train):
        app.command(command)

    def run(*words):
        app([str(word) for word in words], exit_on_error=False)
        return capsys.readouterr().out

    return run


def test_distil_trains_a_student_of_two_teachers(mien, data) -> None:
    for seed in (0, 1):
        mien("train", data, "--model", "dnn:hidden=16", *SMALL, "--seed", seed)
    words = ("distil", data, "--teachers", "runs/dnn-1", "runs/dnn-2", "--alpha", "0.7", "--temperature", "3")
    out = mien(*words, "--model", "dnn:hidden=8", *SMALL, "--no-augment", "--out", "student", "--json")
    told = json.loads(out)
    assert (told["path"], told["state"], told["best"]["epoch"]) == ("student", "finished", 1)
    config = RunDir.open("student").config
    assert [teacher.path for teacher in config.distillation.teachers] == ["runs/dnn-1", "runs/dnn-2"]
    assert (config.distillation.alpha, config.distillation.temperature) == (0.7, 3.0)
    assert (config.options, config.batch_size, config.augmentation.flip) == ({"hidden": "8"}, 32, False)
    assert RunDir.open("student").finished


def test_the_student_is_pocket_unless_told_otherwise(mien, data, monkeypatch) -> None:
    mien("train", data, "--model", "dnn:hidden=8", *SMALL)
    asked = []
    monkeypatch.setattr(
        library, "train", lambda config, **_: asked.append(config) or RunDir.open("runs/dnn-1"), raising=False
    )
    mien("distil", data, "--teachers", "runs/dnn-1")
    assert asked[0].model == "pocket"


def test_a_student_may_begin_with_the_weights_of_a_run(mien, data) -> None:
    mien("train", data, "--model", "dnn:hidden=8", *SMALL)
    words = ("distil", data, "--teachers", "runs/dnn-1", "--init", "runs/dnn-1", *SMALL)
    mien(*words, "--learning-rate", "1e-12", "--out", "student")
    first, second = RunDir.open("runs/dnn-1"), RunDir.open("student")
    assert second.config.options == {"hidden": "8"}
    assert second.config.init.digest == first.weights_digest
    theirs, mine = (load(run.read("weights.safetensors")) for run in (first, second))
    learned = [name for name in theirs if name.endswith(("weight", "bias"))]
    assert learned
    assert all(torch.allclose(mine[name], theirs[name], atol=1e-6) for name in learned)


def test_teachers_that_are_none_are_one_message(mien, data) -> None:
    with pytest.raises(library.RunError, match="nowhere is not a run"):
        mien("distil", data, "--teachers", "nowhere")


def test_evaluate_prints_both_accuracies_and_takes_a_name(mien, data, tmp_path, monkeypatch) -> None:
    mien("train", data, "--model", "dnn:hidden=8", *SMALL)
    told = mien("evaluate", "runs/dnn-1", "--tta", "flip+shift")
    assert "on 48 faces, without 0 whose picture is also in the training part" in told
    monkeypatch.setattr(shipped, "FOLDER", tmp_path / "weights")
    card = ship("runs/dnn-1", tmp_path / "weights/small", commit="c", faces=library.load(data))
    told = json.loads(mien("evaluate", "small", "--data", data, "--json"))
    assert told == json.loads(json.dumps(card.measured[0].figures.to_dict()))
