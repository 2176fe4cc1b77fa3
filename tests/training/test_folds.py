"""Out-of-fold training of tiny networks: who predicts whom, by which epoch, and how it goes on."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

import mien
from mien.core.config import NO_AUGMENTATION, Augmentation, TrainConfig
from mien.core.errors import ConfigError, RunError
from mien.core.folds import Folds, held_out_predictions
from mien.core.rundir import FOLD_OF, FOLDS_ABOUT, RunDir
from mien.data.of_run import training_parts
from mien.training.batches import Faces
from mien.training.evaluate import logits, network_of
from mien.training.folds import LAST, FoldsProgress, train_folds
from mien.training.machine import Machine
from tests.conftest import small_faces


def config(**changes):
    made = {"model": "dnn", "options": {"hidden": (8,)}, "epochs": 2, "batch_size": 16, "ema": 0.0}
    return TrainConfig(**(made | {"augmentation": NO_AUGMENTATION} | changes))


@pytest.fixture
def faces():
    """Of 90 faces, 18 of which are the data's own test part, row 3 is the same as row 0 and row 4 mirrors row 1."""
    found = small_faces(90, side=12)
    pixels = found.pixels.copy()
    pixels[3], pixels[4] = pixels[0], pixels[1, :, ::-1]
    return replace(found, pixels=pixels)


class Heard(FoldsProgress):
    """Keeps what it hears, and interrupts a fold in its second epoch."""

    def __init__(self, interrupted=0):
        self.interrupted, self.number, self.folds, self.epochs, self.right = interrupted, 0, [], [], []

    def fold(self, number, folds):
        self.number = number
        self.folds.append((number, folds))

    def step(self, epoch, done, accuracy):
        if (self.number, epoch) == (self.interrupted, 2):
            raise KeyboardInterrupt

    def epoch(self, epoch, history):
        self.epochs.append((self.number, epoch.epoch))

    def judged(self, number, accuracy):
        self.right.append(accuracy)


def test_every_face_is_judged_once_by_the_network_that_did_not_see_it(tmp_path, faces):
    heard = Heard()
    folds = train_folds(config(), faces, folds=3, out=tmp_path / "folds", progress=heard)
    found = folds.predictions()
    pool = faces.select(faces.split != "test")
    assert found.ids.tolist() == pool.ids.tolist()
    assert (found.labels == pool.labels).all()
    assert heard.folds == [(1, 3), (2, 3), (3, 3)]
    seen = []
    for number, run in enumerate(folds.runs, start=1):
        parts = training_parts(run, faces)
        assert not set(parts.train.ids.tolist()) & set(parts.val.ids.tolist())
        assert len(parts.train) + len(parts.val) == len(pool)
        held_out = found.select(np.isin(found.ids, parts.val.ids))
        last = run.predictions(LAST)
        assert held_out.probs == pytest.approx(last.probs[np.argsort(last.ids)], abs=0)
        assert heard.right[number - 1] == np.mean(last.predicted == last.labels)
        seen += parts.val.ids.tolist()
    assert sorted(seen) == pool.ids.tolist()
    about = folds.about
    assert about["accuracy"]["all"] == np.mean(found.predicted == found.labels)
    assert (about["same"]["redundant"], about["data"]["digest"]) == (2, pool.digest)


def test_the_last_epoch_speaks_not_the_best(tmp_path, faces):
    folds = train_folds(config(epochs=3), faces, folds=2, out=tmp_path / "folds")
    run = folds.runs[0]
    network = network_of(run, torch.device("cpu"), run.epoch_weights(3))
    val = training_parts(run, faces).val
    machine = Machine.chosen(run.config)
    expected = logits(network, Faces.of(val, machine.device), machine).softmax(1).numpy()
    assert run.predictions(LAST).probs == pytest.approx(expected, abs=1e-6)
    best = run.history.best
    assert (run.history.epochs[-1] == best) == (
        np.allclose(run.predictions("val").probs, expected, atol=1e-6)
    )


def test_views_that_training_has_shown_are_averaged(tmp_path, faces):
    seen = Augmentation(flip=True, shift=1, rotation=0, scale=0)
    folds = train_folds(config(epochs=1, augmentation=seen), faces, folds=2, out=tmp_path / "folds")
    run = folds.runs[1]
    network = network_of(run, torch.device("cpu"), run.epoch_weights(1))
    val, machine = training_parts(run, faces).val, Machine.chosen(run.config)
    expected = logits(network, Faces.of(val, machine.device), machine, "flip+shift").exp().numpy()
    assert run.predictions(LAST).probs == pytest.approx(expected, abs=1e-6)
    assert folds.about["views"] == "flip+shift"
    assert np.abs(run.predictions("val").probs - expected).max() > 1e-3  # one epoch: the best is the last


def test_twins_and_mirror_images_are_in_one_fold(tmp_path, faces):
    folds = train_folds(config(epochs=1), faces, folds=4, out=tmp_path / "folds")
    fold = dict(line.split(",") for line in (folds.path / FOLD_OF).read_text().splitlines()[1:])
    assert fold["00000"] == fold["00003"]
    assert fold["00001"] == fold["00004"]


