"""The epochs of each run: accuracy and loss, where over-fitting begins, when validation levels off."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mien.analysis.curves import LEVELLED_RULE, LONG_ENOUGH, OVERFITTING_RULE, SMOOTHING_RULE, Course, course
from mien.core.errors import MissingInput
from mien.core.history import Epoch, History
from mien.core.material import Material, ReadRun
from mien.core.section import Block, Drawing, Finding, Text
from mien.core.text_tables import TextTable
from mien.core.wording import duration, listed, percent, shortened
from mien.diagnostics._canvas import COLOURS, canvas, drawing
from mien.diagnostics._diagnostic import Diagnostic
from mien.diagnostics._legend import legend, lines

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PURPOSE = "drawing training curves"
_GREY = "#888888"
_MOST_TOGETHER = 3  # more runs would hide each other; each then gets panels of its own on the same axes
_OUTLIER = 3.0  # losses above so many times their 90th percentile are left above the frame
_MARKS = (
    "Solid lines are validation, dashed lines training. A dot marks the best epoch, a dotted line and a triangle "
    "the epoch from which the run over-fits."
)


@dataclass(frozen=True, kw_only=True)
class RunCurves:
    """The epochs of one run with the figures that they come to, and its colour; epochs asked for may be more."""

    name: str
    history: History
    course: Course
    asked: int
    colour: str


def make(material: Material) -> Finding:
    """Curves and figures of every run that has epochs."""
    curves = [
        _curves(run, COLOURS[number % len(COLOURS)])
        for number, run in enumerate(material.runs)
        if len(run.history) and not run.config.joined
    ]
    not_shown = _not_shown(material.runs)
    if not curves:
        raise MissingInput("; ".join(not_shown) or "no finished epoch in any run")
    blocks: list[Block] = [_drawing(curves), _table(curves)]
    blocks += [Text(text=f"Not shown: {'; '.join(not_shown)}.")] * bool(not_shown)
    return Finding(
        answer=_answer(curves), blocks=tuple(blocks), data={"runs": [_data(run) for run in curves]}
    )


def _not_shown(runs: Sequence[ReadRun]) -> list[str]:
    """Which runs have no curves, and why."""
    joined = [
        f"{run.name} is made of {listed([Path(one.path).name for one in run.config.joined])}, nothing was trained"
        for run in runs
        if run.config.joined
    ]
    without = [run.name for run in runs if not (len(run.history) or run.config.joined)]
    return [f"no finished epoch in {listed(without)}"] * bool(without) + joined


def _curves(run: ReadRun, colour: str) -> RunCurves:
    return RunCurves(
        name=run.name,
        history=run.history,
        course=course(run.history),
        asked=max(run.summary.epochs, len(run.history)),
        colour=colour,
    )


def _data(run: RunCurves) -> dict[str, Any]:
    rows = [_plain(row) for row in run.history.to_rows()]
    return {"run": run.name, "epochs_asked_for": run.asked, **_plain(run.course.to_dict()), "history": rows}


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """The values, with None for what is not a number: JSON has no other word for it."""
    return {
        name: None if isinstance(value, float) and not np.isfinite(value) else value
        for name, value in values.items()
    }


def _answer(curves: Sequence[RunCurves]) -> str:
    if len(curves) <= _MOST_TOGETHER:
        return "; ".join(_told(run) for run in curves) + "."
    best = max(curves, key=lambda run: run.course.best_val_accuracy)
    over = sum(run.course.overfitting_from is not None for run in curves)
    level = sum(run.course.levelled_from is not None for run in curves)
    return (
        f"{best.name} reaches the highest validation accuracy, {percent(best.course.best_val_accuracy)} at epoch "
        f"{best.course.best_epoch}; of {len(curves)} runs {over} over-fit before their end, and in {level} the "
        "validation accuracy has levelled off."
    )


def _told(run: RunCurves) -> str:
    found = run.course
    length = f"{found.epochs} so far" if found.epochs < run.asked else str(found.epochs)
    best = f"{run.name} is best at epoch {found.best_epoch} of {length} ({percent(found.best_val_accuracy)})"
    return f"{best}, {_overfitting_told(found)}, {_levelled_told(found)}"


def _overfitting_told(found: Course) -> str:
    if found.overfitting_from is not None:
        return f"over-fits from epoch {found.overfitting_from} on"
    return "does not over-fit yet" if found.epochs < LONG_ENOUGH else "does not over-fit"


def _levelled_told(found: Course) -> str:
    if found.levelled_from is not None:
        return f"and levelled off from epoch {found.levelled_from} on"
    if found.epochs < LONG_ENOUGH:
        return "and is too short to show whether it levels off"
    return "and had not levelled off by its end"


def _table(curves: Sequence[RunCurves]) -> TextTable:
    return TextTable(
        title="The training of each run",
        headers=(
            "run",
            "epochs",
            "best val accuracy (epoch)",
            "lowest val loss (epoch)",
            "over-fits from",
            "levelled off from",
            "gap at the best",
            "gap at the end",
            "an epoch takes",
        ),
        rows=tuple(_row(run) for run in curves),
        footer=(
            "Gap: training minus validation accuracy, in points; training accuracy is measured under dropout and "
            "augmentation while the weights move, so it can be the lower one. Losses are in nats, "
            "the time is the median.",
            OVERFITTING_RULE,
            LEVELLED_RULE,
            SMOOTHING_RULE,
        ),
    )


def _row(run: RunCurves) -> tuple[str, ...]:
    found = run.course
    return (
        run.name,
        str(found.epochs) if run.asked == found.epochs else f"{found.epochs} of {run.asked}",
        f"{percent(found.best_val_accuracy)} ({found.best_epoch})",
        f"{found.lowest_val_loss:.3f} ({found.lowest_val_loss_epoch})",
        str(found.overfitting_from or ("not yet" if found.epochs < LONG_ENOUGH else "no")),
        str(found.levelled_from or ("too short" if found.epochs < LONG_ENOUGH else "not yet")),
        _points(found.gap_at_best),
        _points(found.gap_at_end),
        duration(found.seconds_per_epoch),
    )


def _points(share: float) -> str:
    return f"{100 * share:+.1f}"


def _drawing(curves: Sequence[RunCurves]) -> Drawing:
    figure = _together(curves) if len(curves) <= _MOST_TOGETHER else _apart(curves)
    caption = f"{_MARKS} All panels of a measure have one scale.{_above_told(curves)}"
    return drawing(figure, _alt(curves), caption)


def _alt(curves: Sequence[RunCurves]) -> str:
    return "Accuracy and loss by epoch, for training and validation. " + " ".join(
        f"{run.name}: validation accuracy from {percent(run.history.epochs[0].val_accuracy)} to "
        f"{percent(run.course.last_val_accuracy)} in {run.course.epochs} epochs, training accuracy "
        f"{percent(run.course.last_train_accuracy)} at the end, {_overfitting_told(run.course)}."
        for run in curves
    )


def _together(curves: Sequence[RunCurves]) -> "Figure":
    """All runs in one panel of accuracy and one of loss below it."""
    figure = canvas(6.0, 6.0, _PURPOSE)
    upper, lower = figure.subplots(2, 1, sharex=True)
    for run in curves:
        draw_accuracy(run, upper)
        draw_loss(run, lower)
    _scale(curves, [upper], [lower])
    lower.set_xlabel("epoch")
    _legend_of_styles(upper, "lower right")
    names = [run.name for run in curves]
    legend(figure, lines([run.colour for run in curves]), names, loc="outside upper left", ncols=1)
    return figure


def _apart(curves: Sequence[RunCurves]) -> "Figure":
    """A line of panels a run, on the same axes."""
    figure = canvas(7.2, 1.9 * len(curves) + 0.4, _PURPOSE)
    grid = figure.subplots(len(curves), 2, sharex=True, squeeze=False)
    for run, (left, right) in zip(curves, grid, strict=True):
        draw_accuracy(run, left)
        draw_loss(run, right)
        left.set_title(shortened(run.name), fontsize=9, loc="left")
    _scale(curves, list(grid[:, 0]), list(grid[:, 1]))
    for axes in grid[-1]:
        axes.set_xlabel("epoch")
    _legend_of_styles(grid[0, 0], "lower right")
    return figure


def draw_accuracy(run: RunCurves, axes: "Axes") -> None:
    """Training and validation accuracy in percent, the best epoch and the beginning of over-fitting."""
    epochs = run.history.epochs
    _draw_lines(run, [100 * e.val_accuracy for e in epochs], [100 * e.train_accuracy for e in epochs], axes)
    best = run.course
    axes.plot(
        [best.best_epoch], [100 * best.best_val_accuracy], "o", color=run.colour, markersize=6, zorder=3
    )
    axes.set_ylabel("accuracy, %")


def draw_loss(run: RunCurves, axes: "Axes") -> None:
    """Training and validation loss in nats, and the beginning of over-fitting."""
    epochs = run.history.epochs
    _draw_lines(run, [e.val_loss for e in epochs], [e.train_loss for e in epochs], axes)
    for epoch in _where_overfitting_begins(run):
        axes.plot([epoch.epoch], [epoch.val_loss], "^", color=run.colour, markersize=7, zorder=3)
    axes.set_ylabel("loss, nats")


def _draw_lines(run: RunCurves, validation: Sequence[float], training: Sequence[float], axes: "Axes") -> None:
    numbers = [epoch.epoch for epoch in run.history.epochs]
    marker = "." if len(numbers) == 1 else ""  # one epoch makes no line
    axes.plot(numbers, training, linestyle="--", color=run.colour, linewidth=1.1, marker=marker)
    axes.plot(numbers, validation, color=run.colour, linewidth=1.6, marker=marker)
    for epoch in _where_overfitting_begins(run):
        axes.axvline(epoch.epoch, color=run.colour, linestyle=":", linewidth=1.1)


def _where_overfitting_begins(run: RunCurves) -> list[Epoch]:
    return [epoch for epoch in run.history.epochs if epoch.epoch == run.course.overfitting_from]


def _scale(curves: Sequence[RunCurves], accuracies: Sequence["Axes"], losses: Sequence["Axes"]) -> None:
    """One scale for all panels of a measure."""
    shares = [
        100 * share
        for run in curves
        for e in run.history.epochs
        for share in (e.val_accuracy, e.train_accuracy)
    ]
    top = loss_top(curves)
    for axes in accuracies:
        axes.set_ylim(*_frame(min(shares), max(shares)))
    for axes in losses:
        axes.set_ylim(*_frame(0.0, top))
    for axes in (*accuracies, *losses):
        axes.grid(color=_GREY, linewidth=0.4, alpha=0.5)
        axes.spines[["top", "right"]].set_visible(False)
        axes.locator_params(axis="x", integer=True)


def _frame(low: float, high: float) -> tuple[float, float]:
    margin = 0.05 * (high - low) or 1.0
    return (low - margin if low else 0.0), high + margin


def loss_top(curves: Sequence[RunCurves]) -> float:
    """The highest loss that is shown: all of them, unless a few tower above the others and would flatten these."""
    losses = _losses(curves)
    usual = _OUTLIER * float(np.quantile(losses, 0.9))
    return float(losses[losses <= usual].max()) if usual > 0 else 1.0


def _losses(curves: Sequence[RunCurves]) -> "np.ndarray[Any, np.dtype[np.float64]]":
    losses = np.array(
        [loss for run in curves for e in run.history.epochs for loss in (e.val_loss, e.train_loss)]
    )
    finite = losses[np.isfinite(losses)]
    return finite if len(finite) else np.zeros(1)


def _above_told(curves: Sequence[RunCurves]) -> str:
    losses = _losses(curves)
    above = int((losses > loss_top(curves)).sum())
    return f" {above} of the losses, up to {losses.max():.1f}, lie above the frame." if above else ""


def _legend_of_styles(axes: "Axes", place: str) -> None:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color=_GREY), Line2D([], [], color=_GREY, linestyle="--", linewidth=1.1)]
    legend(axes, handles, ["validation", "training"], loc=place, fontsize=9)


PLUGIN = Diagnostic(
    order=30,
    title="Training",
    question="How far does each network get, and where does over-fitting begin?",
    make=make,
)
