"""The section with misclassified faces: which are chosen, what their cards say, and the gaps between scores."""

import json
from dataclasses import replace

import numpy as np
import pytest

from mien.core.errors import ConfigError, MissingInput
from mien.core.material import Material
from mien.core.predictions import Predictions
from mien.core.section import Drawing, Finding, Gallery, Text
from mien.core.text_tables import TextTable
from mien.diagnostics._canvas import COLOURS
from mien.diagnostics._gap_figure import GapLine, draw_gaps
from mien.diagnostics.misclassified import PLUGIN
from tests.diagnostics.read_runs import parts_of, predictions_of, read_run

matplotlib_figure = pytest.importorskip("matplotlib.figure")

# Faces 0 to 19 are class 0 taken for 1, ever surer; 20 to 22 class 2 taken for 0; 23 to 29 are right.
SURE = np.concatenate(
    [np.linspace(0.38, 0.94, 20), (2 * np.array([0.26, 0.42, 0.56]) + 1) / 3, np.full(7, 0.8)]
)
LABELS = [0] * 20 + [2] * 3 + [1] * 7
SAID = [1] * 20 + [0] * 3 + [1] * 7
SOME = predictions_of(LABELS, SAID, SURE, run="first")
RIGHT = predictions_of([0, 1, 2], [0, 1, 2])


def made(
    val: Predictions = SOME, *, pair: tuple[str, str] | None = None, faces: bool = True, name: str = "first"
) -> Finding:
    parts = parts_of(val) if faces else None
    return PLUGIN.make(
        Material(runs=(read_run(name, val=val),), parts=parts, pair=pair, no_faces="the faces lie elsewhere")
    )


def galleries(finding: Finding) -> list[Gallery]:
    return [block for block in finding.blocks if isinstance(block, Gallery)]


def ids(gallery: Gallery) -> list[int]:
    return [int(card.id.split()[1]) for card in gallery.cards]


def test_the_answer_is_read_from_the_numbers() -> None:
    # the gap of a face is its highest score minus half of the rest
    gaps = SURE - (1 - SURE) / 2
    assert made().answer == (
        f"In half of the 23 misclassified faces of first the predicted class leads the true one by less than "
        f"{np.median(gaps[:23]):.2f}, where correct faces lead their second class by {gaps[-1]:.2f} in the median; "
        f"the true class comes second in 87.0 % of the mistakes."
    )


def test_surest_and_closest() -> None:
    surest, closest, _ = galleries(made())
    assert surest.title == "The surest mistakes (12 of 23)"
    ranked = sorted(range(23), key=lambda k: SURE[k])
    assert ids(surest) == ranked[::-1][:12]
    assert closest.title == "The closest calls (12 of 23)"
    assert ids(closest) == ranked[:12]


def test_a_card_has_its_own_face_and_both_marks() -> None:
    first = galleries(made())[0].cards[0]
    assert first.id == "face 19"
    assert (first.pixels == 19).all()  # the faces lie in another order than the predictions
    assert first.heading == "angry (3.0 %), taken for <b>happy</b> (94.0 %)"
    assert [bar.mark for bar in first.bars] == ["true", "predicted", ""]


def test_the_most_frequent_pair_evenly_from_wide_to_close() -> None:
    pair = galleries(made())[2]
    assert pair.title == "angry, taken for <b>happy</b> (12 of 20, evenly from the widest gap to the closest)"
    assert ids(pair) == [19, 17, 16, 14, 12, 10, 9, 7, 5, 3, 2, 0]


def test_a_chosen_pair() -> None:
    pair = galleries(made(pair=("$sad$", "angry")))[2]
    assert pair.title == "$sad$, taken for angry (all 3)"
    assert ids(pair) == [22, 21, 20]
    finding = made(pair=("angry", "$sad$"))
    assert len(galleries(finding)) == 2
    assert Text(text="angry, taken for $sad$: no validation face.") in finding.blocks


