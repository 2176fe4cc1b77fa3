"""The convolutions of a network, what comes out of them, and the filters that see the face first."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn

from mien.core.errors import ConfigError
from mien.models.ensemble import Ensemble


@dataclass(frozen=True, kw_only=True)
class Convolution:
    """A convolution by its name in the network, and the height and width of what comes out of it."""

    name: str
    module: nn.Conv2d
    height: int
    width: int


def convolutions(network: nn.Module, side: int) -> tuple[Convolution, ...]:
    """Every convolution in the order in which a face of this side runs through them."""
    found: list[Convolution] = []
    hooks = []
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d):

            def note(module: nn.Conv2d, _given: object, output: torch.Tensor, name: str = name) -> None:
                height, width = output.shape[2:]
                found.append(Convolution(name=name, module=module, height=height, width=width))

            hooks.append(module.register_forward_hook(note))
    try:
        with torch.no_grad():
            network(torch.zeros(1, 1, side, side, device=next(network.parameters()).device))
    finally:
        for hook in hooks:
            hook.remove()
    return tuple(found)


def convolution(network: nn.Module, side: int, name: str | None = None) -> Convolution:
    """The convolution of this name; by default the last one whose output still has places (those of gates have none).

    Raises ConfigError, with the names that there are, where there is no such convolution.
    """
    placed = [each for each in convolutions(network, side) if each.height * each.width > 1]
    if not placed:
        raise ConfigError("the network has no convolution, and Dense layers keep no places to show")
    if name is None:
        return placed[-1]
    for each in placed:
        if each.name == name:
            return each
    raise ConfigError(
        f"no convolution is called '{name}'; there are {', '.join(each.name for each in placed)}"
    )


def last_convolutions(network: nn.Module, side: int) -> list[nn.Conv2d]:
    """The last convolution, as `convolution` chooses it; of an ensemble that of each member."""
    parts = network.members if isinstance(network, Ensemble) else [network]
    return [convolution(part, side).module for part in parts]


@contextmanager
def outputs_of(module: nn.Module) -> Iterator[list[torch.Tensor]]:
    """What comes out of a module while this lasts, a tensor a call."""
    seen: list[torch.Tensor] = []
    hook = module.register_forward_hook(lambda _module, _given, output: seen.append(output))
    try:
        yield seen
    finally:
        hook.remove()


def first_filters(network: nn.Module, side: int) -> torch.Tensor:
    """Weights of the first layer as pictures: float32 (f, h, w) of a convolution, (f, side, side) of a Dense layer.

    Raises ConfigError where the first layer that has weights is neither.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            return module.weight.detach()[:, 0]
        if isinstance(module, nn.Linear) and module.in_features == side * side:
            return module.weight.detach().reshape(-1, side, side)
    raise ConfigError("the network has no layer that sees the pixels of a face")


def second_convolution(network: nn.Module, side: int) -> Convolution | None:
    """The convolution after the first one whose filters and outputs are more than a pixel; None where there is none."""
    for each in convolutions(network, side)[1:]:
        if each.height * each.width > 1 and max(each.module.kernel_size) > 1:
            return each
    return None


def strongest_slices(layer: nn.Conv2d) -> torch.Tensor:
    """Of each filter the weights over the input that it weighs most (by their norm), float32 (f, h, w)."""
    weights = layer.weight.detach()  # (f, inputs, h, w)
    strongest = weights.flatten(2).norm(dim=2).argmax(1)  # (f,)
    return weights[torch.arange(len(weights), device=weights.device), strongest]


def feature_maps(network: nn.Module, face: torch.Tensor, layer: nn.Module) -> torch.Tensor:
    """What a convolution gives for a face (1, 1, s, s): float32 (channels, h, w)."""
    with torch.no_grad(), outputs_of(layer) as seen:
        network(face)
    return seen[0][0]
