"""`ensemble`: networks side by side as one, which averages their logits, alike or by shares.

Lakshminarayanan et al. 2017, "Simple and scalable predictive uncertainty estimation using deep ensembles", arXiv
1612.01474.
That several small networks may beat a large one of as many parameters: Lobacheva et al. 2020, "On power laws in deep
ensembles", arXiv 2007.08483.
"""

import operator
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Any

import torch
from torch import nn

from mien.core import spec
from mien.core.command import spec_text
from mien.core.errors import ConfigError
from mien.models import registry
from mien.models._architecture import Architecture

_ROUNDING = 1e-6


@dataclass(frozen=True, kw_only=True)
class EnsembleOptions:
    """Which networks.

    of      each as --model names it, but with + for : and , and with - for /:
            ensemble:of=cnn+pool=max/trunk+widths=32-64
    shares  of each in the mean, with the sum 1; empty: all alike
    """

    of: tuple[str, ...] = ("trunk", "trunk")
    shares: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not self.of:
            raise ConfigError("ensemble: expected at least one network")
        for name, choices in map(named, self.of):
            if name == "ensemble":
                raise ConfigError("ensemble: name the networks of an ensemble, not another ensemble")
            registry.options(name, choices)
        if self.shares and not self._are_shares():
            raise ConfigError(
                f"ensemble: expected {len(self.of)} shares of at least 0 with the sum 1, got "
                f"{'/'.join(map(str, self.shares))}"
            )

    def _are_shares(self) -> bool:
        alike = len(self.shares) == len(self.of)
        return alike and min(self.shares) >= 0 and abs(sum(self.shares) - 1) <= _ROUNDING  # NaN is none


class Ensemble(nn.Module):
    """Networks side by side: (n, 1, s, s) -> (n, k) the mean of their logits; in training (n, members, k).

    shares  of the members in the mean; empty: all alike

    Each is trained by its own loss: members that are trained by the loss of their mean lean on each other, and are no
    better than one (Jeffares et al. 2023, "Joint training of deep ensembles fails due to learner collusion",
    arXiv 2301.11323).
    """

    def __init__(self, members: Iterable[nn.Module], shares: tuple[float, ...] = ()) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.shares = shares

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        """Logits (n, k) of normalised faces (n, 1, side, side), or (n, members, k) while training."""
        said = [member(faces) for member in self.members]
        if self.training:
            return torch.stack(said, dim=1)
        mean: torch.Tensor = (
            reduce(operator.add, (logits * share for logits, share in zip(said, self.shares, strict=True)))
            if self.shares
            else reduce(operator.add, said) * (1 / len(said))
        )
        return mean


def named(member: str) -> tuple[str, dict[str, str]]:
    """The network and the choices that a member's text names.

    >>> named("trunk+widths=32-64+dropout=0.2")
    ('trunk', {'widths': '32/64', 'dropout': '0.2'})
    """
    name, _, choices = member.partition("+")
    return spec.parse(f"{name}:{choices.replace('+', ',').replace('-', '/')}")


def member_text(name: str, options: dict[str, Any]) -> str:
    """The text that names a network and its choices as a member.

    >>> member_text("trunk", {"widths": (32, 64), "dropout": 0.2})
    'trunk+widths=32-64+dropout=0.2'
    """
    return spec_text(name, options).replace(":", "+").replace(",", "+").replace("/", "-")


def _built(options: EnsembleOptions, side: int, classes: int) -> Ensemble:
    networks = (
        registry.build(name, choices, side=side, classes=classes) for name, choices in map(named, options.of)
    )
    return Ensemble(networks, options.shares)


PLUGIN = Architecture(
    options=EnsembleOptions, build=_built, summary="networks side by side, whose logits are averaged"
)
