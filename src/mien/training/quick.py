"""A network's layers in compiled code where that is quicker: float32 on a processor with a C compiler."""

import copy
from functools import cache

import torch
from torch import nn

from mien.models.trunk import Residual, TrunkOptions
from mien.training import joined, normalise, pooled, winograd
from mien.training.compiled import NotCompiled, library

TOLERANCE = 1e-3  # of what torch computes: a compiler's mistake is larger, rounding a hundred times smaller


@cache
def why_not() -> str:
    """Why compiled layers cannot be used here; empty where they can."""
    try:
        library()
    except NotCompiled as error:
        return str(error)
    with torch.inference_mode(False), torch.enable_grad(), torch.random.fork_rng(devices=[]):
        # of one set of weights in a hundred, rounding alone carries a value past the bend of ReLU
        torch.manual_seed(0)
        return "" if all(map(_agrees, _examples())) else "compiled layers disagree with torch's here"


def use(network: nn.Module, *, alone: bool = True) -> nn.Module:
    """The same network, its layers replaced in place where compiled code computes them; weights and names stay.

    alone  this process has the whole batch; otherwise BatchNorm is left to those who share it
    """
    for kind in (winograd, pooled, joined):
        kind.use(network)
    if alone:
        normalise.use(network)
    return network


def _examples() -> list[nn.Sequential]:
    """One of each kind of layer that is compiled."""
    return [
        nn.Sequential(nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.LeakyReLU(0.1)),
        nn.Sequential(nn.Conv2d(16, 16, 4), nn.ReLU(), nn.BatchNorm2d(16)),
        nn.Sequential(nn.AvgPool2d(2), Residual(TrunkOptions(), 16, 32)),
    ]


def _agrees(layers: nn.Sequential) -> bool:
    """Whether a few steps of these layers give what torch's give: results, gradients, running statistics."""
    layers.float()
    found = [_computed(network) for network in (copy.deepcopy(layers), use(copy.deepcopy(layers)))]
    return all(
        float((mine - theirs).norm()) <= TOLERANCE * (float(theirs.norm()) + TOLERANCE)
        for theirs, mine in zip(*found, strict=True)
    )


def _computed(network: nn.Module) -> list[torch.Tensor]:
    values = torch.linspace(-9, 9, 4 * 16 * 23 * 19, dtype=torch.float32).sin().mul(3).reshape(4, 16, 23, 19)
    values.requires_grad_()
    result = network(values)
    (result * result.detach().cos()).sum().backward()
    gradients = [
        values.grad,
        *(weights.grad for name, weights in network.named_parameters() if name != "0.bias"),
    ]
    with torch.no_grad():
        later = network.eval()(values)
    return [
        result.detach(),
        later,
        *(gradient for gradient in gradients if gradient is not None),
        *(buffer.detach() for buffer in network.buffers() if buffer.is_floating_point()),
    ]
