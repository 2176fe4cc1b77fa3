"""The confusion matrix as a figure: cells shaded by their share of the true class."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mien.core.images import Ints
from mien.core.section import Drawing
from mien.core.wording import percent, shortened
from mien.diagnostics._canvas import canvas, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PURPOSE = "drawing a confusion matrix"
_GREY = "#888888"
MOST_CLASSES = 30  # more do not fit a page; those that are confused most are drawn
_MOST_WITH_COUNTS, _MOST_WITH_SHARES = 8, 14
_LEAST_COLUMNS = 6  # two classes do not need cells as wide as the page
_LONGEST_ROW, _LONGEST_COLUMN = 16, 11
# Black text stays readable on so much of every colour in a light theme, white text in a dark one; on full colour
# neither would.
_STRONGEST = 0.6
_STEPS = 40  # of shading: cells of one step are one path


@dataclass(frozen=True, kw_only=True, eq=False)
class Matrix:
    """Counts int64 (k, k) of the drawn classes, row true and column predicted, and shares of all faces of the row."""

    names: tuple[str, ...]
    counts: Ints
    faces: Ints
    classes: int

    def share(self, row: int, column: int) -> float:
        """Of the faces of the true class; 0 where there is none."""
        return float(self.counts[row, column] / max(self.faces[row], 1))


def most_confused(counts: Ints, most: int = MOST_CLASSES) -> Ints:
    """Indices of the classes with the most mistakes, from or to them, in their own order; all where they are few."""
    mistakes = counts.sum(axis=0) + counts.sum(axis=1) - 2 * np.diag(counts)
    return np.sort(np.argsort(-mistakes, kind="stable")[:most])


def matrix(counts: Ints, names: tuple[str, ...]) -> Matrix:
    """What is drawn of a confusion matrix."""
    chosen = most_confused(counts)
    return Matrix(
        names=tuple(names[k] for k in chosen),
        counts=counts[np.ix_(chosen, chosen)],
        faces=counts.sum(axis=1)[chosen],
        classes=len(names),
    )


def draw_matrix(found: Matrix, colour: str, axes: "Axes") -> None:
    """Cells with faces shaded by their share, the diagonal framed, with counts and shares where they fit."""
    size = len(found.names)
    places = [(row, column) for row, column in np.argwhere(found.counts).tolist()]
    shades = {place: _shade(found.share(*place)) for place in places}
    for shade in sorted(set(shades.values())):
        cells = [place for place in places if shades[place] == shade]
        _draw_cells(cells, axes, facecolor=colour, alpha=shade, linewidth=0)
    _draw_cells([(k, k) for k in range(size)], axes, fill=False, edgecolor="black", linewidth=0.9)
    for row, column in places:
        _write_cell(found, row, column, axes)
    axes.set(xlim=(0, max(size, _LEAST_COLUMNS)), ylim=(size, 0))
    _name_classes(found.names, axes)


def _shade(share: float) -> float:
    """The square root keeps a mistake of a few percent visible beside a diagonal near 100 %."""
    return _STRONGEST * max(round(share**0.5 * _STEPS), 1) / _STEPS


def _draw_cells(places: list[tuple[int, int]], axes: "Axes", **style: Any) -> None:
    """Many cells as one path: on a page of thirty classes they would be a thousand elements."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    corners = np.array([(0.02, 0.02), (0.98, 0.02), (0.98, 0.98), (0.02, 0.98), (0.02, 0.02)])
    squares = [Path(corners + np.array((column, row)), closed=True) for row, column in places]
    axes.add_patch(PathPatch(Path.make_compound_path(*squares), **style))


def _write_cell(found: Matrix, row: int, column: int, axes: "Axes") -> None:
    count, share = int(found.counts[row, column]), found.share(row, column)
    size, x = len(found.names), column + 0.5
    if size <= _MOST_WITH_COUNTS:
        weight = "bold" if row == column else "normal"
        axes.text(x, row + 0.33, percent(share), ha="center", va="center", fontsize=10, weight=weight)
        axes.text(x, row + 0.73, f"{count:,}", ha="center", va="center", fontsize=9)
    elif size <= _MOST_WITH_SHARES:
        axes.text(x, row + 0.5, f"{100 * share:.1f}", ha="center", va="center", fontsize=9)


def _name_classes(names: tuple[str, ...], axes: "Axes") -> None:
    places = np.arange(len(names)) + 0.5
    wide = len(names) <= _MOST_WITH_COUNTS
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    longest = _LONGEST_COLUMN if wide else _LONGEST_ROW
    axes.set_xticks(places, [shortened(name, longest) for name in names], rotation=0 if wide else 90)
    axes.set_yticks(places, [shortened(name, _LONGEST_ROW) for name in names])
    axes.tick_params(length=0, labelsize=10 if wide else 9)
    axes.set_xlabel("predicted class", color=_GREY, loc="left", labelpad=7)
    axes.set_ylabel("true class", color=_GREY, loc="top", labelpad=7)
    axes.spines[:].set_visible(False)


def matrix_drawing(found: Matrix, colour: str, run: str) -> Drawing:
    """The figure, with its diagonal in words."""
    size = len(found.names)
    row = 0.46 if size <= _MOST_WITH_COUNTS else 0.27
    figure = canvas(7.2, row * size + (0.75 if size <= _MOST_WITH_COUNTS else 1.6), _PURPOSE)
    draw_matrix(found, colour, figure.subplots())
    right = [f"{name} {percent(found.share(k, k))}" for k, name in enumerate(found.names) if found.faces[k]]
    alt = f"Confusion matrix of {run}. Found of each true class: {', '.join(right)}."
    return drawing(figure, alt, _caption(found, run))


def _caption(found: Matrix, run: str) -> str:
    size = len(found.names)
    numbers = ""
    if size <= _MOST_WITH_COUNTS:
        numbers = ": the share of the true class, and the faces"
    elif size <= _MOST_WITH_SHARES:
        numbers = ": the share of the true class in percent"
    kept = f" Drawn are the {size} of {found.classes} classes with the most mistakes." * (
        size < found.classes
    )
    return (
        f"{run}: each row is a true class, each column what its faces are taken for{numbers}. "
        f"The shade grows with the square root of that share; the diagonal is right.{kept}"
    )
