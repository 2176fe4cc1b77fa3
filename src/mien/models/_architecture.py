"""What a network's file ends in: its choices, and how they become a module."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """A network that users can name.

    options     frozen dataclass of its choices, all with defaults
    build       (options, side of the faces in pixels, number of classes) -> module: (n, 1, side, side) -> logits (n, k)
    summary     one line for people
    with_width  (options, width) -> options with another width, where the network can be matched to a budget
    """

    options: type[Any]
    build: Callable[[Any, int, int], nn.Module]
    summary: str
    with_width: Callable[[Any, int], Any] | None = None