def test_a_pair_that_does_not_exist() -> None:
    with pytest.raises(
        ConfigError, match=r"no class is called 'joy'; there are angry, <b>happy</b>, \$sad\$"
    ):
        made(pair=("angry", "joy"))
    with pytest.raises(ConfigError, match="expected two different classes, got angry twice"):
        made(pair=("angry", "angry"))


def test_without_faces_the_numbers_stay() -> None:
    finding = made(faces=False)
    assert not galleries(finding)
    told = [block.text for block in finding.blocks if isinstance(block, Text)]
    assert (
        "The faces themselves cannot be shown: the faces lie elsewhere. Their numbers are in metrics.json."
        in told
    )
    assert finding.answer == made().answer
    assert finding.data == made().data


def test_other_faces_than_those_that_were_predicted() -> None:
    other = replace(SOME, ids=np.array([f"other {k}" for k in range(30)]))
    finding = PLUGIN.make(Material(runs=(read_run("first", val=SOME),), parts=parts_of(other)))
    assert not galleries(finding)
    assert any(
        "lacks 30 predicted faces" in block.text for block in finding.blocks if isinstance(block, Text)
    )


def test_table_of_gaps_by_hand() -> None:
    (table,) = (block for block in made().blocks if isinstance(block, TextTable))
    assert [row[:2] for row in table.rows] == [
        ("all mistakes", "23"),
        ("all mistakes, first to second score", "23"),
        ("angry → <b>happy</b>", "20"),
        ("$sad$ → angry", "3"),
        ("correct faces", "7"),
    ]
    assert table.rows[3][2:] == ("0.42", "0.34 to 0.49", "0.28 to 0.55", "0.0 %")  # of 0.26, 0.42 and 0.56
    assert table.rows[2][5] == "5.0 %"  # the first of 20 leads by 0.07, the next by 0.114


def test_no_mistake_and_no_run() -> None:
    finding = made(RIGHT)
    assert finding.answer == "first misclassifies none of its 3 validation faces."
    assert [type(block) for block in finding.blocks] == [Text]
    assert finding.data["mistakes"] == {"faces": 0, "quantiles": None, "close": None}
    with pytest.raises(MissingInput, match="finish its training"):
        PLUGIN.make(Material(runs=(read_run("empty"),)))


def test_the_first_run_with_predictions_in_its_own_colour() -> None:
    finding = PLUGIN.make(
        Material(runs=(read_run("empty"), read_run("second", val=SOME), read_run("third", val=RIGHT)))
    )
    assert finding.blocks[0].text.startswith("empty is left out")
    assert finding.data["run"] == "second"
    (figure,) = (block for block in finding.blocks if isinstance(block, Drawing))
    assert COLOURS[1] in figure.svg
    assert COLOURS[0] not in figure.svg


def test_boxes_are_quartiles_and_few_faces_are_drawn_one_by_one() -> None:
    axes = matplotlib_figure.Figure().subplots()
    many, few = np.linspace(0, 1, 101), np.array([0.2, 0.9])
    draw_gaps(
        [GapLine(words=("many",), gaps=many), GapLine(words=("a" * 30, "b"), gaps=few)], COLOURS[0], axes
    )
    (box,) = axes.patches
    assert (box.get_x(), box.get_width()) == pytest.approx((0.25, 0.5))
    assert axes.lines[0].get_xdata() == pytest.approx([0.05, 0.95])
    assert axes.lines[2].get_xdata() == pytest.approx(few)
    assert [text.get_text() for text in axes.texts] == ["0.50", "0.55", "median"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["many (101)", "aaaaaaaaaaa… → b (2)"]


def test_data_is_json() -> None:
    data = json.loads(json.dumps(made().data, allow_nan=False))
    assert data["galleries"]["surest"][0]["id"] == "face 19"
    assert sum(data["galleries"]["surest"][0]["scores"]) == pytest.approx(1, abs=1e-5)
    assert [(pair["true"], pair["faces"]) for pair in data["pairs"]] == [("angry", 20), ("$sad$", 3)]
    assert data["true_class_is_second"] == pytest.approx(20 / 23)
