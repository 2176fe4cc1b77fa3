"""Optimisers, the schedule of the learning rate, and averaged weights."""

import math
from typing import Any

import torch
from torch import nn

from mien.core.config import TrainConfig

FINAL_SHARE = 1e-3  # of the highest rate, at the first step and at the last


def optimizer(network: nn.Module, config: TrainConfig) -> torch.optim.Optimizer:
    """Weights of more than one dimension decay; biases and BatchNorm do not."""
    decayed = [weights for weights in network.parameters() if weights.ndim > 1]
    free = [weights for weights in network.parameters() if weights.ndim <= 1]
    groups: list[dict[str, Any]] = [
        {"params": decayed, "weight_decay": config.weight_decay},
        {"params": free, "weight_decay": 0.0},
    ]
    fused = next(network.parameters()).device.type in ("cpu", "cuda")
    if config.optimizer == "adamw":
        return torch.optim.AdamW(groups, lr=config.learning_rate, fused=fused)
    nesterov = config.momentum > 0
    return torch.optim.SGD(
        groups, lr=config.learning_rate, momentum=config.momentum, nesterov=nesterov, fused=fused
    )


def learning_rate(config: TrainConfig, done: float) -> float:
    """The rate when this share of all steps is done.

    one-cycle  linear from nearly zero to the highest, then linear to nearly zero (Smith & Topin 2018)
    cosine     linear to the highest, then half a cosine to nearly zero (Loshchilov & Hutter 2017)
    constant   linear to the highest, then unchanged

    >>> config = TrainConfig(learning_rate=1.0, warmup=0.25)
    >>> [round(learning_rate(config, done), 3) for done in (0.0, 0.25, 0.625, 1.0)]
    [0.001, 1.0, 0.5, 0.001]
    """
    if done < config.warmup:
        share = done / config.warmup
    elif config.schedule == "constant":
        share = 1.0
    else:
        passed = (done - config.warmup) / (1 - config.warmup)
        share = 1 - passed if config.schedule == "one-cycle" else (1 + math.cos(math.pi * passed)) / 2
    return config.learning_rate * (FINAL_SHARE + (1 - FINAL_SHARE) * share)


class Averaged:
    """The exponential moving average of a network's weights and running statistics, in a copy of the network."""

    def __init__(self, network: nn.Module, copy: nn.Module, decay: float) -> None:
        self.copy = copy
        self.decay = decay
        self.updates = 0
        self._pairs = [
            (mine, theirs)
            for mine, theirs in zip(copy.state_dict().values(), network.state_dict().values(), strict=True)
            if mine.is_floating_point()
        ]

    @torch.no_grad()
    def update(self) -> None:
        """Take one step towards the network; early steps are longer, so that the start is forgotten."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        mine, theirs = ([pair[side] for pair in self._pairs] for side in (0, 1))
        torch._foreach_lerp_(mine, theirs, 1 - decay)
