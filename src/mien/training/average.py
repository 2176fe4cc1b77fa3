"""The weights of networks that went different ways from one beginning, averaged into one of the same size.

Izmailov et al. 2018, "Averaging weights leads to wider optima and better generalization", arXiv 1803.05407; Wortsman et
al. 2022, "Model soups", arXiv 2203.05482.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from mien.core.config import TrainConfig
from mien.core.errors import ConfigError
from mien.core.images import LabelledImages
from mien.core.rundir import RunDir
from mien.models import registry
from mien.training.batches import Faces
from mien.training.evaluate import laid_out, network_of
from mien.training.machine import Machine
from mien.training.made import Runs, made_of, written
from mien.training.statistics import measure, unvaried


def average(runs: Runs, out: Path | str | None = None, *, faces: LabelledImages | None = None) -> RunDir:
    """A new run in the directory `out`, which must not exist: one network with the mean of these runs' weights.

    Good where one run began with the weights of another, or several with those of a third (TrainConfig(init=...)):
    what was trained apart from random weights has no useful mean. Of each run the chosen epoch counts; BatchNorm's
    statistics are measured anew on all training faces as they are. Nothing is trained; the history has one row, as that
    of mien.join.

    out    by default the next free runs/<model>-<number>
    faces  in place of what the runs' data names

    Raises ConfigError where there are fewer than two runs, or their networks differ; RunError where one is missing or
    not finished, was trained on other data, or `out` exists.
    """
    began = time.perf_counter()
    found, read, config = made_of("average", runs, faces)
    _check_alike(found)
    count = len(read.parts.train)
    config = replace(config, statistics=count, augmentation=found[0].config.augmentation)
    machine = Machine.chosen(config)
    network = _network(found, machine.device)
    train = Faces.of(read.parts.train, machine.device)
    measure(network, unvaried(train, count, mirrored=config.augmentation.flip), machine)
    return written(network, config, read, machine, out, began)


def _check_alike(found: Sequence[RunDir]) -> None:
    first = _shape(found[0].config)
    for run in found[1:]:
        if _shape(run.config) != first:
            raise ConfigError(
                f"mien average: {found[0].path} and {run.path} are different networks, whose weights have no mean; "
                "mien join puts them side by side"
            )


def _shape(config: TrainConfig) -> tuple[str, object]:
    """What decides the weights that a network has."""
    return config.model, registry.options(config.model, config.options, match=config.match)


def _network(found: Sequence[RunDir], device: torch.device) -> nn.Module:
    states = [network_of(run, torch.device("cpu")).state_dict() for run in found]
    network = network_of(found[0], torch.device("cpu"))
    network.load_state_dict(
        {
            name: torch.stack([state[name] for state in states]).double().mean(0).to(value.dtype)
            for name, value in network.state_dict().items()
        }
    )
    return laid_out(network, device).eval()
