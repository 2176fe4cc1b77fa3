"""Whether attributions fall where they should: energy inside a mask, the pointing game, and what they must beat."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.analysis.metrics import Z95
from mien.core.images import Bools, Floats

Float64s = NDArray[np.float64]


def energy_inside(heat: Floats, masks: Bools) -> Float64s:
    """The share of each map (n, s, s), 0 or more everywhere, that lies in its mask: float64 (n,).

    A map without any energy says nothing, and counts as an even one.
    Source: the energy-based pointing game of Wang et al. 2020, "Score-CAM".

    >>> energy_inside(np.array([[[3.0, 1.0]]]), np.array([[[True, False]]])).tolist()
    [0.75]
    """
    total = heat.sum(axis=(1, 2), dtype=np.float64)
    inside = (heat * masks).sum(axis=(1, 2), dtype=np.float64)
    return np.where(total > 0, inside / np.where(total > 0, total, 1), mask_shares(masks))


def pointing(heat: Floats, masks: Bools) -> Float64s:
    """Whether the highest point of each map lies in its mask: 1 or 0, of several highest ones their share, (n,).

    Source: Zhang et al. 2016, "Top-down neural attention by excitation backprop", without its tolerance.
    """
    highest = heat == heat.max(axis=(1, 2), keepdims=True)
    return (highest & masks).sum(axis=(1, 2)) / highest.sum(axis=(1, 2))


def mask_shares(masks: Bools) -> Float64s:
    """The share of a face that its mask covers, (n,): what a random map reaches on average in both measures."""
    return masks.mean(axis=(1, 2))


@dataclass(frozen=True, kw_only=True)
class Measure:
    """Means over faces of one measure, shares of 1, and what is left of the lead at the lower end of its 95 % interval.

    network, shuffled, random  of the network, of it with shuffled weights, of a random map
    over_shuffled, over_random  lower ends of the paired differences
    """

    network: float
    shuffled: float
    random: float
    over_shuffled: float
    over_random: float

    @property
    def beats_both(self) -> bool:
        """Whether both leads are above 0 beyond chance."""
        return min(self.over_shuffled, self.over_random) > 0


@dataclass(frozen=True, kw_only=True)
class MethodProof:
    """How a method's maps fall on the pixels that carry the expression."""

    method: str
    energy: Measure
    pointing: Measure

    @property
    def convincing(self) -> bool:
        """Whether both measures beat a random map and the network with shuffled weights."""
        return self.energy.beats_both and self.pointing.beats_both

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self) | {"convincing": self.convincing}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "MethodProof":
        """What to_dict gave."""
        return cls(
            method=values["method"],
            energy=Measure(**values["energy"]),
            pointing=Measure(**values["pointing"]),
        )


def method_proof(method: str, heat: Floats, shuffled: Floats, masks: Bools) -> MethodProof:
    """Both measures of a method's maps (n, s, s) and of those of the network with shuffled weights."""
    chance = mask_shares(masks)
    return MethodProof(
        method=method,
        energy=_measure(energy_inside(heat, masks), energy_inside(shuffled, masks), chance),
        pointing=_measure(pointing(heat, masks), pointing(shuffled, masks), chance),
    )


def _measure(network: Float64s, shuffled: Float64s, random: Float64s) -> Measure:
    return Measure(
        network=float(network.mean()),
        shuffled=float(shuffled.mean()),
        random=float(random.mean()),
        over_shuffled=_lower_end(network - shuffled),
        over_random=_lower_end(network - random),
    )


def _lower_end(differences: Float64s) -> float:
    """Of the 95 % interval of the mean of paired differences; of fewer than two faces nothing is known."""
    if len(differences) < 2:
        return -math.inf
    return float(differences.mean() - Z95 * differences.std(ddof=1) / math.sqrt(len(differences)))
