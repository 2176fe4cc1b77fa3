"""Training and measuring without suspects: who is missing, what is kept of it, and how the run goes on."""

import hashlib

import numpy as np
import pytest

import mien
from mien.core.config import TrainConfig
from mien.core.errors import DataError
from mien.core.left_out import LeftOut
from mien.core.rundir import WITHOUT
from mien.training.progress import Progress
from tests.conftest import small_faces


@pytest.fixture
def faces():
    return small_faces(120, side=12)


@pytest.fixture
def file(tmp_path):
    """Three of the training part, one of the validation part."""
    path = tmp_path / "suspects.csv"
    path.write_text("id,reason\n" + "".join(f"{row:05d},wrong label\n" for row in (0, 1, 2, 9)))
    return path


def config(file, **changes):
    made = {"model": "dnn", "options": {"hidden": (8,)}, "epochs": 2, "batch_size": 16, "without": file}
    return TrainConfig(**(made | changes))


class StopInEpoch(Progress):
    def __init__(self, epoch):
        self.last, self.plan = epoch, None

    def begin(self, plan):
        self.plan = plan

    def step(self, epoch, done, accuracy):
        if epoch == self.last:
            raise KeyboardInterrupt


def test_the_network_is_that_of_data_without_them(tmp_path, faces, file):
    heard = StopInEpoch(0)
    run = mien.train(config(file), faces, out=tmp_path / "run", progress=heard)
    assert "3 suspects left out of training" in heard.plan.data
    kept = faces.select(~np.isin(faces.ids, ["00000", "00001", "00002"]))
    plain = mien.train(config(None), kept, out=tmp_path / "plain")
    assert run.predictions("val").probs == pytest.approx(plain.predictions("val").probs, abs=0)
    assert run.read(WITHOUT) == file.read_bytes()
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert run.environment["without"] == {"digest": digest, "faces": 3}
    assert "without" not in plain.environment


def test_it_goes_on_after_the_file_was_replaced(tmp_path, faces, file):
    whole = mien.train(config(file), faces, out=tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        mien.train(config(file), faces, out=tmp_path / "broken", progress=StopInEpoch(2))
    file.write_text("id\n00003\n")
    broken = mien.resume(tmp_path / "broken", faces)
    assert (broken.predictions("val").probs == whole.predictions("val").probs).all()


def test_measured_without_them(tmp_path, faces, file):
    run = mien.train(config(None), faces, out=tmp_path / "run")
    val = mien.split(faces).val
    found = mien.evaluate(run, mien.split(faces), without=LeftOut.read(file))
    predictions = run.predictions("val")
    kept = predictions.select(predictions.ids != "00009")
    assert found.faces == len(val) - 1 == len(kept)
    assert found.accuracy == np.mean(kept.predicted == kept.labels)
    assert len(run.predictions("val")) == len(val)  # what the run itself keeps is not replaced
    file.write_text("id\n" + "\n".join(val.ids))
    with pytest.raises(DataError, match="names all 24 faces"):
        mien.evaluate(run, val, without=LeftOut.read(file))
