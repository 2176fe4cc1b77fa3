"""Networks by name: the file's name is the name that users type."""

from typing import Any

from torch import nn

from mien.core import spec
from mien.core.errors import ConfigError
from mien.core.plugins import plugin, plugin_names
from mien.models._architecture import Architecture
from mien.models._blocks import count_parameters

SIDE, CLASSES = 48, 7


def names() -> tuple[str, ...]:
    """Every network that can be named."""
    return plugin_names(__package__)


def architecture(name: str) -> Architecture:
    """The network of this name; ConfigError, with the known names, otherwise."""
    return plugin(__package__, name, Architecture)


def options(
    name: str, chosen: dict[str, Any], *, match: str | None = None, side: int = SIDE, classes: int = CLASSES
) -> Any:
    """A network's choices, the chosen ones in place of the defaults, and its width fitted where `match` names another.

    Raises ConfigError for a choice that the network does not have, or one that makes no sense.
    """
    network = architecture(name)
    made = network.options(**spec.values(name, network.options, chosen))
    return made if match is None else _matched(network, made, name, match, side, classes)


def build(
    name: str,
    chosen: dict[str, Any] | None = None,
    *,
    match: str | None = None,
    side: int = SIDE,
    classes: int = CLASSES,
) -> nn.Module:
    """A network with fresh weights: (n, 1, side, side) -> logits (n, classes).

    >>> from mien.models._blocks import count_parameters
    >>> count_parameters(build("cnn")).with_statistics, count_parameters(build("dnn")).with_statistics
    (2119015, 2106379)
    """
    return architecture(name).build(
        options(name, chosen or {}, match=match, side=side, classes=classes), side, classes
    )


def _matched(network: Architecture, made: Any, name: str, match: str, side: int, classes: int) -> Any:
    """The choices with the width whose parameter count is nearest the other network's on such faces."""
    if network.with_width is None:
        raise ConfigError(f"{name} cannot be matched to {match}: it has no single width to turn")
    wanted = count_parameters(build(match, side=side, classes=classes)).with_statistics
    with_width = network.with_width

    def size(width: int) -> int:
        return count_parameters(network.build(with_width(made, width), side, classes)).with_statistics

    low, high = 1, 2
    while size(high) < wanted:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if size(middle) < wanted else (low, middle)
    return with_width(made, min((low, high), key=lambda width: abs(size(width) - wanted)))
