"""The section on mistakes: sentence, tables and figures against counts by hand."""

import json
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import numpy as np
import pytest

from mien.core.errors import MissingInput
from mien.core.images import Ints, LabelledImages, Parts
from mien.core.material import Material, ReadRun
from mien.core.predictions import Predictions
from mien.core.section import Drawing, Finding, Fold, Heading, Text
from mien.core.text_tables import TextTable
from mien.diagnostics._canvas import COLOURS
from mien.diagnostics._class_figures import Balance, draw_balance, draw_measure
from mien.diagnostics._confusion_figure import draw_matrix, matrix, most_confused
from mien.diagnostics.mistakes import PLUGIN, _estimates
from tests.diagnostics.read_runs import read_run

matplotlib_figure = pytest.importorskip("matplotlib.figure")

NAMES = ("angry", "<b>fear</b>", "$sad$")
COUNTS = np.array([[6, 0, 2], [1, 4, 5], [0, 1, 1]])


def of(counts: Ints, names: tuple[str, ...] = NAMES) -> Predictions:
    """Predictions that have this confusion matrix."""
    labels, said = (np.repeat(each.ravel(), counts.ravel()) for each in np.indices(counts.shape))
    probs = np.full((len(labels), len(names)), 0.4 / len(names))
    probs[np.arange(len(labels)), said] += 0.6
    return Predictions(
        probs=probs.astype(np.float32),
        labels=labels.astype(np.int64),
        ids=np.array([f"{k}" for k in range(len(labels))], dtype=np.str_),
        classes=names,
        split="val",
        run="made up",
    )


def runs(*counts: Ints | None) -> tuple[ReadRun, ...]:
    return tuple(
        read_run(f"run-{place}", val=None if each is None else of(each)) for place, each in enumerate(counts)
    )


def made(*counts: Ints | None, parts: Parts | None = None) -> Finding:
    return PLUGIN.make(Material(runs=runs(*counts), parts=parts))


def part(labels: list[int], classes: tuple[str, ...] = NAMES) -> LabelledImages:
    count = len(labels)
    return LabelledImages(
        pixels=np.zeros((count, 4, 4), np.uint8),
        labels=np.array(labels, dtype=np.int64),
        ids=np.array([f"{k}" for k in range(count)]),
        classes=classes,
        split=np.array([""] * count),
        source="made up",
    )


def tables(finding: Finding) -> list[TextTable]:
    return [block for block in finding.blocks if isinstance(block, TextTable)]


def test_the_answer_names_the_most_frequent_pair() -> None:
    said = "run-0 most often takes <b>fear</b> for $sad$: 5 faces, 50.0 % of <b>fear</b> (95 % interval 23.7 to 76.3)"
    assert made(COUNTS).answer == said + "."
    right = np.diag([3, 4, 5])
    assert made(right).answer == "run-0 misclassifies none of its 12 validation faces."
    assert made(COUNTS, COUNTS.T).answer.startswith(
        said + "; run-1 most often takes $sad$ for <b>fear</b>: 5 faces"
    )
    assert (
        made(COUNTS, COUNTS.T, COUNTS, right).answer == f"{said}; the same holds for 1 of the other 3 runs."
    )


def test_tables_by_hand() -> None:
    pairs, mutual, classes, balance = tables(made(COUNTS))
    assert [row[:4] for row in pairs.rows] == [
        ("<b>fear</b>", "$sad$", "5", "50.0 %"),
        ("angry", "$sad$", "2", "25.0 %"),
        ("$sad$", "<b>fear</b>", "1", "50.0 %"),
        ("<b>fear</b>", "angry", "1", "10.0 %"),
    ]
    assert pairs.footer == ("4 of 4 confused pairs; they make 100.0 % of 9 mistakes.",)
    assert mutual.rows[0][:5] == ("<b>fear</b> and $sad$", "6", "5", "1", "50.0 %")
    assert [(*row[:4], row[5], row[7]) for row in classes.rows] == [
        ("angry", "8", "7", "75.0 %", "85.7 %", "80.0 %"),
        ("<b>fear</b>", "10", "5", "40.0 %", "80.0 %", "53.3 %"),
        ("$sad$", "2", "8", "50.0 %", "12.5 %", "20.0 %"),
    ]
    assert balance.rows[1] == ("<b>fear</b>", "10", "50.0 %")


def test_a_class_without_a_face_is_undefined_everywhere() -> None:
    finding = made(np.array([[3, 0, 1], [0, 0, 0], [2, 0, 4]]))
    _, _, classes, _ = tables(finding)
    assert classes.rows[1] == ("<b>fear</b>", "0", "0", "–", "", "–", "", "–", "")
    told = [block.text for block in finding.blocks if isinstance(block, Text)]
    assert (
        told[-1]
        == "In validation, $sad$ has 6 faces and angry 4, 1.5 times fewer. No face at all: <b>fear</b>."
    )
    (run,) = json.loads(json.dumps(finding.data, allow_nan=False))["runs"]
    assert run["per_class"][1]["recall"] is None


def test_no_mistake_has_no_tables_of_pairs() -> None:
    finding = made(np.diag([3, 4, 5]))
    assert [table.title for table in tables(finding)] == [
        "How well each class is found",
        "Faces of each class",
    ]
    assert Text(text="No validation face is misclassified.") in finding.blocks


