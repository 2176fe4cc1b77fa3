"""`pocket`: a network whose weights fit in 225,000 bytes at two bytes each, cheap on a processor.

Depthwise-separable residual blocks (Chollet 2017; Howard et al. 2017; He et al. 2016) with squeeze and excitation
(Hu et al. 2018) at 24x24, 12x12 and 6x6, averaged down in between, then global average pooling. Channels are
widened by one separable unit a stage: a shortcut that projects would cost as much again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from mien.core.errors import ConfigError
from mien.models._architecture import Architecture
from mien.models._blocks import dropped

_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "silu": nn.SiLU,
    "hardswish": nn.Hardswish,
}


@dataclass(frozen=True, kw_only=True)
class PocketOptions:
    """The shape of the network; the defaults have 100,939 parameters (running statistics included) and 7 classes.

    On a face of 48x48 pixels they take 16.8 million multiplications (`mien cost pocket` lists them).

    widths      channels of the stages; each is half the size of the one before it, the first at the full size
    blocks      residual blocks of each stage
    kernel      side of the depthwise filters, odd
    squeeze     channels are squeezed to one in so many for the gates of a block; 0: no gates
    activation  after every convolution but the last of a block's branch
    dropout     share dropped before the last layer
    """

    widths: tuple[int, ...] = (16, 64, 96, 128)
    blocks: tuple[int, ...] = (0, 1, 1, 1)
    kernel: int = 3
    squeeze: int = 8
    activation: Literal["relu", "silu", "hardswish"] = "relu"
    dropout: float = 0.1

    def __post_init__(self) -> None:
        if not len(self.widths) == len(self.blocks) > 0:
            raise ConfigError(
                f"pocket: expected as many blocks as widths, got {len(self.blocks)} and {len(self.widths)}"
            )
        if min(self.widths) < 1 or min(self.blocks) < 0 or self.squeeze < 0:
            raise ConfigError("pocket: expected widths of at least 1, blocks and squeeze of at least 0")
        if self.kernel < 1 or self.kernel % 2 == 0:
            raise ConfigError(f"pocket: expected an odd kernel, got {self.kernel}")
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"pocket: expected dropout from 0 to below 1, got {self.dropout}")


class Pocket(nn.Module):
    """A first convolution, stages of separable residual blocks, global pooling: (n, 1, s, s) -> (n, k)."""

    def __init__(self, options: PocketOptions, side: int, classes: int) -> None:
        super().__init__()
        smallest = 2 ** (len(options.widths) - 1)
        if side < smallest:
            raise ConfigError(f"pocket: expected faces of at least {smallest} pixels a side, got {side}")
        self.stem = nn.Sequential(*_normalised(options, nn.Conv2d(1, options.widths[0], 3, 1, 1, bias=False)))
        self.stages = nn.Sequential(*_stages(options))
        self.head = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            *dropped(options.dropout),
            nn.Linear(options.widths[-1], classes),
        )

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        """Logits (n, k) of normalised faces (n, 1, side, side)."""
        logits: torch.Tensor = self.head(self.stages(self.stem(faces)))
        return logits


class SeparableResidual(nn.Module):
    """Two separable units, gated channel by channel, beside a shortcut: (n, c, h, w) -> the same."""

    def __init__(self, options: PocketOptions, width: int) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            *_separable(options, width, width), *_separable(options, width, width)[:-1]
        )
        self.gates = nn.Sequential(*_gates(width, options.squeeze)) if options.squeeze else None
        self.activation = _ACTIVATIONS[options.activation]()

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """The values plus what the gated branch adds to them."""
        added: torch.Tensor = self.branch(values)
        if self.gates is not None:
            added = added * self.gates(added)
        passed: torch.Tensor = self.activation(values + added)
        return passed


def _gates(width: int, squeeze: int) -> list[nn.Module]:
    """Squeeze and excitation: what all channels' means say of each channel, (n, c, h, w) -> (n, c, 1, 1)."""
    few = max(width // squeeze, 4)
    return [
        nn.AdaptiveAvgPool2d(1),
        nn.Conv2d(width, few, 1),
        nn.ReLU(),
        nn.Conv2d(few, width, 1),
        nn.Sigmoid(),
    ]


def _separable(options: PocketOptions, channels: int, width: int) -> list[nn.Module]:
    """A filter for each channel, then a mixture of the channels at each place; both normalised and activated."""
    each = nn.Conv2d(
        channels, channels, options.kernel, padding=options.kernel // 2, groups=channels, bias=False
    )
    return _normalised(options, each) + _normalised(options, nn.Conv2d(channels, width, 1, bias=False))


def _normalised(options: PocketOptions, convolution: nn.Conv2d) -> list[nn.Module]:
    return [convolution, nn.BatchNorm2d(convolution.out_channels), _ACTIVATIONS[options.activation]()]


def _stages(options: PocketOptions) -> list[nn.Module]:
    layers: list[nn.Module] = []
    channels = options.widths[0]
    for stage, (width, blocks) in enumerate(zip(options.widths, options.blocks, strict=True)):
        layers += [nn.AvgPool2d(2), *_separable(options, channels, width)] if stage else []
        layers += [SeparableResidual(options, width) for _ in range(blocks)]
        channels = width
    return layers


PLUGIN = Architecture(
    options=PocketOptions, build=Pocket, summary="separable residual blocks, under 225,000 bytes at float16"
)
