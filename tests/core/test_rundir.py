import errno
from pathlib import Path

import numpy as np
import pytest

from mien.core.config import TrainConfig
from mien.core.errors import RunError
from mien.core.predictions import Predictions
from mien.core.rundir import CONFIG, RunDir


@pytest.fixture
def run(tmp_path):
    return RunDir.create(tmp_path / "runs" / "cnn-1", TrainConfig(epochs=3))


def test_a_new_run_knows_its_config(run):
    assert RunDir.open(run.path).config == TrainConfig(epochs=3)
    assert run.name == "cnn-1"


def test_an_existing_directory_is_never_taken(run):
    with pytest.raises(RunError, match=r"exists already; choose another --out"):
        RunDir.create(run.path, TrainConfig())


def test_what_a_kill_before_the_config_left_may_be_taken(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run/config.json.partial").write_text("{")
    assert RunDir.create(tmp_path / "run", TrainConfig(epochs=9)).config.epochs == 9


def test_the_next_free_number_comes_after_the_highest(run):
    (run.path.parent / "cnn-9").mkdir()
    (run.path.parent / "cnn-10x").mkdir()
    assert RunDir.next_free(run.path.parent, "cnn").name == "cnn-10"
    assert RunDir.next_free(run.path.parent / "none", "cnn").name == "cnn-1"


def test_what_is_no_run_is_refused(tmp_path):
    with pytest.raises(RunError, match=r"not a run: expected a directory with config\.json"):
        RunDir.open(tmp_path)


def test_runs_below_a_folder_are_found_by_name(run):
    RunDir.create(run.path.parent / "a", TrainConfig())
    assert [one.name for one in RunDir.all_below(run.path.parent)] == ["a", "cnn-1"]


def test_predictions_read_back_to_the_last_bit(run):
    probs = np.random.default_rng(0).dirichlet(np.ones(7), 5).astype(np.float32)
    predictions = Predictions(
        probs=probs,
        labels=np.arange(5),
        ids=np.array([f"train/happy/é{row}.png" for row in range(5)]),
        classes=tuple("abcdefg"),
        split="val",
        run="cnn-1",
    )
    run.save_predictions(predictions, "val")
    found = run.predictions("val")
    assert (found.probs == probs).all()
    assert found.ids.tolist() == predictions.ids.tolist()
    assert (found.classes, found.split, found.run) == (predictions.classes, "val", "cnn-1")


def test_damaged_predictions_are_one_clear_error(run):
    run.write("predictions/val.npz", b"PK\x03\x04 not really")
    with pytest.raises(RunError, match=r"predictions/val.npz is damaged"):
        run.predictions("val")


def test_a_full_disk_leaves_the_file_as_it_was(run, monkeypatch):
    before = run.read(CONFIG)

    def no_space(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(RunError, match=r"the disk is full.*mien train --resume"):
        run.write(CONFIG, b"half of")
    assert run.read(CONFIG) == before
    assert [entry.name for entry in run.path.iterdir()] == [CONFIG]


def test_what_does_not_read_back_is_not_kept(run, monkeypatch):
    before = run.read(CONFIG)
    real = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: real(path)[:-1])
    with pytest.raises(RunError, match="does not read back"):
        run.write(CONFIG, b"new")
    monkeypatch.undo()
    assert run.read(CONFIG) == before


def test_a_folder_that_cannot_be_written_says_so(tmp_path, monkeypatch):
    def denied(*_args, **_kwargs):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", denied)
    with pytest.raises(RunError, match="cannot be written: choose another --out"):
        RunDir.create(tmp_path / "new", TrainConfig())


def test_only_one_at_a_time(run):
    with run.locked(), pytest.raises(RunError, match="another process is training in this run"), run.locked():
        pass
    with run.locked():
        pass
