"""The section on training: what it says of runs whose curves are known, and what it draws."""

import json
from dataclasses import replace

import numpy as np
import pytest

from mien.core.config import KnownRun
from mien.core.errors import MissingInput
from mien.core.material import Material
from mien.core.section import Drawing, Finding, Text
from mien.core.text_tables import TextTable
from mien.diagnostics._canvas import COLOURS
from mien.diagnostics.training_curves import (
    PLUGIN,
    RunCurves,
    _apart,
    _curves,
    _together,
    draw_accuracy,
    draw_loss,
    loss_top,
)
from tests.diagnostics.read_runs import history_of, read_run

matplotlib_figure = pytest.importorskip("matplotlib.figure")

EPOCHS = np.arange(1, 41)
OVERFITTING = history_of(
    1 + 0.05 * np.abs(EPOCHS - 12),
    val_accuracy=0.2 + 0.02 * np.minimum(EPOCHS, 20) - 0.001 * np.maximum(EPOCHS - 20, 0),
    train_accuracy=0.2 + 0.019 * EPOCHS,
)
RISING = history_of(2 - 0.02 * EPOCHS, val_accuracy=0.1 + 0.01 * EPOCHS)


def test_a_joined_run_has_no_curves() -> None:
    pair = read_run("pair", history=history_of(np.array([1.0])))
    known = tuple(KnownRun(path=f"runs/{name}", digest="") for name in ("one", "two"))
    pair = replace(pair, config=replace(pair.config, joined=known))
    finding = made(read_run("one", history=RISING), pair)
    assert finding.blocks[-1] == Text(text="Not shown: pair is made of one and two, nothing was trained.")
    assert [run["run"] for run in finding.data["runs"]] == ["one"]
    with pytest.raises(MissingInput, match="pair is made of one and two, nothing was trained"):
        made(pair)


def made(*runs) -> Finding:
    return PLUGIN.make(Material(runs=runs))


def drawings(finding: Finding) -> list[Drawing]:
    return [block for block in finding.blocks if isinstance(block, Drawing)]


def curves_of(history, name: str = "run") -> RunCurves:
    return _curves(read_run(name, history=history), COLOURS[0])


def test_the_answer_is_read_from_the_numbers() -> None:
    finding = made(read_run("cnn", history=OVERFITTING), read_run("dnn", history=RISING))
    assert finding.answer == (
        "cnn is best at epoch 20 of 40 (60.0 %), over-fits from epoch 12 on, and levelled off from epoch 21 on; "
        "dnn is best at epoch 40 of 40 (50.0 %), does not over-fit, and had not levelled off by its end."
    )


def test_the_table_has_a_line_a_run() -> None:
    finding = made(read_run("cnn", history=OVERFITTING), read_run("dnn", history=RISING, asked=60))
    (table,) = [block for block in finding.blocks if isinstance(block, TextTable)]
    assert table.rows[0] == ("cnn", "40", "60.0 % (20)", "1.000 (12)", "12", "21", "-2.0", "+38.0", "21.5 s")
    assert table.rows[1][:6] == ("dnn", "40 of 60", "50.0 % (40)", "1.200 (40)", "no", "not yet")


def test_data_is_plain_json_and_has_every_epoch() -> None:
    finding = made(
        read_run("cnn", history=OVERFITTING), read_run("x", history=history_of([float("nan")] * 3))
    )
    read = json.loads(json.dumps(finding.data, allow_nan=False))
    assert read["runs"][0]["overfitting_from"] == 12
    assert [row["val_loss"] for row in read["runs"][0]["history"]] == [e.val_loss for e in OVERFITTING.epochs]
    assert read["runs"][1]["lowest_val_loss"] is None


def test_two_runs_share_two_panels() -> None:
    (drawn,) = drawings(made(read_run("cnn", history=OVERFITTING), read_run("dnn", history=RISING)))
    assert "var(--series-1" in drawn.svg
    assert "var(--series-2" in drawn.svg
    assert "cnn: validation accuracy from 22.0 % to 58.0 % in 40 epochs" in drawn.alt


