"""Figures with a line a class: how well each is found, and how many faces each has."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mien.analysis.class_intervals import ClassEstimates, Estimate
from mien.core.images import Ints
from mien.core.section import Drawing
from mien.core.wording import listed, percent, shortened
from mien.diagnostics._canvas import canvas, drawing
from mien.diagnostics._confusion_figure import MOST_CLASSES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PURPOSE = "drawing figures of classes"
_GREY = "#888888"
_LONGEST_NAME = 18
_MEASURES = {"recall": "recall", "precision": "precision", "f1": "F1"}
# One part over the other must stay visible, so each has a form of its own; colours are those of runs.
_MARKERS = {
    "training": {"marker": "o", "color": "black", "markersize": 4},
    "validation": {"marker": "o", "color": "black", "markersize": 9, "fillstyle": "none"},
    "test": {"marker": "|", "color": "black", "markersize": 14},
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Balance:
    """Faces of each class, int64 (k,), in each part of the data."""

    names: tuple[str, ...]
    counts: dict[str, Ints]

    def shares(self, part: str) -> list[float]:
        """Of the faces of a part; 0 where it has none."""
        counts = self.counts[part]
        return (counts / max(int(counts.sum()), 1)).tolist()


def draw_measure(estimates: Sequence[Estimate | None], colour: str, axes: "Axes") -> None:
    """A bar and a line for the interval of each class, the first on top; nothing where undefined."""
    for place, estimate in enumerate(estimates):
        if estimate is None:
            axes.text(1, place, "undefined", va="center", fontsize=9, color=_GREY)
            continue
        axes.barh(place, 100 * estimate.value, height=0.62, color=colour, alpha=0.6)
        axes.plot([100 * estimate.low, 100 * estimate.high], [place, place], color="black", linewidth=1.4)
    axes.set(xlim=(0, 100), ylim=(len(estimates) - 0.5, -0.5))
    axes.set_xticks([0, 50, 100], ["0", "50", "100"])
    _quiet(axes)


def _quiet(axes: "Axes") -> None:
    axes.grid(axis="x", color=_GREY, alpha=0.3, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=9)
    axes.spines[:].set_visible(False)


def _name_lines(names: Sequence[str], axes: "Axes") -> None:
    axes.set_yticks(np.arange(len(names)), [shortened(name, _LONGEST_NAME) for name in names])


def estimates_drawing(classes: Sequence[ClassEstimates], colour: str, run: str) -> Drawing:
    """Recall, precision and F1 beside each other; of many classes those with the lowest F1."""
    drawn = _lowest(classes)
    figure = canvas(7.2, 0.3 * len(drawn) + 0.75, _PURPOSE)
    panels = figure.subplots(1, 3, sharey=True)
    for axes, (measure, title) in zip(panels, _MEASURES.items(), strict=True):
        draw_measure([getattr(one, measure) for one in drawn], colour, axes)
        axes.set_title(f"{title}, %", fontsize=10, loc="left")
    _name_lines([one.name for one in drawn], panels[0])
    told = [f"{one.name} {percent(one.f1.value)}" for one in drawn if one.f1]
    kept = f" Drawn are the {len(drawn)} of {len(classes)} classes with the lowest F1." * (
        len(drawn) < len(classes)
    )
    return drawing(
        figure,
        f"Bars of recall, precision and F1 for each class of {run}. F1: {', '.join(told)}.",
        f"{run}: recall, precision and F1 of each class; the black lines are 95 % intervals.{kept}",
    )


def _lowest(classes: Sequence[ClassEstimates]) -> list[ClassEstimates]:
    """Those with the lowest F1, in their own order; undefined ones last."""
    ranked = sorted(range(len(classes)), key=lambda k: f1.value if (f1 := classes[k].f1) else 2.0)
    return [classes[k] for k in sorted(ranked[:MOST_CLASSES])]


def draw_balance(found: Balance, lines: Sequence[int], axes: "Axes") -> None:
    """A mark a part on the line of each class, and where all classes would have the same share."""
    shares = {part: [100 * found.shares(part)[k] for k in lines] for part in found.counts}
    places = np.arange(len(lines))
    ends = np.array(list(shares.values()))
    axes.hlines(places, ends.min(axis=0), ends.max(axis=0), color=_GREY, linewidth=1)
    for part, values in shares.items():
        axes.plot(values, places, linestyle="none", label=part, **_MARKERS[part])  # type: ignore[arg-type]
    axes.axvline(
        100 / len(found.names), color=_GREY, linestyle=(0, (4, 3)), linewidth=1, label="equal shares"
    )
    axes.set(xlabel="share of the faces of the part, %", ylim=(len(lines) - 0.5, -0.5))
    axes.set_xlim(left=min(0, axes.get_xlim()[0]))
    _quiet(axes)
    _name_lines([found.names[k] for k in lines], axes)


def balance_drawing(found: Balance) -> Drawing:
    """The figure; of many classes the largest and the smallest."""
    first = next(iter(found.counts.values()))
    ranked = np.argsort(-first, kind="stable").tolist()
    half = MOST_CLASSES // 2
    lines = sorted(ranked if len(ranked) <= MOST_CLASSES else ranked[:half] + ranked[-half:])
    figure = canvas(7.2, 0.27 * len(lines) + 1.0, _PURPOSE)
    axes = figure.subplots()
    draw_balance(found, lines, axes)
    figure.legend(frameon=False, loc="outside upper right", ncols=4, fontsize=9)
    part = next(iter(found.counts))
    told = [f"{found.names[k]} {percent(found.shares(part)[k])}" for k in lines]
    kept = f" Drawn are the {half} largest and the {half} smallest of {len(ranked)} classes." * (
        len(lines) < len(ranked)
    )
    return drawing(
        figure,
        f"Share of each class. In {part}: {', '.join(told)}.",
        f"Class balance: the share of each class in {listed(list(found.counts))}.{kept}",
    )
