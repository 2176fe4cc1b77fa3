"""Whether faces scored 80 % are right in 80 of 100, and what leaving out unsure faces brings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mien.analysis.calibration import Answered, Calibration, ReliabilityBin, answered, calibration
from mien.core.errors import MienError, MissingInput
from mien.core.material import Material, ReadRun
from mien.core.section import Block, Drawing, Finding, Fold, Text
from mien.core.text_tables import TextTable
from mien.core.wording import listed, percent
from mien.diagnostics._canvas import COLOURS, canvas, drawing
from mien.diagnostics._diagnostic import Diagnostic
from mien.diagnostics._legend import legend, lines

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PURPOSE = "drawing calibration"
_GREY = "#888888"
_MOST_TOGETHER = 3  # runs in one reliability diagram
_SHARES = (1.0, 0.9, 0.8, 0.7, 0.5)
_FEWEST_IN_BIN = 10  # faces from which on a bin is drawn: the share that is right among fewer says little
_FEWEST = 20  # answered faces from which on their accuracy is drawn: of fewer it jumps
_MOST_POINTS = 200  # of a curve: more cannot be seen


@dataclass(frozen=True, kw_only=True, eq=False)
class RunCalibration:
    """What was found of one run, and its colour."""

    name: str
    colour: str
    found: Calibration
    answered: Answered


def make(material: Material) -> Finding:
    """Calibration of every run that has predictions of its validation part."""
    runs, left_out = _runs(material)
    if not runs:
        raise MissingInput("; ".join(left_out) or "there is no run")
    first, *later = (
        _reliability(runs[start : start + _MOST_TOGETHER]) for start in range(0, len(runs), _MOST_TOGETHER)
    )
    blocks: list[Block] = [
        first,
        *([Fold(title="The reliability of the other runs", blocks=tuple(later))] if later else []),
        _table(runs),
        Text(text=" ".join(_meaning(run) for run in runs[:_MOST_TOGETHER])),
        _answered_drawing(runs),
        _answered_table(runs),
        *(Text(text=f"Left out: {reason}.") for reason in left_out),
    ]
    data = {"runs": [_data(run) for run in runs], "left_out": left_out}
    return Finding(answer=_answer(runs), blocks=tuple(blocks), data=data)


def _runs(material: Material) -> tuple[list[RunCalibration], list[str]]:
    """The runs with predictions, and why others have none."""
    runs: list[RunCalibration] = []
    left_out: list[str] = []
    for number, run in enumerate(material.runs):
        try:
            runs.append(_one(run, COLOURS[number % len(COLOURS)]))
        except MienError as error:
            left_out.append(str(error))
    return runs, left_out


def _one(run: ReadRun, colour: str) -> RunCalibration:
    predictions = run.predictions()
    return RunCalibration(
        name=run.name, colour=colour, found=calibration(predictions), answered=answered(predictions)
    )


def _data(run: RunCalibration) -> dict[str, Any]:
    points = [
        dict(zip(("share", "accuracy", "threshold"), run.answered.at(share), strict=True))
        for share in _SHARES
    ]
    return {"run": run.name, **run.found.to_dict(), "answered": points}


def _answer(runs: Sequence[RunCalibration]) -> str:
    if len(runs) <= _MOST_TOGETHER:
        return "; ".join(_told(run) for run in runs) + "."
    leanings = ("over-confident", "under-confident", "neither")
    groups = [(leaning, [run.name for run in runs if run.found.leaning == leaning]) for leaning in leanings]
    said = ", ".join(f"{len(names)} {leaning} ({listed(names)})" for leaning, names in groups if names)
    return f"Of {len(runs)} runs: {said}."


def _told(run: RunCalibration) -> str:
    found = run.found
    shares = (
        f"{percent(found.confidence)} sure on average and right in {percent(found.accuracy)} of the faces"
    )
    if found.leaning == "neither":
        return f"{run.name} is on average as sure as it is right: {shares} (ECE {percent(found.ece)})"
    return f"{run.name} is {found.leaning}: {shares} (ECE {percent(found.ece)})"


def _meaning(run: RunCalibration) -> str:
    found = run.found
    return (
        f"Among faces with about the same score, the score of {run.name} and the share that it gets right differ by "
        f"{100 * found.ece:.1f} points on average (ECE); on {found.faces:,} faces perfect scores would show "
        f"{100 * found.ece_by_chance:.1f} points by chance."
    )


def _table(runs: Sequence[RunCalibration]) -> TextTable:
    return TextTable(
        title="How far the scores can be believed",
        headers=(
            "run",
            "faces",
            "right",
            "sure on average",
            "sure minus right",
            "ECE",
            "ECE by chance",
            "Brier score",
        ),
        rows=tuple(_row(run) for run in runs),
        footer=(
            "Sure: the score of the answered class. Sure minus right is in points, ± half of its 95 % interval.",
            f"ECE: distance between sure and right in {len(runs[0].found.bins)} bins of equal width, averaged over "
            "faces (Guo et al. 2017); by chance: what perfect scores would show on so many faces.",
            "Brier score: squared distance of all scores from the truth, 0 at best, 2 at worst (Brier 1950).",
        ),
    )


def _row(run: RunCalibration) -> tuple[str, ...]:
    found = run.found
    return (
        run.name,
        f"{found.faces:,}",
        percent(found.accuracy),
        percent(found.confidence),
        f"{100 * found.excess:+.1f} ± {100 * found.excess_margin:.1f}",
        percent(found.ece),
        percent(found.ece_by_chance),
        f"{found.brier:.3f}",
    )


def _reliability(runs: Sequence[RunCalibration]) -> Drawing:
    figure = canvas(5.0, 6.4, _PURPOSE)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    draw_reliability(runs, upper)
    draw_shares(runs, lower)
    lower.set_xlabel("score of the answer, %")
    _legend_of_runs(figure, runs)
    alt = "Accuracy against score, with the share of faces below. " + " ".join(
        _reliability_alt(run) for run in runs
    )
    caption = (
        "On the diagonal the share that is right equals the score; below it a network is surer than right. Bars are "
        f"95 % intervals (Wilson); bins of fewer than {_FEWEST_IN_BIN} faces are left out. Below: how "
        "the faces spread over the bins."
    )
    return drawing(figure, alt, caption)


def _reliability_alt(run: RunCalibration) -> str:
    surest = [found for found in run.found.bins if found.faces][-1]
    return (
        f"{run.name}: {percent(run.found.confidence)} sure and {percent(run.found.accuracy)} right on average; in the "
        f"bin of the highest scores {percent(surest.confidence or 0.0)} sure and {percent(surest.accuracy or 0.0)} "
        f"right; ECE {percent(run.found.ece)}."
    )


def draw_reliability(runs: Sequence[RunCalibration], axes: "Axes") -> None:
    """Share that is right against mean score, a point a bin with its interval, and the diagonal."""
    axes.plot([0, 100], [0, 100], color=_GREY, linewidth=1, linestyle="--")
    for run in runs:
        filled = drawn_bins(run)
        confidence = [100 * (found.confidence or 0.0) for found in filled]
        accuracy = [100 * (found.accuracy or 0.0) for found in filled]
        axes.plot(confidence, accuracy, color=run.colour, marker="o", markersize=4, linewidth=1.5)
        for place, found in zip(confidence, filled, strict=True):
            low, high = found.interval or (0.0, 1.0)
            axes.plot([place, place], [100 * low, 100 * high], color=run.colour, linewidth=1, alpha=0.6)
    axes.set(ylabel="right, %", xlim=(0, 101), ylim=(-2, 102))
    _tidy(axes)


def drawn_bins(run: RunCalibration) -> list[ReliabilityBin]:
    """The bins with enough faces to show; of a run where none has enough, all that have any."""
    enough = [found for found in run.found.bins if found.faces >= _FEWEST_IN_BIN]
    return enough or [found for found in run.found.bins if found.faces]


def draw_shares(runs: Sequence[RunCalibration], axes: "Axes") -> None:
    """The share of faces in each bin of the score, as outlines that do not hide each other."""
    for run in runs:
        edges = [100 * found.low for found in run.found.bins] + [100.0]
        shares = [100 * found.faces / run.found.faces for found in run.found.bins]
        axes.stairs(shares, edges, color=run.colour, linewidth=1.5)
    axes.set(ylabel="faces, %")
    axes.set_ylim(bottom=0)
    _tidy(axes)


def _answered_drawing(runs: Sequence[RunCalibration]) -> Drawing:
    figure = canvas(5.0, 3.8, _PURPOSE)
    axes = figure.subplots()
    draw_answered(runs, axes)
    _legend_of_runs(figure, runs)
    alt = "Accuracy against the share of faces that are answered. " + " ".join(
        _answered_alt(run) for run in runs
    )
    caption = f"The surest faces are answered first; curves begin at {_FEWEST} faces."
    return drawing(figure, alt, caption)


def _answered_alt(run: RunCalibration) -> str:
    half = percent(run.answered.at(0.5)[1])
    return f"{run.name}: {percent(run.found.accuracy)} right of all, {half} of the surest half."


def draw_answered(runs: Sequence[RunCalibration], axes: "Axes") -> None:
    """Accuracy of the answered faces against their share; the last point is that of all faces."""
    for run in runs:
        share, accuracy = drawn_points(run)
        axes.plot(100 * share, 100 * accuracy, color=run.colour, linewidth=1.5)
        axes.plot([100], [100 * run.found.accuracy], "o", color=run.colour, markersize=4, clip_on=False)
    axes.set(xlabel="answered, % of the faces", ylabel="right of these, %", xlim=(0, 101))
    axes.set_ylim(top=min(axes.get_ylim()[1], 101))
    _tidy(axes)


def drawn_points(run: RunCalibration) -> "tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]":
    """Share and accuracy of evenly chosen points of the curve, the last one always among them."""
    curve = run.answered
    enough = np.flatnonzero(curve.share * run.found.faces >= min(_FEWEST, run.found.faces) - 0.5)
    chosen = enough[np.unique(np.linspace(0, len(enough) - 1, _MOST_POINTS).round().astype(np.int64))]
    return curve.share[chosen], curve.accuracy[chosen]


def _answered_table(runs: Sequence[RunCalibration]) -> TextTable:
    return TextTable(
        title="Right of the answered, when unsure faces are left out",
        headers=("run", *(f"{share:.0%} answered".replace("%", " %") for share in _SHARES)),
        rows=tuple(
            (run.name, *(_answered_cell(run.answered.at(share)) for share in _SHARES)) for run in runs
        ),
        footer=(
            "In brackets the score from which on a face is answered. Faces of equal score are answered together, so a "
            "share can be a little higher than its heading.",
        ),
    )


def _answered_cell(point: tuple[float, float, float]) -> str:
    _, accuracy, threshold = point
    return f"{percent(accuracy)} ({100 * threshold:.0f} %)"


def _legend_of_runs(figure: Any, runs: Sequence[RunCalibration]) -> None:
    handles = lines([run.colour for run in runs])
    legend(figure, handles, [run.name for run in runs], loc="outside upper left")


def _tidy(axes: "Axes") -> None:
    axes.grid(color=_GREY, linewidth=0.4, alpha=0.5)
    axes.spines[["top", "right"]].set_visible(False)


PLUGIN = Diagnostic(
    order=70,
    title="Calibration",
    question="When a network is 80 % sure, is it right in 80 of 100 faces?",
    make=make,
)
