"""`cnn`: the founding report's convolutional network.

The report gives the blocks, their filters and dropout, and 2.12 million parameters in all; it does not give kernel
sizes, padding, pool sizes, the LeakyReLU slope or the dropout of the Dense layers. The defaults here are a
reconstruction that has the stated total: 2,119,015 (2,114,471 trainable).
"""

import warnings
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from mien.core.errors import ConfigError
from mien.models._architecture import Architecture
from mien.models._blocks import Activation, activation, dropped, normalised

Padding = Literal["same", "valid"]
DROPOUT = {"growing": (0.1, 0.2, 0.3, 0.4), "constant": (0.25,) * 4, "none": (0.0,) * 4}


@dataclass(frozen=True, kw_only=True)
class CnnOptions:
    """The report's choices, and those that it left open.

    filters     of the convolution blocks
    kernels     side of each block's kernel
    padding     of each block: "same" or "valid"
    pool        "average" or "max", 2x2 after each block
    dropout     after the blocks: "growing" (0.1 to 0.4, the report's), "constant" (0.25, its mean), or "none" anywhere
    dense       widths of the Dense layers
    dense_dropout  share dropped after each Dense layer; not given in the report
    batch_norm  BatchNorm after every activation, or nowhere
    activation  "leaky_relu" or "relu"
    slope       of LeakyReLU for negative inputs; not given in the report (Keras' default then was 0.3)
    """

    filters: tuple[int, ...] = (32, 64, 128, 256)
    kernels: tuple[int, ...] = (4, 4, 3, 3)
    padding: tuple[Padding, ...] = ("same", "same", "same", "valid")
    pool: Literal["average", "max"] = "average"
    dropout: Literal["growing", "constant", "none"] = "growing"
    dense: tuple[int, ...] = (1024, 512, 256)
    dense_dropout: float = 0.4
    batch_norm: bool = True
    activation: Activation = "leaky_relu"
    slope: float = 0.1

    def __post_init__(self) -> None:
        if not len(self.filters) == len(self.kernels) == len(self.padding) <= len(DROPOUT["growing"]):
            raise ConfigError(
                "cnn: expected as many filters as kernels and paddings, four at most; got "
                f"{len(self.filters)}, {len(self.kernels)} and {len(self.padding)}"
            )
        if min((1, *self.filters, *self.kernels, *self.dense)) < 1:
            raise ConfigError("cnn: expected filters, kernels and dense widths of at least 1")
        if not 0 <= self.dense_dropout < 1:
            raise ConfigError(f"cnn: expected dense_dropout from 0 to below 1, got {self.dense_dropout}")


class Cnn(nn.Module):
    """Blocks of convolution, activation, BatchNorm, pooling and dropout, then Dense layers: (n, 1, s, s) -> (n, k)."""

    def __init__(self, options: CnnOptions, side: int, classes: int) -> None:
        super().__init__()
        self.blocks = _blocks(options)
        with torch.no_grad():
            flat = _flat_width(self.blocks, side)
        self.head = _head(options, flat, classes)

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        """Logits (n, k) of normalised faces (n, 1, side, side)."""
        logits: torch.Tensor = self.head(self.blocks(faces))
        return logits


def _blocks(options: CnnOptions) -> nn.Sequential:
    layers: list[nn.Module] = []
    channels = 1
    pool = nn.AvgPool2d if options.pool == "average" else nn.MaxPool2d
    shares = DROPOUT[options.dropout]
    for filters, kernel, padding, share in zip(
        options.filters, options.kernels, options.padding, shares, strict=False
    ):
        layers += [
            nn.Conv2d(channels, filters, kernel, padding=padding),
            activation(options.activation, options.slope),
            *normalised(nn.BatchNorm2d, filters, options.batch_norm),
            pool(2),
            *dropped(share),
        ]
        channels = filters
    return nn.Sequential(*layers, nn.Flatten())


def _head(options: CnnOptions, flat: int, classes: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    share = 0.0 if options.dropout == "none" else options.dense_dropout
    for width in options.dense:
        layers += [
            nn.Linear(flat, width),
            activation(options.activation, options.slope),
            *normalised(nn.BatchNorm1d, width, options.batch_norm),
            *dropped(share),
        ]
        flat = width
    return nn.Sequential(*layers, nn.Linear(flat, classes))


def _flat_width(blocks: nn.Sequential, side: int) -> int:
    try:
        with warnings.catch_warnings():
            # torch says once per process that an even kernel with "same" padding copies its input: cheap here
            warnings.filterwarnings("ignore", message="Using padding='same' with even kernel lengths")
            # eval() keeps this pass out of BatchNorm's running statistics
            width = int(blocks.eval()(torch.zeros(1, 1, side, side)).shape[1])
    except RuntimeError as error:
        raise ConfigError(
            f"cnn: faces of {side}x{side} pixels are too small for these kernels and pools"
        ) from error
    blocks.train()
    return width


PLUGIN = Architecture(
    options=CnnOptions, build=Cnn, summary="the report's CNN: four blocks, three Dense layers"
)
