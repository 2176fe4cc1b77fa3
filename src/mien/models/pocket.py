"""`pocket`: `trunk` with a twentieth of its weights, which fit in 225,000 bytes at two bytes each.

Plain filters of 3x3, not depthwise ones: at as many parameters they train in less time where layers are
compiled (training/winograd.py).
"""

from dataclasses import dataclass

from mien.models._architecture import Architecture
from mien.models.trunk import Trunk, TrunkOptions


@dataclass(frozen=True, kw_only=True)
class PocketOptions(TrunkOptions):
    """As of trunk; the defaults have 103,667 parameters (running statistics included) and 7 classes."""

    stem: int = 16
    widths: tuple[int, ...] = (32, 48, 48)
    head: int = 0
    dropout: float = 0.1


PLUGIN = Architecture(options=PocketOptions, build=Trunk, summary="trunk with a twentieth of its weights")