def test_lines_carry_the_numbers_and_marks_the_epochs() -> None:
    run = curves_of(OVERFITTING)
    accuracy, loss = matplotlib_figure.Figure().subplots(1, 2)
    draw_accuracy(run, accuracy)
    draw_loss(run, loss)
    training, validation, begins, best = accuracy.lines
    np.testing.assert_allclose(training.get_ydata(), [100 * e.train_accuracy for e in OVERFITTING.epochs])
    np.testing.assert_allclose(validation.get_ydata(), [100 * e.val_accuracy for e in OVERFITTING.epochs])
    assert (training.get_linestyle(), validation.get_linestyle()) == ("--", "-")
    assert list(begins.get_xdata()) == [12, 12]
    assert (list(best.get_xdata()), best.get_ydata()[0]) == ([20], pytest.approx(60))
    np.testing.assert_allclose(loss.lines[1].get_ydata(), [e.val_loss for e in OVERFITTING.epochs])
    assert loss.lines[-1].get_marker() == "^"


def test_a_run_that_does_not_overfit_has_no_mark() -> None:
    axes = matplotlib_figure.Figure().subplots()
    draw_loss(curves_of(RISING), axes)
    assert len(axes.lines) == 2


def test_a_spike_does_not_flatten_the_curves() -> None:
    losses = [60.0, *(1 + 0.01 * np.arange(30))]
    assert loss_top([curves_of(history_of(losses, train_loss=np.ones(31)))]) == pytest.approx(1.29)
    finding = made(read_run("run", history=history_of(losses, train_loss=np.ones(31))))
    assert "1 of the losses, up to 60.0, lie above the frame" in drawings(finding)[0].caption
    assert loss_top([curves_of(RISING)]) == max(e.train_loss for e in RISING.epochs)


def test_many_runs_are_counted() -> None:
    finding = made(*(read_run(f"run {k}", history=OVERFITTING if k % 2 else RISING) for k in range(5)))
    assert finding.answer == (
        "run 1 reaches the highest validation accuracy, 60.0 % at epoch 20; of 5 runs 2 over-fit before their end, "
        "and in 2 the validation accuracy has levelled off."
    )
    assert all(f"run {k}" in drawings(finding)[0].svg for k in range(5))


@pytest.mark.parametrize(("figure", "panels"), [(_together, 2), (_apart, 6)])
def test_panels_of_a_measure_have_one_scale(figure, panels: int) -> None:
    axes = figure([curves_of(OVERFITTING), curves_of(RISING), curves_of(history_of([9.0, 1.0, 1.0]))]).axes
    assert len(axes) == panels
    for measure in (axes[::2], axes[1::2]):
        assert len({one.get_ylim() for one in measure}) == 1
        assert len({one.get_xlim() for one in measure}) == 1


def test_one_epoch() -> None:
    finding = made(read_run("short", history=history_of([1.5], val_accuracy=[0.3]), asked=5))
    assert finding.answer == (
        "short is best at epoch 1 of 1 so far (30.0 %), does not over-fit yet, and is too short to show whether it "
        "levels off."
    )
    assert len(drawings(finding)) == 1


def test_runs_without_epochs_are_named() -> None:
    finding = made(read_run("begun"), read_run("done", history=RISING))
    assert finding.blocks[-1] == Text(text="Not shown: no finished epoch in begun.")
    assert "var(--series-2" in drawings(finding)[0].svg  # the second run keeps its colour
    with pytest.raises(MissingInput, match="no finished epoch in begun"):
        made(read_run("begun"))
    with pytest.raises(MissingInput, match="any run"):
        made()


@pytest.mark.parametrize("count", [3, 4])  # one panel for all, and a panel for each
def test_hostile_names_stay_text(count: int) -> None:
    names = ("_hidden", "$\\frac{$", "<b>&amp;", "a" * 60)[-count:]
    svg = drawings(made(*(read_run(name, history=RISING) for name in names)))[0].svg
    assert "<b>" not in svg
    for shown in ("_hidden", "$\\frac{$", "&lt;b&gt;&amp;amp;", "a" * 27 + "…")[-count:]:
        assert f">{shown}</text>" in svg
