"""The section on calibration: its answer, its figures, and runs that lack what it needs."""

import json

import numpy as np
import pytest

from mien.core.errors import MissingInput
from mien.core.material import Material
from mien.core.section import Drawing, Finding, Fold, Text
from mien.core.text_tables import TextTable
from mien.diagnostics.calibration import (
    PLUGIN,
    _runs,
    draw_answered,
    draw_reliability,
    draw_shares,
    drawn_bins,
    drawn_points,
)
from tests.diagnostics.read_runs import predictions_of, read_run

matplotlib_figure = pytest.importorskip("matplotlib.figure")

LABELS = np.zeros(1000, dtype=np.int64)
HALF_RIGHT = np.arange(1000) % 2
OVER = predictions_of(LABELS, HALF_RIGHT, 0.9, run="over")
UNDER = predictions_of(LABELS, HALF_RIGHT, 0.4, run="under")
FITTING = predictions_of(LABELS, HALF_RIGHT, 0.5, run="fitting")
# The surer, the more often right: 100 % of the surest fifth, 50 % of the others.
SORTED = predictions_of(LABELS, np.where(np.arange(1000) < 200, 0, HALF_RIGHT), np.linspace(0.99, 0.35, 1000))


def material(*predictions) -> Material:
    return Material(runs=tuple(read_run(f"run {k}", val=one) for k, one in enumerate(predictions)))


def made(*predictions) -> Finding:
    return PLUGIN.make(material(*predictions))


def blocks(finding: Finding, kind: type) -> list:
    return [block for block in finding.blocks if isinstance(block, kind)]


def test_the_answer_is_read_from_the_numbers() -> None:
    assert made(OVER, UNDER, FITTING).answer == (
        "run 0 is over-confident: 90.0 % sure on average and right in 50.0 % of the faces (ECE 40.0 %); "
        "run 1 is under-confident: 40.0 % sure on average and right in 50.0 % of the faces (ECE 10.0 %); "
        "run 2 is on average as sure as it is right: 50.0 % sure on average and right in 50.0 % of the faces "
        "(ECE 0.0 %)."
    )
    assert made(OVER, UNDER, FITTING, OVER).answer == (
        "Of 4 runs: 2 over-confident (run 0 and run 3), 1 under-confident (run 1), 1 neither (run 2)."
    )


def test_tables_by_hand() -> None:
    first, second = blocks(made(OVER, SORTED), TextTable)
    assert first.rows[0][:6] == ("run 0", "1,000", "50.0 %", "90.0 %", "+40.0 ± 3.1", "40.0 %")
    # 0.1 and 0.05, 0.05 beside the answer where it is right; 0.9 and 0.95, 0.05 where not
    assert first.rows[0][-1] == f"{0.5 * (0.01 + 2 * 0.0025) + 0.5 * (0.81 + 0.9025 + 0.0025):.3f}"
    assert second.rows[0][1:] == ("50.0 % (90 %)",) * 5  # all of one score
    assert second.rows[1][1:] == (
        "60.0 % (35 %)",
        "61.1 % (41 %)",
        "62.5 % (48 %)",
        "64.3 % (54 %)",
        "70.0 % (67 %)",
    )


def test_data_is_plain_json() -> None:
    (run,) = json.loads(json.dumps(made(OVER).data, allow_nan=False))["runs"]
    assert run["leaning"] == "over-confident"
    assert len(run["bins"]) == 15
    assert run["bins"][0]["accuracy"] is None
    assert run["answered"][0]["accuracy"] == 0.5


def test_the_reliability_diagram_shows_the_bins() -> None:
    (run,), _ = _runs(material(SORTED))
    upper, lower = matplotlib_figure.Figure().subplots(2, 1)
    draw_reliability([run], upper)
    draw_shares([run], lower)
    diagonal, curve, *intervals = upper.lines
    assert list(diagonal.get_xdata()) == list(diagonal.get_ydata()) == [0, 100]
    bins = drawn_bins(run)
    np.testing.assert_allclose(curve.get_xdata(), [100 * one.confidence for one in bins])
    np.testing.assert_allclose(curve.get_ydata(), [100 * one.accuracy for one in bins])
    assert len(intervals) == len(bins)
    (outline,) = lower.patches
    np.testing.assert_allclose(outline.get_data().values.sum(), 100)


def test_bins_of_few_faces_are_left_out_of_the_drawing() -> None:
    few = predictions_of(np.zeros(59), np.zeros(59), [0.5] * 50 + [0.9] * 9)
    (run,), _ = _runs(material(few))
    assert [one.faces for one in drawn_bins(run)] == [50]
    (tiny,), _ = _runs(material(few.select(np.arange(45, 55))))
    assert [one.faces for one in drawn_bins(tiny)] == [5, 5]


def test_the_curve_of_answered_faces() -> None:
    (run,), _ = _runs(material(SORTED))
    share, accuracy = drawn_points(run)
    assert len(share) <= 200
    assert share[0] == pytest.approx(0.02)  # 20 faces
    assert (share[-1], accuracy[-1]) == (1.0, pytest.approx(0.6))
    axes = matplotlib_figure.Figure().subplots()
    draw_answered([run], axes)
    np.testing.assert_allclose(axes.lines[0].get_ydata(), 100 * accuracy)


@pytest.mark.parametrize("count", [1, 7])
def test_any_number_of_runs(count: int) -> None:
    finding = made(*[OVER] * count)
    assert len(blocks(finding, Drawing)) == 2
    assert [len(fold.blocks) for fold in blocks(finding, Fold)] == ([2] if count == 7 else [])


def test_very_few_faces() -> None:
    finding = made(predictions_of([1], [0], 0.8))
    assert "right in 0.0 %" in finding.answer
    assert len(blocks(finding, Drawing)) == 2


def test_what_is_missing() -> None:
    finding = made(None, OVER)
    assert blocks(finding, Text)[-1].text.startswith("Left out: run run 0 has no predictions")
    assert "var(--series-2" in blocks(finding, Drawing)[0].svg  # the second run keeps its colour
    assert "var(--series-1" not in blocks(finding, Drawing)[0].svg
    with pytest.raises(MissingInput, match="run 0 has no predictions"):
        made(None)
    with pytest.raises(MissingInput, match="at least one face"):
        made(predictions_of([], []))
