"""From layers in words to a torch module, so that they can be run and timed."""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

from mien.core.errors import ConfigError
from mien.core.layers import Network, Step
from mien.core.operations import (
    BatchNorm,
    Dropout,
    Elementwise,
    Flatten,
    Linear,
    Normalisation,
    Rearrange,
    Softmax,
)
from mien.core.sliding import AdaptivePooling, Convolution, Pairs, Pooling

_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "hardtanh": nn.ReLU6,
    "elu": nn.ELU,
    "silu": nn.SiLU,
    "gelu": nn.GELU,
    "mish": nn.Mish,
    "hardswish": nn.Hardswish,
    "hardsigmoid": nn.Hardsigmoid,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
}
_CONVOLUTIONS = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
_TRANSPOSED = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
_BATCH_NORMS = {0: nn.BatchNorm1d, 1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
_MAXIMA = {1: functional.max_pool1d, 2: functional.max_pool2d, 3: functional.max_pool3d}
_AVERAGES = {1: functional.avg_pool1d, 2: functional.avg_pool2d, 3: functional.avg_pool3d}
_ADAPTIVE_MAXIMA = {1: nn.AdaptiveMaxPool1d, 2: nn.AdaptiveMaxPool2d, 3: nn.AdaptiveMaxPool3d}
_ADAPTIVE_AVERAGES = {1: nn.AdaptiveAvgPool1d, 2: nn.AdaptiveAvgPool2d, 3: nn.AdaptiveAvgPool3d}


class FromLayers(nn.Module):
    """Runs the steps of a network in their order; module `steps.3` is step 3.

    Raises ConfigError where torch has no module for a step.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        self._sources = [step.sources for step in network.steps]
        self.steps = nn.ModuleList(_module(step, network) for step in network.steps)

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Output of the last step."""
        made: list[torch.Tensor] = []
        for sources, module in zip(self._sources, self.steps, strict=True):
            made.append(module(*(made[at] if at >= 0 else inputs[-1 - at] for at in sources)))
        return made[-1]


class _Padded(nn.Module):
    """Zeros (or another value) around, then a function: padding may differ before and after."""

    def __init__(self, padding: Pairs, value: float, then: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self._around = [size for pair in reversed(padding) for size in pair]
        self._value = value
        self.then = then

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        padded = functional.pad(values, self._around, value=self._value) if any(self._around) else values
        return self.then(padded)


class _Together(nn.Module):
    """The sum or the product of two activations."""

    def __init__(self, function: str) -> None:
        super().__init__()
        self._combine = torch.add if function == "add" else torch.mul

    def forward(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        return self._combine(left, right)


class _Reshaped(nn.Module):
    """The same numbers in another shape."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self._shape = shape

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return values.reshape(values.shape[0], *self._shape[1:])


def _module(step: Step, network: Network) -> nn.Module:
    operation, source = step.operation, step.inputs[0]
    match operation:
        case Convolution():
            return _convolution(operation, source[1])
        case Pooling():
            return _pooling(operation)
        case AdaptivePooling():
            makers = _ADAPTIVE_MAXIMA if operation.function == "max" else _ADAPTIVE_AVERAGES
            return makers[len(operation.sizes)](operation.sizes)
        case Linear():
            return nn.Linear(source[-1], operation.out_features, bias=operation.bias)
        case BatchNorm():
            return _BATCH_NORMS[len(source) - 2](source[1])
        case Normalisation():
            return _normalisation(operation, source)
        case Elementwise(function="add" | "multiply") if len(step.sources) == 2:
            return _Together(operation.function)
        case Elementwise() if operation.function in _ACTIVATIONS:
            return _ACTIVATIONS[operation.function]()
        case Softmax():
            return nn.Softmax(dim=operation.axis)
        case Dropout():
            return nn.Dropout(operation.rate)
        case Flatten():
            return nn.Flatten()
        case Rearrange() if len(step.output) > len(source) == 2:
            return _Reshaped(step.output)
    raise ConfigError(
        f"{network.layers[step.layer].name}: layers in words with this one cannot be run, only counted"
    )


def _convolution(operation: Convolution, channels: int) -> nn.Module:
    dimensions = len(operation.kernel)
    symmetric = all(before == after for before, after in operation.padding)
    if operation.transposed and not symmetric:
        raise ConfigError("torch has no transposed convolution whose padding differs before and after")
    own = tuple(before for before, _ in operation.padding) if symmetric else (0,) * dimensions
    make: Callable[..., nn.Module] = (_TRANSPOSED if operation.transposed else _CONVOLUTIONS)[dimensions]
    spread = {"output_padding": operation.output_padding} if operation.output_padding else {}
    module = make(
        channels,
        operation.out_channels,
        operation.kernel,
        stride=operation.stride,
        padding=own,
        dilation=operation.dilation,
        groups=operation.groups,
        bias=operation.bias,
        **spread,
    )
    return module if symmetric else _Padded(operation.padding, 0.0, module)


def _pooling(operation: Pooling) -> nn.Module:
    dimensions = len(operation.kernel)
    if operation.function == "average":
        average = _AVERAGES[dimensions]
        return _Padded(
            operation.padding, 0.0, lambda values: average(values, operation.kernel, operation.stride)
        )
    largest = _MAXIMA[dimensions]
    return _Padded(
        operation.padding, -torch.inf, lambda values: largest(values, operation.kernel, operation.stride)
    )


def _normalisation(operation: Normalisation, source: tuple[int, ...]) -> nn.Module:
    if operation.axes is not None:
        return nn.LayerNorm(source[-operation.axes :])
    return nn.GroupNorm(operation.groups or source[1], source[1])
