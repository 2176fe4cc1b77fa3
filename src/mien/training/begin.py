"""The network that training begins with: random weights, or those of a finished run."""

import torch
from torch import nn

from mien.core.command import spec_text
from mien.core.config import TrainConfig
from mien.core.errors import ConfigError
from mien.core.images import LabelledImages
from mien.core.teachers import run_of
from mien.models import registry
from mien.training import randomness
from mien.training.batches import Faces
from mien.training.evaluate import check_fits, network_of
from mien.training.low_rank import lower
from mien.training.statistics import unvaried

LOWERED_ON = 4096  # training faces at most, where filters are made fewer


def fresh_network(config: TrainConfig, faces: LabelledImages) -> nn.Module:
    """The network of a config for these faces, with random weights that follow from the seed."""
    torch.manual_seed(randomness.key(config.seed, 0))
    return registry.build(
        config.model, config.options, match=config.match, side=faces.side, classes=len(faces.classes)
    )


def first_network(config: TrainConfig, faces: LabelledImages) -> nn.Module:
    """The same, with the weights of the run that config.init names, where it names one.

    Where the network has ranks and the run's has none, with the filters of lower rank that are nearest to the run's on
    training faces as they are.

    Raises RunError where that run is missing or changed, ConfigError where it has another network or other classes, or
    where the network cannot take faces as small as config.early_side.
    """
    network = fresh_network(config, faces)
    if config.early_side:
        _check_takes(network, config, faces.side)
    if config.init is None:
        return network
    run = run_of(config.init)
    check_fits(run.environment, faces, run.name)
    theirs = network_of(run, torch.device("cpu"))
    seen = unvaried(Faces.of(faces, torch.device("cpu")), LOWERED_ON, mirrored=config.augmentation.flip)
    lower(theirs, network, seen)
    try:
        network.load_state_dict(theirs.state_dict())
    except RuntimeError as error:
        wanted, had = (spec_text(one.model, one.options) for one in (config, run.config))
        raise ConfigError(
            f"init {config.init.path}: its network is {had}, which does not begin {wanted}; use --model {had}"
        ) from error
    return network


def _check_takes(network: nn.Module, config: TrainConfig, side: int) -> None:
    """ConfigError where the early faces are no smaller than these or the network does not work on them."""
    early = config.early_side
    if early >= side:
        raise ConfigError(f"early_side: expected fewer pixels than the {side} of the faces, got {early}")
    try:
        with torch.no_grad():
            network.eval()(torch.zeros(2, 1, early, early))
    except RuntimeError as error:
        raise ConfigError(
            f"early_side: {spec_text(config.model, config.options)} does not take faces of {early} pixels a side; "
            "give more, or a network that pools over all places (trunk, pocket)"
        ) from error
