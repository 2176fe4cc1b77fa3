"""Gaps between scores as a figure: a box a line, with single faces where they are few."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mien.analysis.confusions import Gaps, spread
from mien.core.section import Drawing
from mien.core.wording import shortened
from mien.diagnostics._canvas import canvas, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Float64s = NDArray[np.float64]

_PURPOSE = "drawing gaps between scores"
_GREY = "#888888"
_ARROW = " → "
_LONGEST = 12  # of a class in a figure
_FEW = 30  # faces that are drawn one by one; a box of so few would claim more than they say


@dataclass(frozen=True, kw_only=True, eq=False)
class GapLine:
    """The gaps (m,) of some faces: of a true class taken for another, or others by name; correct ones are grey."""

    words: tuple[str, ...]
    gaps: Float64s
    correct: bool = False

    @property
    def name(self) -> str:
        """In full, for a table."""
        return _ARROW.join(self.words)

    @property
    def label(self) -> str:
        """As short as a figure needs it."""
        longest = _LONGEST if len(self.words) > 1 else 2 * _LONGEST
        return f"{_ARROW.join(shortened(word, longest) for word in self.words)} ({len(self.gaps):,})"

    @property
    def figures(self) -> Gaps:
        """Their distribution."""
        return spread(self.gaps)


def draw_gaps(lines: Sequence[GapLine], colour: str, axes: "Axes") -> None:
    """Quartiles as a box and 5 to 95 % as a line, or every face where they are few; the median in numbers."""
    for place, line in enumerate(lines):
        shade = _GREY if line.correct else colour
        found = line.figures
        if found.quantiles is None or found.median is None:
            continue
        if found.faces <= _FEW:
            axes.plot(line.gaps, np.full(found.faces, place), "|", color=shade, markersize=11)
        else:
            lowest, lower, _, upper, highest = found.quantiles
            axes.plot([lowest, highest], [place, place], color=shade, linewidth=1.2)
            axes.barh(place, upper - lower, left=lower, height=0.52, color=shade, alpha=0.55)
        axes.plot([found.median] * 2, [place - 0.32, place + 0.32], color="black", linewidth=1.8)
        axes.text(1.02, place, f"{found.median:.2f}", va="center", fontsize=9)
    axes.text(1.02, -0.75, "median", va="center", fontsize=9, color=_GREY)
    _frame(lines, axes)


def _frame(lines: Sequence[GapLine], axes: "Axes") -> None:
    axes.set(xlim=(0, 1.12), ylim=(len(lines) - 0.5, -1.0), xlabel="by how much the highest score leads")
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.set_yticks(np.arange(len(lines)), [line.label for line in lines])
    axes.grid(axis="x", color=_GREY, alpha=0.3, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=9)
    axes.xaxis.label.set_fontsize(9)
    axes.spines[:].set_visible(False)


def gaps_drawing(lines: Sequence[GapLine], colour: str, run: str) -> Drawing:
    """The figure, with its medians in words."""
    figure = canvas(7.2, 0.34 * len(lines) + 0.85, _PURPOSE)
    draw_gaps(lines, colour, figure.subplots())
    medians = ((line.name, line.figures.median) for line in lines)
    told = [f"{name} {median:.2f}" for name, median in medians if median is not None]
    return drawing(
        figure,
        f"By how much the highest score leads, for faces of {run}. Medians: {', '.join(told)}.",
        f"{run}: of mistakes, the score of the predicted class minus that of the true class; of correct faces (grey), "
        "the highest score minus the second. Boxes hold the middle half of the faces, lines 90 %, black marks are "
        f"medians; up to {_FEW} faces are drawn one by one. Pairs are true → predicted; in brackets: faces.",
    )
