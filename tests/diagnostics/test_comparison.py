"""The section that compares two runs: numbers by hand, faces in the right place, and what cannot be compared."""

import json
from dataclasses import replace

import numpy as np
import pytest

from mien.core.errors import MissingInput
from mien.core.material import Material
from mien.core.section import Drawing, Finding, Fold, Gallery, Text
from mien.core.text_tables import TextTable
from mien.diagnostics._canvas import COLOURS
from mien.diagnostics.comparison import PLUGIN, Side, only_right
from tests.diagnostics.read_runs import CLASSES, parts_of, predictions_of, read_run

pytest.importorskip("matplotlib.figure")

# 40 faces of classes 0 and 1 in turn (none of class 2): both right 20, only first 12, only second 3, neither 5
LABELS = np.arange(40) % 2
FIRST = predictions_of(
    LABELS, np.where(np.arange(40) < 32, LABELS, 2), np.linspace(0.5, 0.9, 40), run="first"
)
SECOND_RIGHT = np.isin(np.arange(40), [*range(20), 32, 33, 34])
SECOND = predictions_of(LABELS, np.where(SECOND_RIGHT, LABELS, 2), 0.6, run="second")


def made(*predictions, parts=None) -> Finding:
    names = ("first", "second", "third", "fourth")
    runs = tuple(read_run(name, val=one) for name, one in zip(names, predictions, strict=False))
    return PLUGIN.make(Material(runs=runs, parts=parts, no_faces="the faces lie elsewhere"))


def blocks(finding: Finding, kind: type) -> list:
    return [block for block in finding.blocks if isinstance(block, kind)]


def test_the_answer_is_read_from_the_numbers() -> None:
    assert made(FIRST, SECOND).answer.startswith(
        "first is right more often than second on the same 40 validation faces: first minus second is +22.5 points "
        "(95 % interval +"
    )
    assert made(FIRST, SECOND).answer.endswith(
        "more than chance explains (McNemar p = 0.035)."
    )  # 12 against 3
    assert made(SECOND, FIRST).answer.startswith("second is right more often than first")
    assert "is -22.5 points (95 % interval -" in made(SECOND, FIRST).answer
    assert "a difference of +0.0 points" in made(FIRST, replace(FIRST, run="twin")).answer
    assert "that chance may explain (McNemar p = 1)" in made(FIRST, replace(FIRST, run="twin")).answer


def test_tables_and_data_by_hand() -> None:
    finding = made(FIRST, SECOND)
    paired, classes = blocks(finding, TextTable)
    assert [row[1:] for row in paired.rows] == [("20", "12", "32"), ("3", "5", "8")]
    assert paired.totals == ("all", "23", "17", "40")
    assert classes.rows[0] == ("angry", "20", "80.0 %", "60.0 %", "6", "2")
    assert classes.rows[2] == ("$sad$", "0", "–", "–", "0", "0")
    (pair,) = json.loads(json.dumps(finding.data, allow_nan=False))["pairs"]
    assert pair["mcnemar"]["only_first"] == 12
    assert (pair["accuracy_first"], pair["accuracy_second"]) == (0.8, 0.575)
    assert pair["ahead"] == "first"


def test_the_surest_faces_come_first() -> None:
    sides = [Side(name="", colour=COLOURS[0], predictions=one) for one in (FIRST, SECOND)]
    assert only_right(*sides).tolist() == [31, 30, 29, 28, 27, 26, 25, 24]
    assert only_right(*sides[::-1]).tolist() == [32, 33, 34]  # equally sure


def test_galleries_show_the_faces_of_the_predictions() -> None:
    finding = made(FIRST, SECOND, parts=parts_of(FIRST))
    first, second = blocks(finding, Gallery)
    assert first.title == "12 faces that only first gets right: the 8 that it is surest of"
    assert second.title == "3 faces that only second gets right: the surest first"
    assert [card.id for card in first.cards[:2]] == ["face 31", "face 30"]
    for card in (*first.cards, *second.cards):
        assert (card.pixels == int(card.id.removeprefix("face "))).all()  # found by id, not by place
    top = first.cards[0]
    assert top.heading == f"first: {CLASSES[1]} 81.8 %; second: {CLASSES[2]} 60.0 %"
    assert [bar.mark for bar in top.bars] == ["", "true", "predicted"]
    assert [bar.share for bar in top.bars] == pytest.approx([0.2, 0.2, 0.6], abs=1e-6)


def test_one_face_and_none() -> None:
    one = predictions_of([0, 0], [0, 1], run="one")
    both = predictions_of([0, 0], [0, 0], run="both")
    finding = made(one, both, parts=parts_of(one))
    assert "No face is right only with first." in [block.text for block in blocks(finding, Text)]
    assert blocks(finding, Gallery)[0].title == "1 face that only second gets right"


def test_without_faces_the_numbers_stay() -> None:
    finding = made(FIRST, SECOND)
    assert len(blocks(finding, TextTable)) == 2
    assert not blocks(finding, Gallery)
    assert any("are not shown: the faces lie elsewhere." in block.text for block in blocks(finding, Text))


def test_faces_of_other_data_are_not_shown() -> None:
    other = parts_of(predictions_of([0, 1], [0, 1]))
    assert any(
        "lacks 38 predicted faces" in text.text for text in blocks(made(FIRST, SECOND, parts=other), Text)
    )


def test_several_runs() -> None:
    twin = replace(FIRST, run="third")
    finding = made(FIRST, SECOND, twin, FIRST.select(np.arange(10)))
    assert finding.answer == (
        "first is right more often than second (+22.5 points); first differs no more than chance explains from third "
        "(+0.0 points) (McNemar's test at 5 %)."
    )
    assert [fold.title for fold in blocks(finding, Fold)] == ["first against third"]
    assert "var(--series-3" not in blocks(finding, Drawing)[0].svg
    assert finding.blocks[-1].text.startswith(
        "Left out: first and first were measured on different faces: 40 and 10"
    )
    assert len(finding.data["pairs"]) == 2


def test_the_drawing_has_the_colours_of_the_runs() -> None:
    finding = made(FIRST, SECOND.select(np.arange(5)), SECOND)
    svg = blocks(finding, Drawing)[0].svg
    assert "var(--series-1" in svg
    assert "var(--series-3" in svg
    assert "var(--series-2" not in svg
    assert "12 (30.0 %)" in svg


@pytest.mark.parametrize(
    ("predictions", "words"),
    [
        ((FIRST,), "a comparison needs two runs"),
        ((None, SECOND), "run first has no predictions"),
        ((FIRST, None), "run second has no predictions"),
        ((FIRST, SECOND.select(np.arange(7))), "first and second were measured on different faces"),
        ((FIRST.select(np.arange(0)), SECOND.select(np.arange(0))), "no face"),
    ],
)
def test_what_is_missing(predictions, words: str) -> None:
    with pytest.raises(MissingInput, match=words):
        made(*predictions)