def test_the_first_run_is_open_and_colours_are_those_of_the_runs() -> None:
    finding = made(None, COUNTS, COUNTS)
    assert finding.blocks[0] == Text(
        text="run-0 is left out: run run-0 has no predictions of its validation part; finish its training."
    )
    assert Heading(text="run-1, 20 validation faces") in finding.blocks
    (fold,) = (block for block in finding.blocks if isinstance(block, Fold))
    assert fold.title == "run-2, 20 validation faces"
    assert COLOURS[1] in next(block.svg for block in finding.blocks if isinstance(block, Drawing))
    assert COLOURS[2] in next(block.svg for block in fold.blocks if isinstance(block, Drawing))
    assert [run["run"] for run in finding.data["runs"]] == ["run-1", "run-2"]


def test_without_any_predictions() -> None:
    with pytest.raises(MissingInput, match=r"run-0 is left out: .*; run-1 is left out: no validation face"):
        PLUGIN.make(Material(runs=(read_run("run-0"), read_run("run-1", val=of(np.zeros((3, 3), int))))))


def test_balance_of_the_parts() -> None:
    parts = Parts(train=part([0] * 6 + [1] * 3 + [2]), val=part([0, 1]), test=part([2, 2]))
    finding = made(COUNTS, parts=parts)
    table = tables(finding)[-1]
    assert table.headers == ("class", "training", "share", "validation", "share", "test", "share")
    assert table.rows[0] == ("angry", "6", "60.0 %", "1", "50.0 %", "0", "0.0 %")
    assert table.totals == ("total", "10", "", "2", "", "2", "")
    assert finding.data["balance"]["training"] == [6, 3, 1]
    told = [block.text for block in finding.blocks if isinstance(block, Text)]
    assert told[-1] == "In training, angry has 6 faces and $sad$ 1, 6.0 times fewer."


def test_balance_from_predictions_where_the_faces_are_not_at_hand() -> None:
    told = [block.text for block in made(COUNTS).blocks if isinstance(block, Text)]
    assert told[0] == "Counted from the predictions of made up, validation alone: the faces are not at hand."


def new_axes() -> "matplotlib_figure.Axes":
    return matplotlib_figure.Figure().subplots()


def test_cells_say_counts_and_shares_and_darker_is_more() -> None:
    axes = new_axes()
    draw_matrix(matrix(COUNTS, NAMES), COLOURS[0], axes)
    texts = {(text.get_position()[0], text.get_position()[1]): text.get_text() for text in axes.texts}
    assert texts[2.5, 1.33] == "50.0 %"  # row of fear, column of sad
    assert texts[2.5, 1.73] == "5"
    assert (1.5, 0.33) not in texts  # nobody
    shaded = [patch for patch in axes.patches if patch.get_fill()]
    shades = {round(patch.get_alpha(), 3): patch for patch in shaded}
    assert len(shades) == len(shaded)
    darkest = shades[max(shades)].get_path().get_extents()
    assert (darkest.x0, darkest.y0) == pytest.approx((0.02, 0.02))  # 75 % of angry are right
    assert all(0 < shade <= 0.6 for shade in shades)


def test_of_many_classes_those_with_mistakes_are_drawn() -> None:
    counts = np.diag(np.full(50, 9))
    counts[40, 3] = 7
    counts[2, 49] = 5
    chosen = most_confused(counts)
    assert len(chosen) == 30
    assert {2, 3, 40, 49} <= set(chosen.tolist())
    assert chosen.tolist() == sorted(chosen.tolist())
    names = tuple(f"a rather long name of class {k}" for k in range(50))
    found = matrix(counts, names)
    assert found.share(found.names.index(names[40]), found.names.index(names[3])) == pytest.approx(7 / 16)
    axes = new_axes()
    draw_matrix(found, COLOURS[0], axes)
    assert not axes.texts
    assert len(axes.patches) < 25  # a page with a thousand rectangles would be slow
    assert all(len(label.get_text()) <= 16 for label in axes.get_yticklabels())


def test_bars_are_the_estimates() -> None:
    axes = new_axes()
    estimates = [one.recall for one in _estimates(of(np.array([[3, 0, 1], [0, 0, 0], [2, 0, 4]])))]
    draw_measure(estimates, COLOURS[0], axes)
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([75, 200 / 3])
    assert axes.lines[0].get_xdata() == pytest.approx([100 * estimates[0].low, 100 * estimates[0].high])
    assert [text.get_text() for text in axes.texts] == ["undefined"]


def test_balance_marks_are_the_shares() -> None:
    axes = new_axes()
    found = Balance(names=NAMES, counts={"training": np.array([6, 3, 1]), "validation": np.array([1, 1, 0])})
    draw_balance(found, [0, 1, 2], axes)
    marks = {line.get_label(): line.get_xdata() for line in axes.lines}
    assert marks["training"] == pytest.approx([60, 30, 10])
    assert marks["validation"] == pytest.approx([50, 50, 0])
    assert marks["equal shares"] == pytest.approx([100 / 3] * 2)


@pytest.mark.parametrize("classes", [2, 9, 40])
def test_figures_are_well_formed_with_hostile_names_and_any_number_of_classes(classes: int) -> None:
    names = (*(f"<script>alert({k})</script> & $x_{k}$" for k in range(classes - 1)), 'a;" onload="x"')
    counts = np.random.default_rng(classes).integers(0, 5, (classes, classes))
    run = replace(read_run("<img src=x>"), val=of(counts, names))
    finding = PLUGIN.make(Material(runs=(run,)))
    for figure in (block for block in finding.blocks if isinstance(block, Drawing)):
        root = ElementTree.fromstring(figure.svg)
        assert not [element for element in root.iter() if element.tag.endswith(("script", "img"))]
        assert not [name for element in root.iter() for name in element.attrib if name.startswith("on")]
    json.dumps(finding.data, allow_nan=False)
