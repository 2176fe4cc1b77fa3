"""How networks stand noise, blur, light, compression, covered and displaced faces: a panel a corruption."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mien.analysis.stressed import Corrupted, Stress
from mien.core.errors import MienError, MissingInput, RunError
from mien.core.material import Material, ReadRun
from mien.core.rundir import STRESS, RunDir
from mien.core.section import Block, Drawing, Finding, Fold, Text
from mien.core.wording import percent
from mien.diagnostics._canvas import COLOURS, canvas, drawing
from mien.diagnostics._diagnostic import Diagnostic
from mien.diagnostics._legend import legend, lines
from mien.diagnostics.stress_tables import accuracy_table, answer, comparison_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PURPOSE = "drawing accuracy under corruptions"
_GREY = "#888888"
_ACROSS = 5


@dataclass(frozen=True, kw_only=True)
class _Run:
    """What was measured of one run, and its colour."""

    name: str
    colour: str
    found: Stress


def make(material: Material) -> Finding:
    """Panels and tables of every run that has stress.json; MissingInput, with the command, where none has."""
    runs, left_out = _runs(material)
    if not runs:
        told = f" ({'; '.join(left_out)})" if left_out else ""
        paths = " ".join(run.path for run in material.runs)
        raise MissingInput(f"no run was put under stress; mien stress {paths} does that{told}")
    named = [(run.name, run.found) for run in runs]
    tables = [accuracy_table(name, found) for name, found in named]
    blocks: list[Block] = [
        _drawing(runs),
        *([comparison_table(named), Fold(title="By strength", blocks=tuple(tables))] if runs[1:] else tables),
        *(Text(text=f"Left out: {reason}.") for reason in left_out),
    ]
    data = {"runs": [{**run.found.to_dict(), "run": run.name} for run in runs], "left_out": left_out}
    return Finding(answer=answer(named), blocks=tuple(blocks), data=data)


def _runs(material: Material) -> tuple[list[_Run], list[str]]:
    """The runs that were measured, and why others are left out, where there is more to say than that they were not."""
    runs: list[_Run] = []
    left_out: list[str] = []
    for number, run in enumerate(material.runs):
        try:
            found = _read(run)
        except MienError as error:
            left_out.append(str(error))
            continue
        if found:
            runs.append(_Run(name=run.name, colour=COLOURS[number % len(COLOURS)], found=found))
    if runs and any(_kinds(run) != _kinds(runs[0]) for run in runs):
        raise MissingInput(
            "runs were measured with different sets of corruptions; measure them anew: mien stress"
        )
    return runs, left_out


def _kinds(run: _Run) -> list[str]:
    return [each.name for each in run.found.corruptions]


def _read(run: ReadRun) -> Stress | None:
    """What was measured of a run, None where nothing was; RunError where that is damaged or of other weights."""
    folder = RunDir(Path(run.path))
    if not folder.has(STRESS):
        return None
    try:
        found = Stress.from_dict(json.loads(folder.read(STRESS)))
    except (ValueError, AttributeError, RunError) as error:
        raise RunError(
            f"run {run.path}: {STRESS} is damaged ({error}); mien stress writes it anew"
        ) from error
    if folder.has(folder.weights_name) and folder.weights_digest != found.sample.weights:
        raise RunError(f"run {run.path}: {STRESS} is of other weights; mien stress writes it anew")
    return found


def _drawing(runs: Sequence[_Run]) -> Drawing:
    kinds = runs[0].found.corruptions
    rows = -(-len(kinds) // _ACROSS)
    figure = canvas(7.2, 1.35 * rows + 0.5, _PURPOSE)
    panels = figure.subplots(rows, _ACROSS, sharex=True, sharey=True, squeeze=False).ravel()
    for place, (kind, axes) in enumerate(zip(kinds, panels, strict=False)):
        draw_corruption([(run.found.clean.accuracy, _of(run, kind), run.colour) for run in runs], axes)
        axes.set_title(kind.name, fontsize=8)
        axes.tick_params(labelbottom=place + _ACROSS >= len(kinds))
    for axes in panels[len(kinds) :]:
        axes.set_visible(False)
    figure.supxlabel("strength (0: clean faces)", fontsize=9)
    figure.supylabel("right, %", fontsize=9)
    handles = lines([run.colour for run in runs])
    legend(figure, handles, [run.name for run in runs], loc="outside upper left", ncols=3)
    alt = "Accuracy by strength of each corruption. " + " ".join(map(_alt, runs))
    caption = "Every panel begins at the accuracy on the same faces without corruption; the dotted line stays there."
    return drawing(figure, alt, caption)


def _of(run: _Run, kind: Corrupted) -> Corrupted:
    return next(each for each in run.found.corruptions if each.name == kind.name)


def _alt(run: _Run) -> str:
    worst = min(
        ((each.accuracy, one.name) for one in run.found.corruptions for each in one.figures),
        default=(0.0, ""),
    )
    return (
        f"{run.name}: {percent(run.found.clean.accuracy)} right of clean faces, down to {percent(worst[0])} under "
        f"{worst[1]}; {percent(run.found.loss)} lost over all."
    )


def draw_corruption(lines: Sequence[tuple[float, Corrupted, str]], axes: "Axes") -> None:
    """Accuracy by strength, a line a run: (accuracy on clean faces, what was found, colour)."""
    for clean, found, colour in lines:
        accuracies = [100 * clean, *(100 * each.accuracy for each in found.figures)]
        axes.axhline(100 * clean, color=colour, linewidth=0.8, linestyle=":")
        axes.plot(range(len(accuracies)), accuracies, color=colour, linewidth=1.4, marker="o", markersize=2.5)
    axes.set(ylim=(0, 100), xticks=range(len(lines[0][1].figures) + 1), yticks=(0, 50, 100))
    axes.tick_params(labelsize=7)
    axes.grid(color=_GREY, linewidth=0.4, alpha=0.5)
    axes.spines[["top", "right"]].set_visible(False)


PLUGIN = Diagnostic(
    order=75,
    title="Stress",
    question="What do noise, blur, light, compression, covered and displaced faces cost?",
    make=make,
    on_demand=True,
)
