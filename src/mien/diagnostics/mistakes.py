"""Which classes each network takes for which others, how well it finds each, and how many faces each has."""

from dataclasses import asdict
from typing import Any

from mien.analysis.class_intervals import ClassEstimates, Estimate, class_estimates
from mien.analysis.confusions import ConfusedPair, MutualPair, mutual_pairs, ranked_pairs
from mien.analysis.metrics import confusion
from mien.core.errors import MissingInput
from mien.core.images import LabelledImages
from mien.core.material import Material, ReadRun
from mien.core.predictions import Predictions
from mien.core.section import Block, Finding, Fold, Heading, Text
from mien.core.text_tables import TextTable
from mien.core.wording import interval, listed, percent
from mien.diagnostics._canvas import COLOURS
from mien.diagnostics._class_figures import Balance, balance_drawing, estimates_drawing
from mien.diagnostics._confusion_figure import matrix, matrix_drawing
from mien.diagnostics._diagnostic import Diagnostic
from mien.diagnostics._predicting_runs import predicting_runs, runs_left_out

_MOST_PAIRS, _MOST_MUTUAL = 10, 5
_UNDEFINED = "–"
_METHOD = (
    "95 % intervals: Wilson's for recall and precision; for F1 Wilson's of the share of hits among the faces that "
    "have the label or are given it, carried over by F1 = 2s / (1 + s) (Lam, Gopal and Qian 2023)."
)


def make(material: Material) -> Finding:
    """The first run in full, the others to open, and the class balance."""
    runs = predicting_runs(material)
    blocks: list[Block] = list(runs_left_out(material))
    for place, (number, run, predictions) in enumerate(runs):
        shown = _run_blocks(run, predictions, COLOURS[number % len(COLOURS)])
        title = f"{run.name}, {len(predictions):,} validation faces"
        blocks += [Heading(text=title), *shown] if place == 0 else [Fold(title=title, blocks=shown)]
    balance, why_not = _balance(material, runs[0][2])
    blocks += [
        Heading(text="Class balance"),
        *(Text(text=line) for line in why_not),
        *_balance_blocks(balance),
    ]
    data = {
        "runs": [_run_data(run, predictions) for _, run, predictions in runs],
        "balance": {
            "classes": balance.names,
            **{part: each.tolist() for part, each in balance.counts.items()},
        },
    }
    return Finding(
        answer=_answer([(run.name, said) for _, run, said in runs]), blocks=tuple(blocks), data=data
    )


def _estimates(predictions: Predictions) -> tuple[ClassEstimates, ...]:
    counts = confusion(predictions.labels, predictions.predicted, len(predictions.classes))
    return class_estimates(counts, predictions.classes)


def _run_blocks(run: ReadRun, predictions: Predictions, colour: str) -> tuple[Block, ...]:
    counts = confusion(predictions.labels, predictions.predicted, len(predictions.classes))
    estimates = _estimates(predictions)
    return (
        matrix_drawing(matrix(counts, predictions.classes), colour, run.name),
        *_pair_tables(predictions),
        _class_table(estimates),
        estimates_drawing(estimates, colour, run.name),
    )


def _pair_tables(predictions: Predictions) -> tuple[Block, ...]:
    pairs, mutual = ranked_pairs(predictions), mutual_pairs(predictions)
    if not pairs:
        return (Text(text="No validation face is misclassified."),)
    return _pair_table(pairs, predictions.classes), _mutual_table(mutual, predictions.classes)


def _pair_table(pairs: tuple[ConfusedPair, ...], names: tuple[str, ...]) -> TextTable:
    shown = pairs[:_MOST_PAIRS]
    mistakes = sum(pair.count for pair in pairs)
    covered = sum(pair.count for pair in shown)
    return TextTable(
        title="What is taken for what most often",
        headers=("true class", "taken for", "faces", "of the true class", "95 % interval"),
        rows=tuple(
            (
                names[pair.true],
                names[pair.predicted],
                f"{pair.count:,}",
                percent(pair.share),
                interval(pair.interval),
            )
            for pair in shown
        ),
        footer=(
            f"{len(shown)} of {len(pairs)} confused pairs; "
            f"they make {percent(covered / mistakes)} of {mistakes:,} mistakes.",
        ),
        left=(0, 1),
    )


def _mutual_table(pairs: tuple[MutualPair, ...], names: tuple[str, ...]) -> TextTable:
    return TextTable(
        title="Classes that are taken for each other, both ways together",
        headers=(
            "classes",
            "faces",
            "first for second",
            "second for first",
            "of both classes",
            "95 % interval",
        ),
        rows=tuple(
            (
                listed([names[k] for k in pair.classes]),
                f"{pair.count:,}",
                f"{pair.forth:,}",
                f"{pair.count - pair.forth:,}",
                percent(pair.share),
                interval(pair.interval),
            )
            for pair in pairs[:_MOST_MUTUAL]
        ),
    )


