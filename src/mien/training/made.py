"""What is made of finished runs without training, as a run on disk."""

import time
from collections.abc import Sequence
from pathlib import Path

from torch import nn

from mien.analysis.metrics import log_loss
from mien.core.config import TrainConfig
from mien.core.errors import ConfigError
from mien.core.history import Epoch, History
from mien.core.images import VAL, LabelledImages
from mien.core.rundir import CONFIG, HISTORY, WEIGHTS, RunDir
from mien.core.shipped import opened
from mien.core.teachers import known
from mien.data.of_run import PartsRead, check_same_data, parts_of
from mien.training.batches import Faces
from mien.training.checkpoint import weights_to_bytes
from mien.training.evaluate import loss_and_accuracy, predict_held_out
from mien.training.fit import RUNS
from mien.training.machine import Machine
from mien.training.preparing import describe

MEASURED = 4096  # training faces at most

Runs = Sequence[RunDir | Path | str]


def made_of(
    verb: str, runs: Runs, faces: LabelledImages | None
) -> tuple[list[RunDir], PartsRead, TrainConfig]:
    """The runs, the faces that all of them were trained with, and a config of the first one's data and network.

    Raises ConfigError where there are fewer than two, RunError where one is missing or not finished, or was trained on
    other data.
    """
    found = [opened(run) for run in runs]
    if len(found) < 2:
        raise ConfigError(f"mien {verb}: expected two finished runs or more, got {len(found)}")
    first = found[0].config
    config = TrainConfig(
        data=first.data,
        split=first.split,
        skip_bad=first.skip_bad,
        without=first.without,
        without_reasons=first.without_reasons,
        model=first.model,
        options=first.options,
        match=first.match,
        epochs=1,
        joined=tuple(map(known, runs)),
        seed=first.seed,
        precision=first.precision,
        device="auto",
    )
    read = parts_of(config, faces, found[0].path)
    for run in found:
        check_same_data(run, read.parts)
    return found, read, config


def written(
    network: nn.Module,
    config: TrainConfig,
    read: PartsRead,
    machine: Machine,
    out: Path | str | None,
    began: float,
) -> RunDir:
    """The run, finished: its history has one row, whose training figures are those of at most 4,096 training faces,
    evenly spaced, as they are, and whose seconds are those since `began` (time.perf_counter). What an interruption left
    of the same run in `out` is written anew.
    """
    new = _begun(Path(out) if out else RunDir.next_free(RUNS, config.model), config)
    describe(new, machine, network, read)
    some = Faces.of(read.parts.train, machine.device).part(
        slice(None, None, -(-len(read.parts.train) // MEASURED))
    )
    train_loss, train_accuracy = loss_and_accuracy(network, some, machine)
    new.write(WEIGHTS, weights_to_bytes(network, {"epoch": 1, "model": config.model}))
    predict_held_out(new, network, read.parts, machine)
    said = new.predictions(VAL)
    row = Epoch(
        epoch=1,
        train_loss=train_loss,
        train_accuracy=train_accuracy,
        val_loss=log_loss(said.probs, said.labels),
        val_accuracy=float((said.probs.argmax(axis=1) == said.labels).mean()),
        learning_rate=0.0,
        seconds=time.perf_counter() - began,
    )
    new.write(HISTORY, History((row,)).to_csv().encode())
    return new


def _begun(path: Path, config: TrainConfig) -> RunDir:
    if (path / CONFIG).is_file():
        left = RunDir(path)
        if left.config == config and not left.finished:
            return left
    return RunDir.create(path, config)
