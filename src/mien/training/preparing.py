"""What a run needs before its first epoch: the same faces in all processes, and what is known about it on disk."""

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import nn

from mien.core.config import TrainConfig
from mien.core.errors import ConfigError
from mien.core.images import TEST, VAL, LabelledImages, Parts
from mien.core.rundir import COSTS, ENVIRONMENT, WITHOUT, RunDir
from mien.costing import cost
from mien.data.of_run import PartsRead, check_same_data, parts_of
from mien.models._blocks import count_parameters
from mien.training.batches import steps_per_epoch
from mien.training.machine import Machine
from mien.training.processes import Processes


def found_by_all(
    config: TrainConfig, faces: LabelledImages | None, run: Path, processes: Processes, layers: str
) -> tuple[PartsRead, Machine]:
    """The faces and the machine, with such layers where it can, the same for all processes."""
    found = processes.everyone(lambda: _parts(config, faces, run, processes.size))
    machine = processes.everyone(lambda: Machine.chosen(config, processes).with_layers(layers))
    processes.check_same(
        {
            "choices": config.to_json(),
            "training faces": found.parts.train.digest,
            "validation faces": found.parts.val.digest,
            "number formats": str(machine.precision),
            "layers": machine.layers,
        }
    )
    return found, machine


def _parts(config: TrainConfig, faces: LabelledImages | None, run: Path, processes: int) -> PartsRead:
    found = parts_of(config, faces, run)
    count = len(found.parts.train)
    if count < config.batch_size:
        raise ConfigError(f"batch_size: expected at most the {count} training faces, got {config.batch_size}")
    fewest = min(count // steps_per_epoch(count, config.batch_size), len(found.parts.val))
    if fewest < processes:
        raise ConfigError(
            f"{processes} processes share batches of {fewest} faces: start fewer, or raise --batch-size (it "
            "counts the faces of all processes) and the number of validation faces"
        )
    return found


def epochs_left(run: RunDir, machine: Machine, network: nn.Module, found: PartsRead) -> int:
    """How many epochs are left of a run whose data is checked to be what it was."""
    if run.has(ENVIRONMENT):
        check_same_data(run, found.parts)
    describe(run, machine, network, found)
    return run.config.epochs - len(run.history)


def describe(run: RunDir, machine: Machine, network: nn.Module, found: PartsRead) -> None:
    """Whom it leaves out, what its network costs, and what it runs on and with, where that is not there yet."""
    parts = found.parts
    if found.without is not None and not run.has(WITHOUT):  # a copy: the next audit may replace the file
        run.write(WITHOUT, Path(found.without.path).read_bytes())
    if not run.has(COSTS):
        shape = (1, parts.train.side, parts.train.side)
        costs = cost(copy.deepcopy(network), shape)  # a copy: counting runs the network once
        run.write_json(COSTS, replace(costs, network=run.config.model).to_dict())
    if not run.has(ENVIRONMENT):
        run.write_json(ENVIRONMENT, _environment(machine, network, parts) | _left_out(found))


def _environment(machine: Machine, network: nn.Module, parts: Parts) -> dict[str, Any]:
    count = count_parameters(network)
    sizes = {name: len(faces) for name in ("train", VAL, TEST) if (faces := getattr(parts, name)) is not None}
    return machine.environment() | {
        "classes": list(parts.train.classes),
        "side": parts.train.side,
        "faces": sizes,
        "digest": {name: parts[name].digest for name in sizes},
        "parameters": {"trainable": count.trainable, "with_statistics": count.with_statistics},
    }


def _left_out(found: PartsRead) -> dict[str, Any]:
    """Which suspects were left out, by the digest of the file that names them; nothing where none were."""
    if found.without is None:
        return {}
    return {"without": {"digest": found.without.digest, "faces": found.missed}}