def _class_table(estimates: tuple[ClassEstimates, ...]) -> TextTable:
    return TextTable(
        title="How well each class is found",
        headers=("class", "faces", "taken for it", "recall", "", "precision", "", "F1", ""),
        rows=tuple(
            (
                one.name,
                f"{one.faces:,}",
                f"{one.predicted:,}",
                *_two_cells(one.recall),
                *_two_cells(one.precision),
                *_two_cells(one.f1),
            )
            for one in estimates
        ),
        footer=(_METHOD, f"{_UNDEFINED} is undefined: no such face, or none taken for it."),
    )


def _two_cells(estimate: Estimate | None) -> tuple[str, str]:
    return (percent(estimate.value), interval(estimate.interval)) if estimate else (_UNDEFINED, "")


def _balance(material: Material, predictions: Predictions) -> tuple[Balance, tuple[str, ...]]:
    """Faces of each class in the parts of the data, or, where these are not at hand, in the predictions alone."""
    try:
        parts = material.all_parts()
    except MissingInput as error:
        counts = confusion(predictions.labels, predictions.predicted, len(predictions.classes)).sum(axis=1)
        why_not = f"Counted from the predictions of {predictions.run}, validation alone: {error}."
        return Balance(names=predictions.classes, counts={"validation": counts}), (why_not,)
    named: dict[str, LabelledImages | None] = {
        "training": parts.train,
        "validation": parts.val,
        "test": parts.test,
    }
    counted = {name: part.counts() for name, part in named.items() if part is not None}
    return Balance(names=parts.train.classes, counts=counted), ()


def _balance_blocks(balance: Balance) -> tuple[Block, ...]:
    table = TextTable(
        title="Faces of each class",
        headers=("class", *(cell for part in balance.counts for cell in (part, "share"))),
        rows=tuple(_balance_row(balance, k) for k in range(len(balance.names))),
        totals=("total", *(cell for each in balance.counts.values() for cell in (f"{each.sum():,}", ""))),
    )
    return Text(text=_balance_told(balance)), balance_drawing(balance), table


def _balance_row(balance: Balance, k: int) -> tuple[str, ...]:
    cells = ((f"{counts[k]:,}", percent(balance.shares(part)[k])) for part, counts in balance.counts.items())
    return balance.names[k], *(cell for pair in cells for cell in pair)


def _balance_told(balance: Balance) -> str:
    part, counts = next(iter(balance.counts.items()))
    present = [k for k in range(len(counts)) if counts[k]]
    absent = [balance.names[k] for k in range(len(counts)) if not counts[k]]
    if not present:
        return f"{part.capitalize()} has no faces."
    most, least = (choose(present, key=lambda k: counts[k]) for choose in (max, min))
    ratio = counts[most] / counts[least]
    told = f"In {part}, {balance.names[most]} has {counts[most]:,} faces and {balance.names[least]} {counts[least]:,}"
    told += f", {ratio:.1f} times fewer." if ratio >= 1.05 else "."
    return told + f" No face at all: {listed(absent)}." * bool(absent)


def _run_data(run: ReadRun, predictions: Predictions) -> dict[str, Any]:
    names = predictions.classes
    return {
        "run": run.name,
        "part": predictions.split,
        "classes": list(names),
        "confusion": confusion(predictions.labels, predictions.predicted, len(names)).tolist(),
        "per_class": [one.to_dict() for one in _estimates(predictions)],
        "pairs": [
            asdict(pair) | {"true": names[pair.true], "predicted": names[pair.predicted]}
            for pair in ranked_pairs(predictions)
        ],
        "mutual_pairs": [
            asdict(pair) | {"classes": [names[k] for k in pair.classes]} for pair in mutual_pairs(predictions)
        ],
    }


def _answer(runs: list[tuple[str, Predictions]]) -> str:
    (name, predictions), *others = runs
    told = _leading(name, predictions)
    if len(others) == 1:
        return f"{told}; {_leading(*others[0])}."
    if others:
        leader = _leader(predictions)
        same = sum(_leader(each) == leader for _, each in others)
        told += f"; the same holds for {same} of the other {len(others)} runs"
    return told + "."


def _leader(predictions: Predictions) -> tuple[str, str] | None:
    pairs = ranked_pairs(predictions)
    return (predictions.classes[pairs[0].true], predictions.classes[pairs[0].predicted]) if pairs else None


def _leading(name: str, predictions: Predictions) -> str:
    pairs = ranked_pairs(predictions)
    if not pairs:
        return f"{name} misclassifies none of its {len(predictions):,} validation faces"
    first = pairs[0]
    true, predicted = predictions.classes[first.true], predictions.classes[first.predicted]
    return (
        f"{name} most often takes {true} for {predicted}: {first.count:,} faces, {percent(first.share)} of {true} "
        f"(95 % interval {interval(first.interval)})"
    )


PLUGIN = Diagnostic(order=50, title="Mistakes", question="What does each network take for what?", make=make)
