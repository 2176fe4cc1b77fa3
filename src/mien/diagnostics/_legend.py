"""Legends whose texts are names from users' data."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mien.core.wording import shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend


def legend(owner: "Axes | Figure", handles: Sequence[Any], names: Sequence[str], **place: Any) -> "Legend":
    """A legend without a frame that shows any names: matplotlib alone would take "_a" as hidden, "$a$" as mathematics.

    place  what matplotlib's own legend takes: loc, ncols ...
    """
    made = owner.legend(handles, ["name"] * len(handles), frameon=False, **place)
    for text, name in zip(made.get_texts(), names, strict=True):
        text.set_text(shortened(name))
        text.set_parse_math(False)
    return made


def lines(colours: Sequence[str]) -> list[Any]:
    """Handles of a legend of runs: a line in each colour."""
    from matplotlib.lines import Line2D

    return [Line2D([], [], color=colour, linewidth=1.6) for colour in colours]
