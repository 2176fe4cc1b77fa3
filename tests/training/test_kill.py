"""kill -9 at any moment: the run stays readable, loses at most the epoch in progress, and ends as if unbroken."""

import json
import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

import mien
from mien.core.rundir import CHECKPOINT, HISTORY, WEIGHTS, RunDir
from mien.training.evaluate import network_of
from mien.training.progress import Progress
from tests.conftest import small_faces

CONFIG = mien.TrainConfig(
    model="dnn", options={"hidden": (32,)}, epochs=30, batch_size=16, threads=1, keep_every=5
)
KILLS = 20


class Told(Progress):
    """Writes each finished epoch to a file at once, as a witness that outlives the process."""

    def __init__(self, witness):
        self.witness = witness

    def step(self, epoch, done, accuracy):
        os.write(self.witness, b".")

    def epoch(self, epoch, history):
        os.write(self.witness, b"E")


def work(path: Path, witness: Path) -> None:
    descriptor = os.open(witness, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    faces, told = small_faces(count=480), Told(descriptor)
    if (path / "config.json").is_file():
        mien.resume(path, faces, progress=told)
    else:
        mien.train(CONFIG, faces, out=path, progress=told)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
def test_twenty_kills(tmp_path):
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["mien.training.fit", "mien.data.load", "mien.data.splits"])
    path, witness = tmp_path / "run", tmp_path / "witness"
    finished = 0
    for kill in range(KILLS):
        process = context.Process(target=work, args=(path, witness))
        process.start()
        wait_for_steps(process, witness, 1 + (kill * 7) % 37)
        process.kill()
        process.join()
        finished = check_readable(path, witness, finished)
    assert 3 <= finished < CONFIG.epochs
    whole = mien.resume(path, small_faces(count=480))
    unbroken = mien.train(CONFIG, small_faces(count=480), out=tmp_path / "unbroken")
    assert whole.read(WEIGHTS) == unbroken.read(WEIGHTS)
    assert [row.val_loss for row in whole.history.epochs] == [row.val_loss for row in unbroken.history.epochs]


def wait_for_steps(process, witness, steps):
    """Until so many steps more were told, or the process ended."""
    begun = len(witness.read_bytes()) if witness.exists() else 0
    deadline = time.monotonic() + 60
    while process.is_alive() and time.monotonic() < deadline:
        if witness.exists() and len(witness.read_bytes()) >= begun + steps:
            return
        time.sleep(0.0005)
    raise AssertionError(f"the run made no {steps} steps; exit code {process.exitcode}")


def told_by_checkpoint(path):
    """The JSON part of a checkpoint, as safetensors itself reads it."""
    with safe_open(path, framework="pt") as file:
        return json.loads(file.metadata()["mien"])


def check_readable(path, witness, before):
    """Every file reads, and no epoch that was told as finished is missing."""
    run = RunDir.open(path)
    told = witness.read_bytes().count(b"E")
    epochs = 0
    if run.has(CHECKPOINT):
        epochs = len(told_by_checkpoint(run.path / CHECKPOINT)["history"])
    if run.has(HISTORY):
        assert epochs - 1 <= len(run.history) <= epochs
    if run.has(WEIGHTS):
        network_of(run, torch.device("cpu"))
    assert max(told, before) <= epochs
    return epochs
