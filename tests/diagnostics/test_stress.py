"""The section about stress: its sentence, panels and tables, and runs that lack what it needs."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mien.analysis.stressed import Corrupted, Figures, Sample, Stress
from mien.core.errors import MissingInput
from mien.core.material import Material, ReadRun
from mien.core.rundir import STRESS, WEIGHTS
from mien.core.section import Drawing, Fold, Text
from mien.core.text_tables import TextTable
from mien.diagnostics.stress import PLUGIN, draw_corruption
from mien.diagnostics.stress_tables import accuracy_table, answer, comparison_table
from tests.made_runs import made_run

matplotlib_figure = pytest.importorskip("matplotlib.figure")

SAMPLE = Sample(
    part="val", faces=50, of=200, seed=0, digest="d", name="mien-stress-1", set_digest="0123456789abcdef",
    as_frozen=True, weights="w",
)  # fmt: skip


def figures(accuracy: float) -> Figures:
    return Figures(accuracy=accuracy, log_loss=1.0, ece=0.1)


def kind(name: str, *accuracies: float) -> Corrupted:
    return Corrupted(
        name=name,
        unit="levels",
        amounts=tuple(range(1, len(accuracies) + 1)),
        figures=tuple(map(figures, accuracies)),
        loss=1 - sum(accuracies) / len(accuracies) / 0.8,
    )


def stress_of(run: str = "cnn", last: float = 0.2, **changes: object) -> Stress:
    kinds = (kind("noise", 0.8, 0.6), kind("<b>$blur$", 0.4, last))
    found = Stress(
        run=run, sample=SAMPLE, clean=figures(0.8), corruptions=kinds, loss=0.375, interval=(0.3, 0.45)
    )
    return replace(found, **changes)


def material(tmp_path: Path, *stresses: Stress | None) -> Material:
    runs = []
    for number, found in enumerate(stresses):
        run, _ = made_run(tmp_path / f"run{number}")
        if found is not None:
            run.write_json(STRESS, found.to_dict())
        runs.append(ReadRun.of(run))
    return Material(runs=tuple(runs))


def test_sentence_panels_and_tables(tmp_path: Path) -> None:
    found = PLUGIN.make(material(tmp_path, stress_of(), None))
    assert found.answer == (
        "run0 loses 37.5 % (30.0 to 45.0) of its accuracy over 2 corruptions, most under <b>$blur$ (62.5 %) and "
        "least under noise (12.5 %)."
    )
    picture, table = found.blocks
    assert isinstance(picture, Drawing)
    assert "&lt;b&gt;$blur$" in picture.svg
    assert "down to 20.0 % under <b>$blur$" in picture.alt
    assert isinstance(table, TextTable)
    assert table.rows[1] == ("<b>$blur$", "40.0", "20.0", "62.5 %", "10.0 %", "1, 2 levels")
    assert table.totals[:4] == ("mean", "60.0", "40.0", "37.5 %")
    assert json.loads(json.dumps(found.data))["runs"][0]["weakest"] == "<b>$blur$"


def test_several_runs_are_compared(tmp_path: Path) -> None:
    other = stress_of("dnn", 0.4, sample=replace(SAMPLE, digest="another"))
    found = PLUGIN.make(material(tmp_path, stress_of(), other))
    assert found.answer.count("loses") == 2
    compared = next(block for block in found.blocks if isinstance(block, TextTable))
    assert compared.headers == ("corruption", "run0", "run1")
    assert compared.rows[2] == ("<b>$blur$", "62.5 %", "50.0 %")
    assert "run1 on other faces, or with another seed, than run0" in compared.footer[-1]
    assert any(isinstance(block, Fold) for block in found.blocks)
    same = comparison_table([("a", stress_of()), ("b", stress_of("dnn"))])
    assert same.footer[-1] == "All on the same 50 faces."


def test_many_runs_are_told_by_the_ends() -> None:
    many = [(f"run {k}", stress_of(loss=0.1 * k)) for k in range(1, 5)]
    assert answer(many).startswith("Of 4 runs run 1 loses least and run 4 most: run 1 loses 10.0 %")


def test_a_set_that_came_out_differently_is_said() -> None:
    table = accuracy_table("cnn", stress_of(sample=replace(SAMPLE, as_frozen=False, faces=200)))
    assert "NOT as it was frozen" in table.footer[-1]
    assert "all 200 val faces" in table.title


def test_without_stress_the_command_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match=r"mien stress .*run0 .*run1 does that"):
        PLUGIN.make(material(tmp_path, None, None))


def test_damaged_and_outdated_results_are_left_out(tmp_path: Path) -> None:
    whole = material(tmp_path, stress_of(), stress_of(), stress_of())
    (tmp_path / "run1" / STRESS).write_text('{"run": 3}')
    (tmp_path / "run2" / WEIGHTS).write_bytes(b"trained on")
    told = [block.text for block in PLUGIN.make(whole).blocks if isinstance(block, Text)]
    assert any("run1: stress.json is damaged" in text for text in told)
    assert any("run2: stress.json is of other weights" in text for text in told)


def test_sets_that_differ_are_not_put_side_by_side(tmp_path: Path) -> None:
    other = stress_of(corruptions=(kind("noise", 0.8),))
    with pytest.raises(MissingInput, match="different sets of corruptions"):
        PLUGIN.make(material(tmp_path, stress_of(), other))


def test_a_panel_holds_the_accuracies() -> None:
    axes = matplotlib_figure.Figure().subplots()
    draw_corruption([(0.8, kind("noise", 0.8, 0.6), "#0072B2")], axes)
    clean, line = axes.get_lines()
    assert np.allclose(line.get_ydata(), [80, 80, 60])
    assert np.allclose(clean.get_ydata(), 80)
