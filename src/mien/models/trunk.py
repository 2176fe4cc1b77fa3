"""`trunk`: a residual network that spends the budget of the report's CNN on convolutions instead of Dense layers.

Residual blocks with squeeze and excitation (He et al. 2016; Hu et al. 2018) at 24x24, 12x12 and 6x6, averaged down in
between, a last convolution, global pooling: no Dense layer but the last. Filters of 3x3 and sides that six divides are
what compiled layers compute cheapest (training/winograd.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from mien.core.errors import ConfigError
from mien.models._architecture import Architecture
from mien.models._blocks import dropped

SMALLEST_SIDE = 24
_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "silu": nn.SiLU,
    "leaky_relu": lambda: nn.LeakyReLU(0.1),
}


@dataclass(frozen=True, kw_only=True)
class TrunkOptions:
    """The shape of the network; the defaults have 1,996,867 parameters (running statistics included) and 7 classes.

    stem        channels of the first convolution, at the full size of the face
    widths      channels of the stages
    blocks      residual blocks of each stage
    halve       how the full size becomes half of it: a convolution of stride 2, or pooling before one of stride 1
    head        channels of the last convolution, without padding, before global pooling; 0: there is none
    ranks       of the filters of each stage, and of the last convolution: so many filters, mixed by a convolution of
                1x1; 0: one for each channel, and no mixing. Empty: 0 for all
    squeeze     channels are squeezed to one in so many for the gates of a block; 0: no gates
    activation  after every convolution
    dropout     share dropped before the last layer
    """

    stem: int = 32
    widths: tuple[int, ...] = (64, 128, 256)
    blocks: tuple[int, ...] = (1, 1, 1)
    halve: Literal["stride", "pool"] = "pool"
    head: int = 320
    ranks: tuple[int, ...] = ()
    squeeze: int = 16
    activation: Literal["relu", "silu", "leaky_relu"] = "relu"
    dropout: float = 0.3

    def __post_init__(self) -> None:
        if not len(self.widths) == len(self.blocks) > 0:
            raise ConfigError(
                f"trunk: expected as many blocks as widths, got {len(self.blocks)} and {len(self.widths)}"
            )
        if min((self.stem, *self.widths, *self.blocks)) < 1 or min(self.squeeze, self.head) < 0:
            raise ConfigError(
                "trunk: expected channels and blocks of at least 1, squeeze and head of at least 0"
            )
        if len(self.ranks) not in (0, len(self.widths) + 1) or min(self.ranks, default=0) < 0:
            raise ConfigError(
                f"trunk: expected a rank of at least 0 for each of the {len(self.widths)} stages and the last "
                f"convolution, got {len(self.ranks)}: {'/'.join(map(str, self.ranks))}"
            )
        if self.halve not in ("stride", "pool"):
            raise ConfigError(f"trunk: expected halve to be stride or pool, got {self.halve}")
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"trunk: expected dropout from 0 to below 1, got {self.dropout}")


class Trunk(nn.Module):
    """Stem, stages of residual blocks, a last convolution, global pooling: (n, 1, s, s) -> (n, k)."""

    def __init__(self, options: TrunkOptions, side: int, classes: int) -> None:
        super().__init__()
        if side < SMALLEST_SIDE:
            raise ConfigError(f"trunk: expected faces of at least {SMALLEST_SIDE} pixels a side, got {side}")
        self.stem = nn.Sequential(*_stem(options))
        self.stages = nn.Sequential(*_stages(options))
        last = options.widths[-1]
        smallest = -(-side // 2) // 2 ** (len(options.widths) - 1)
        self.head = nn.Sequential(
            *(
                _unit(options, last, options.head, padding=int(smallest < 3), rank=_rank(options, -1))
                if options.head
                else ()
            ),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            *dropped(options.dropout),
            nn.Linear(options.head or last, classes),
        )

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        """Logits (n, k) of normalised faces (n, 1, side, side)."""
        logits: torch.Tensor = self.head(self.stages(self.stem(faces)))
        return logits


class Residual(nn.Module):
    """Two convolutions beside a shortcut, gated channel by channel: (n, c, h, w) -> (n, d, h, w)."""

    def __init__(self, options: TrunkOptions, channels: int, width: int, *, rank: int = 0) -> None:
        super().__init__()
        first, second = (_unit(options, each, width, rank=rank) for each in (channels, width))
        self.branch = nn.Sequential(*first, *second[:-1])
        self.gate = Gate(width, options.squeeze) if options.squeeze else nn.Identity()
        self.shortcut = (
            nn.Identity()
            if channels == width
            else nn.Sequential(nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width))
        )
        self.activation = _ACTIVATIONS[options.activation]()

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """The shortcut plus what the branch adds to it."""
        return self.join(self.shortcut(values), self.branch(values))

    def join(self, shortcut: torch.Tensor, branch: torch.Tensor) -> torch.Tensor:
        """Both after the gates, (n, d, h, w) each."""
        joined: torch.Tensor = self.activation(shortcut + self.gate(branch))
        return joined


class Gate(nn.Module):
    """Squeeze and excitation: each channel scaled by what the means of all of them say, (n, c, h, w) -> the same."""

    def __init__(self, channels: int, squeeze: int) -> None:
        super().__init__()
        few = max(channels // squeeze, 4)
        self.gates = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, few, 1),
            nn.ReLU(),
            nn.Conv2d(few, channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """The values times their gates (n, c, 1, 1)."""
        gated: torch.Tensor = values * self.gates(values)
        return gated


class LowRank(nn.Sequential):
    """A convolution of 3x3 as few filters and a mixing of them: (n, c, h, w) -> (n, d, h', w').

    Zhang et al. 2015, "Accelerating very deep convolutional networks for classification and detection", arXiv
    1505.06798, section 3.1.
    """

    def __init__(self, channels: int, rank: int, width: int, padding: int) -> None:
        super().__init__(
            nn.Conv2d(channels, rank, 3, padding=padding, bias=False), nn.Conv2d(rank, width, 1, bias=False)
        )


def _rank(options: TrunkOptions, stage: int) -> int:
    return options.ranks[stage] if options.ranks else 0


def _unit(
    options: TrunkOptions, channels: int, width: int, *, stride: int = 1, padding: int = 1, rank: int = 0
) -> list[nn.Module]:
    return [
        LowRank(channels, rank, width, padding)
        if rank
        else nn.Conv2d(channels, width, 3, stride=stride, padding=padding, bias=False),
        nn.BatchNorm2d(width),
        _ACTIVATIONS[options.activation](),
    ]


def _stem(options: TrunkOptions) -> list[nn.Module]:
    first, second = options.stem, options.widths[0]
    if options.halve == "stride":
        return [*_unit(options, 1, first), *_unit(options, first, second, stride=2)]
    return [*_unit(options, 1, first), nn.AvgPool2d(2), *_unit(options, first, second)]


def _stages(options: TrunkOptions) -> list[nn.Module]:
    layers: list[nn.Module] = []
    channels = options.widths[0]
    for stage, (width, blocks) in enumerate(zip(options.widths, options.blocks, strict=True)):
        layers += [nn.AvgPool2d(2)] if stage else []
        for _ in range(blocks):
            layers.append(Residual(options, channels, width, rank=_rank(options, stage)))
            channels = width
    return layers


PLUGIN = Architecture(
    options=TrunkOptions, build=Trunk, summary="residual blocks with gates, no Dense layers but the last"
)
