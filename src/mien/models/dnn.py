"""`dnn`: the founding report's network of Dense layers, with about as many parameters as its CNN."""

from dataclasses import dataclass, replace

import torch
from torch import nn

from mien.core.errors import ConfigError
from mien.models._architecture import Architecture
from mien.models._blocks import Activation, activation, dropped, normalised


@dataclass(frozen=True, kw_only=True)
class DnnOptions:
    """2304 inputs -> 820 -> 256 -> classes: 2,106,379 parameters on 48x48 faces (2,104,227 trainable).

    hidden      widths of the hidden layers
    dropout     share dropped after each of them; not given in the report
    batch_norm  BatchNorm after every activation, or nowhere
    activation  "leaky_relu" or "relu"
    slope       of LeakyReLU for negative inputs
    """

    hidden: tuple[int, ...] = (820, 256)
    dropout: float = 0.3
    batch_norm: bool = True
    activation: Activation = "leaky_relu"
    slope: float = 0.1

    def __post_init__(self) -> None:
        if not self.hidden or min(self.hidden) < 1:
            raise ConfigError(f"dnn: expected hidden widths of at least 1, got {self.hidden}")
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"dnn: expected dropout from 0 to below 1, got {self.dropout}")


class Dnn(nn.Module):
    """Dense layers with activation, BatchNorm and dropout between: (n, 1, s, s) -> (n, k)."""

    def __init__(self, options: DnnOptions, side: int, classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Flatten()]
        width = side * side
        for hidden in options.hidden:
            layers += [
                nn.Linear(width, hidden),
                activation(options.activation, options.slope),
                *normalised(nn.BatchNorm1d, hidden, options.batch_norm),
                *dropped(options.dropout),
            ]
            width = hidden
        self.layers = nn.Sequential(*layers, nn.Linear(width, classes))

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        """Logits (n, k) of normalised faces (n, 1, side, side)."""
        logits: torch.Tensor = self.layers(faces)
        return logits


def with_width(options: DnnOptions, width: int) -> DnnOptions:
    """The same choices with another first hidden layer: what `--match` turns."""
    return replace(options, hidden=(width, *options.hidden[1:]))


PLUGIN = Architecture(
    options=DnnOptions, build=Dnn, summary="the report's DNN: Dense layers only", with_width=with_width
)