def test_interrupted_and_asked_for_again_it_ends_alike(tmp_path, faces):
    whole = train_folds(config(), faces, folds=3, out=tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train_folds(config(), faces, folds=3, out=tmp_path / "broken", progress=Heard(interrupted=2))
    with pytest.raises(RunError, match="its folds are not finished"):
        held_out_predictions(tmp_path / "broken")
    heard = Heard()
    broken = train_folds(config(), faces, folds=3, out=tmp_path / "broken", progress=heard)
    assert heard.epochs == [(2, 2), (3, 1), (3, 2)]
    assert (broken.predictions().probs == whole.predictions().probs).all()
    again = Heard()
    train_folds(config(), faces, folds=3, out=tmp_path / "broken", progress=again)
    assert again.folds == []


def test_a_fold_is_an_ordinary_run(tmp_path, faces):
    np.savez(tmp_path / "faces.npz", images=faces.pixels, labels=faces.labels, usage=faces.split)
    with pytest.raises(KeyboardInterrupt):
        train_folds(
            config(data=tmp_path / "faces.npz"),
            folds=3,
            out=tmp_path / "folds",
            progress=Heard(interrupted=1),
        )
    run = mien.resume(tmp_path / "folds" / "fold-1")
    assert run.finished
    assert mien.evaluate(run).accuracy == pytest.approx(run.history.best.val_accuracy)
    (tmp_path / "folds" / FOLD_OF).write_text("id,fold\n0,x\n")
    with pytest.raises(RunError, match=r"folds.csv: is damaged"):
        mien.evaluate(run)


def test_without_a_folder_the_same_choices_go_on_in_theirs(tmp_path, faces, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        train_folds(config(), faces, folds=2, progress=Heard(interrupted=2))
    other = train_folds(config(epochs=1), faces, folds=2)
    assert other.path.name == "dnn-folds-2"
    assert train_folds(config(), faces, folds=2).path.name == "dnn-folds-1"
    assert train_folds(config(), faces, folds=2).path.name == "dnn-folds-3"


def test_suspects_are_left_out_of_learning_but_judged(tmp_path, faces):
    (tmp_path / "suspects.csv").write_text("id\n00006\n00009\n")
    chosen = config(epochs=1, without=tmp_path / "suspects.csv")
    folds = train_folds(chosen, faces, folds=2, out=tmp_path / "folds")
    assert {"00006", "00009"} <= set(folds.predictions().ids.tolist())
    assert sum(run.environment["without"]["faces"] for run in folds.runs) == 2


def test_what_does_not_fit_is_refused(tmp_path, faces):
    train_folds(config(epochs=1), faces, folds=2, out=tmp_path / "folds")
    for changes, choice in (({"epochs": 3}, "epochs 1, not 3"), ({"epochs": 1, "seed": 4}, "seed 0, not 4")):
        with pytest.raises(RunError, match=f"holds folds with {choice}"):
            train_folds(config(**changes), faces, folds=2, out=tmp_path / "folds")
    with pytest.raises(RunError, match="holds folds with folds 2, not 3"):
        train_folds(config(epochs=1), faces, folds=3, out=tmp_path / "folds")
    with pytest.raises(RunError, match="holds folds with faces of digest"):
        train_folds(config(epochs=1), small_faces(90, side=12), folds=2, out=tmp_path / "folds")
    with pytest.raises(ConfigError, match="folds are their own split"):
        train_folds(config(split="random:0.1"), faces, out=tmp_path / "new")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "notes.txt").write_text("")
    with pytest.raises(RunError, match="exists already and holds no folds"):
        train_folds(config(), faces, out=tmp_path / "taken")
    (tmp_path / "folds" / FOLDS_ABOUT).write_text("{}")
    with pytest.raises(RunError, match=r"folds.json is damaged"):
        _ = Folds.open(tmp_path / "folds").about
    with pytest.raises(RunError, match="holds no folds"):
        Folds.open(tmp_path / "taken")


def test_a_run_of_other_choices_in_a_folds_place(tmp_path, faces):
    folds = train_folds(config(epochs=1), faces, folds=2, out=tmp_path / "folds")
    (folds.path / "predictions" / "folds.npz").unlink()
    values = json.loads((folds.path / "fold-1" / "config.json").read_text())
    RunDir(folds.path / "fold-1").write_json("config.json", values | {"seed": 9})
    with pytest.raises(RunError, match="other choices than the folds around it"):
        train_folds(config(epochs=1), faces, folds=2, out=folds.path)


def test_choices_that_turn_out_wrong_leave_a_folder_that_can_be_used(tmp_path, faces):
    with pytest.raises(ConfigError, match="batch_size"):
        train_folds(config(batch_size=64), faces, folds=2, out=tmp_path / "folds")
    with pytest.raises(ConfigError, match="expected from 2 to"):
        train_folds(config(), faces, folds=1, out=tmp_path / "folds")
    assert train_folds(config(epochs=1), faces, folds=2, out=tmp_path / "folds").finished
