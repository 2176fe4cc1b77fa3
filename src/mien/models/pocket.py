"""`pocket`: `trunk` with a tenth of its weights, which fit in 225,000 bytes at a byte each (training/eight_bits.py).

Plain filters of 3x3, not depthwise ones: at as many parameters they train in less time where layers are
compiled (training/winograd.py).
"""

from dataclasses import dataclass
from typing import Literal

from mien.models._architecture import Architecture
from mien.models.trunk import Trunk, TrunkOptions


@dataclass(frozen=True, kw_only=True)
class PocketOptions(TrunkOptions):
    """As of trunk; the defaults have 196,000 parameters (running statistics included) and 7 classes."""

    stem: int = 16
    widths: tuple[int, ...] = (24, 40, 56, 80)
    blocks: tuple[int, ...] = (1, 1, 1, 1)
    halve: Literal["stride", "pool"] = "stride"
    head: int = 0
    dropout: float = 0.1


PLUGIN = Architecture(options=PocketOptions, build=Trunk, summary="trunk with a tenth of its weights")
