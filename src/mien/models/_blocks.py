"""What the networks share: choices that are spelled as text, and counting parameters."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import nn

Activation = Literal["leaky_relu", "relu"]


def activation(name: Activation, slope: float) -> nn.Module:
    """LeakyReLU with this slope for negative inputs, or ReLU (which ignores it)."""
    return nn.ReLU() if name == "relu" else nn.LeakyReLU(slope)


def normalised(kind: type[nn.Module], features: int, wanted: bool) -> list[nn.Module]:
    """A BatchNorm of this kind over so many features, or nothing."""
    return [kind(features)] if wanted else []


class Part(NamedTuple):
    """Which rows of a larger batch the rows at hand are."""

    start: int
    stop: int
    of: int


class Dropout(nn.Dropout):
    """nn.Dropout with 16 random bits a value instead of a double: the mask costs a quarter on a processor.

    The share is met to 1/65,536. bench/train_step.py times both. Where several processes share a batch, `part` says
    which of its rows are this one's: the mask is drawn for the whole batch, as one process would draw it.
    """

    part: Part | None = None

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Values with a share of them zeroed and the rest scaled up while training; unchanged otherwise."""
        if not self.training:
            return super().forward(values)
        if values.device.type == "cpu":
            return values * self._mask(values)
        return (
            super().forward(values) if self.part is None else values * torch_mask(values, self.part, self.p)
        )

    def _mask(self, values: torch.Tensor) -> torch.Tensor:
        """0 for what is dropped, 1 / (1 - p) for the rest, laid out in memory as the values are."""
        start, stop, of = self.part or Part(0, len(values), len(values))
        face = values.numel() // len(values)
        words = torch.empty((face * of + 3) // 4, dtype=torch.int64).random_(-(2**63), None)
        below = round(self.p * 2**16) - 2**15
        mine = words.view(torch.int16)[face * start : face * stop]
        kept = (mine >= below).to(values.dtype).mul_(1 / (1 - self.p))
        return kept.as_strided(values.shape, values.stride())


def torch_mask(values: torch.Tensor, part: Part, share: float) -> torch.Tensor:
    """The mask that torch's own dropout draws for a whole batch, of which values (n, ...) are a part."""
    whole = torch.empty_strided(
        (part.of, *values.shape[1:]), values.stride(), dtype=values.dtype, device=values.device
    )
    return nn.functional.dropout(whole.fill_(1), share)[part.start : part.stop]


def dropped(share: float) -> list[nn.Module]:
    """Dropout of this share, or nothing where it is zero."""
    return [Dropout(share)] if share > 0 else []


@dataclass(frozen=True, kw_only=True)
class ParameterCount:
    """How many numbers a network holds: those that training changes, and with BatchNorm's running statistics."""

    trainable: int
    with_statistics: int

    def __str__(self) -> str:
        return f"{self.trainable:,} trainable, {self.with_statistics:,} with running statistics"


def count_parameters(network: nn.Module) -> ParameterCount:
    """Count as Keras does: running means and variances are parameters too, only not trainable ones.

    >>> count_parameters(nn.BatchNorm1d(3))
    ParameterCount(trainable=6, with_statistics=12)
    """
    trainable = sum(weights.numel() for weights in network.parameters() if weights.requires_grad)
    everything = sum(weights.numel() for weights in network.parameters())
    statistics = sum(buffer.numel() for buffer in network.buffers() if buffer.is_floating_point())
    return ParameterCount(trainable=trainable, with_statistics=everything + statistics)
