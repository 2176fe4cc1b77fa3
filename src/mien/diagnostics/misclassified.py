"""Misclassified faces with all their scores, and how far the predicted class leads the true one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mien.analysis.confusions import (
    CLOSE,
    QUANTILES,
    mistaken,
    ranked_pairs,
    runner_up_share,
    score_gaps,
    score_leads,
)
from mien.core.errors import ConfigError, DataError, MissingInput
from mien.core.images import Ints, LabelledImages
from mien.core.material import Material
from mien.core.predictions import Predictions
from mien.core.section import Block, FaceCard, Finding, Gallery, Heading, Text
from mien.core.text_tables import TextTable
from mien.core.wording import percent
from mien.diagnostics._canvas import COLOURS
from mien.diagnostics._diagnostic import Diagnostic
from mien.diagnostics._face_cards import card
from mien.diagnostics._gap_figure import GapLine, gaps_drawing
from mien.diagnostics._predicting_runs import predicting_runs, runs_left_out

_FACES, _PAIRS = 12, 8
_SCORES = "A score is the probability that the network gives to a class; those of a face sum to 100 %."


@dataclass(frozen=True, kw_only=True, eq=False)
class _Choice:
    """Rows of the predictions under a title; of `of` that could have been chosen."""

    name: str
    title: str
    rows: Ints
    of: int


def make(material: Material) -> Finding:
    """Galleries of the first run that has predictions, and the gaps between its scores."""
    (number, run, predictions), *_ = predicting_runs(material)
    pair = _pair(material, predictions)
    choices = _choices(predictions, pair)
    lines = _gap_lines(predictions)
    blocks: list[Block] = [*runs_left_out(material)[:number]]  # those before the first that can be shown
    blocks += [
        Text(text=f"Validation faces of {run.name}. {_SCORES}"),
        *_galleries(choices, predictions, material),
    ]
    if mistaken(predictions).any():
        blocks += [
            Heading(text="How close the scores are"),
            gaps_drawing(lines, COLOURS[number % len(COLOURS)], run.name),
            _gap_table([lines[0], _leads_of_mistakes(predictions), *lines[1:]]),
        ]
    data = _data(run.name, predictions, choices, lines)
    return Finding(answer=_answer(run.name, predictions), blocks=tuple(blocks), data=data)


def _pair(material: Material, predictions: Predictions) -> tuple[int, int] | None:
    """Indices of the pair that the reader chose, else of the most frequent one; None without a mistake."""
    if material.pair is None:
        first = next(iter(ranked_pairs(predictions)), None)
        return (first.true, first.predicted) if first else None
    true, predicted = (_class_index(name, predictions.classes) for name in material.pair)
    if true == predicted:
        raise ConfigError(f"pair: expected two different classes, got {material.pair[0]} twice")
    return true, predicted


def _class_index(name: str, classes: tuple[str, ...]) -> int:
    if name not in classes:
        raise ConfigError(f"pair: no class is called '{name}'; there are {', '.join(classes)}")
    return classes.index(name)


def _choices(predictions: Predictions, pair: tuple[int, int] | None) -> list[_Choice]:
    wrong = np.flatnonzero(mistaken(predictions))
    surest = wrong[np.argsort(-predictions.probs[wrong].max(axis=1), kind="stable")]
    closest = wrong[np.argsort(score_gaps(predictions), kind="stable")]
    found = [
        _Choice(name="surest", title="The surest mistakes", rows=surest[:_FACES], of=len(wrong)),
        _Choice(name="closest", title="The closest calls", rows=closest[:_FACES], of=len(wrong)),
    ]
    if pair is not None:
        found.append(_pair_choice(predictions, closest[::-1], *pair))
    return [choice for choice in found if choice.name == "pair" or len(choice.rows)]


def _pair_choice(predictions: Predictions, ranked: Ints, true: int, predicted: int) -> _Choice:
    """Faces of a pair, from the widest gap to the closest; of many, evenly over the ranks, so that they are typical."""
    own = ranked[mistaken(predictions, true, predicted)[ranked]]
    chosen = own[np.unique(np.linspace(0, len(own) - 1, min(len(own), _FACES)).round().astype(int))]
    names = predictions.classes
    return _Choice(
        name="pair", title=f"{names[true]}, taken for {names[predicted]}", rows=chosen, of=len(own)
    )


def _galleries(choices: Sequence[_Choice], predictions: Predictions, material: Material) -> list[Block]:
    if not choices:
        return []
    try:
        faces = material.faces(predictions)
    except (MissingInput, DataError) as error:
        return [
            Text(text=f"The faces themselves cannot be shown: {error}. Their numbers are in metrics.json.")
        ]
    return [_gallery(choice, predictions, faces) for choice in choices]


def _gallery(choice: _Choice, predictions: Predictions, faces: LabelledImages) -> Block:
    if not len(choice.rows):
        return Text(text=f"{choice.title}: no validation face.")
    evenly = ", evenly from the widest gap to the closest" if choice.name == "pair" else ""
    some = (
        f"{len(choice.rows)} of {choice.of:,}{evenly}"
        if len(choice.rows) < choice.of
        else f"all {choice.of:,}"
    )
    return Gallery(
        title=f"{choice.title} ({some})",
        cards=tuple(_card(row, predictions, faces) for row in choice.rows.tolist()),
    )


def _card(row: int, predictions: Predictions, faces: LabelledImages) -> FaceCard:
    scores, true = predictions.probs[row], int(predictions.labels[row])
    predicted, names = int(scores.argmax()), predictions.classes
    heading = (
        f"{names[true]} ({percent(float(scores[true]))}), "
        f"taken for {names[predicted]} ({percent(float(scores[predicted]))})"
    )
    return card(faces.pixels[row], scores, names, true, str(predictions.ids[row]), heading)


def _gap_lines(predictions: Predictions) -> list[GapLine]:
    """All mistakes, the most frequent pairs, and for comparison the correct faces."""
    names = predictions.classes
    pairs = [
        GapLine(
            words=(names[pair.true], names[pair.predicted]),
            gaps=score_gaps(predictions, pair.true, pair.predicted),
        )
        for pair in ranked_pairs(predictions)[:_PAIRS]
    ]
    correct = GapLine(words=("correct faces",), gaps=score_leads(predictions), correct=True)
    return [GapLine(words=("all mistakes",), gaps=score_gaps(predictions)), *pairs, correct]


def _leads_of_mistakes(predictions: Predictions) -> GapLine:
    """First to second score, whichever these are: what compares with the correct faces, whose true class is first."""
    return GapLine(
        words=("all mistakes, first to second score",), gaps=score_leads(predictions, of_mistakes=True)
    )


def _gap_table(lines: Sequence[GapLine]) -> TextTable:
    return TextTable(
        title="By how much the highest score leads",
        headers=("faces that are", "faces", "median", "middle half", "middle 90 %", f"below {CLOSE:.2f}"),
        rows=tuple(_gap_row(line) for line in lines if len(line.gaps)),
        footer=("Pairs are the true class, then the class it is taken for.",),
    )


def _gap_row(line: GapLine) -> tuple[str, ...]:
    found = line.figures
    lowest, lower, median, upper, highest = found.quantiles or (0.0,) * len(QUANTILES)
    return (
        line.name,
        f"{found.faces:,}",
        f"{median:.2f}",
        f"{lower:.2f} to {upper:.2f}",
        f"{lowest:.2f} to {highest:.2f}",
        percent(found.close or 0.0),
    )


def _data(
    run: str, predictions: Predictions, choices: Sequence[_Choice], lines: Sequence[GapLine]
) -> dict[str, Any]:
    names = predictions.classes
    pairs = ranked_pairs(predictions)[:_PAIRS]
    first, *middle, last = lines
    return {
        "run": run,
        "part": predictions.split,
        "classes": list(names),
        "quantiles": list(QUANTILES),
        "mistakes": first.figures.to_dict(),
        "mistakes_first_to_second": _leads_of_mistakes(predictions).figures.to_dict(),
        "true_class_is_second": runner_up_share(predictions),
        "correct_faces": last.figures.to_dict(),
        "pairs": [
            {"true": names[pair.true], "predicted": names[pair.predicted]} | line.figures.to_dict()
            for pair, line in zip(pairs, middle, strict=True)
        ],
        "galleries": {
            choice.name: [_face_data(row, predictions) for row in choice.rows.tolist()] for choice in choices
        },
    }


def _face_data(row: int, predictions: Predictions) -> dict[str, Any]:
    names, scores = predictions.classes, predictions.probs[row]
    return {
        "id": str(predictions.ids[row]),
        "true": names[predictions.labels[row]],
        "predicted": names[scores.argmax()],
        "scores": [round(float(score), 6) for score in scores],
    }


def _answer(run: str, predictions: Predictions) -> str:
    gaps, leads = score_gaps(predictions), score_leads(predictions)
    if not len(gaps):
        return f"{run} misclassifies none of its {len(predictions):,} validation faces."
    second = runner_up_share(predictions) or 0.0
    told = (
        f"In half of the {len(gaps):,} misclassified faces of {run} the predicted class leads the true one "
        f"by less than {np.median(gaps):.2f}"
    )
    if len(leads):
        told += f", where correct faces lead their second class by {np.median(leads):.2f} in the median"
    return f"{told}; the true class comes second in {percent(second)} of the mistakes."


PLUGIN = Diagnostic(
    order=60,
    title="Misclassified faces",
    question="Which faces are taken for another expression, and how close are their scores?",
    make=make,
)
