"""The section of the claims."""

import json

import numpy as np

from mien.core.material import Material
from mien.core.section import Fold
from mien.core.text_tables import TextTable
from mien.diagnostics.claims import PLUGIN
from tests.analysis.claims.made import history, of_accuracy, read_run, study


def test_the_answer_counts_the_verdicts():
    late = history(np.linspace(0.3, 0.95, 60), np.linspace(0.3, 0.99, 60), seconds=100.0)
    runs = (read_run("cnn", late, val=of_accuracy(950)),)
    found = PLUGIN.make(Material(runs=runs, study=study({"max-pooling": (0.02, 0.03, 0.025)})))
    verdicts = found.data["verdicts"]
    assert list(verdicts) == [f"C{number}" for number in range(1, 17)]
    assert (verdicts["C1"], verdicts["C2"], verdicts["C5"]) == ("does not hold", "does not hold", "holds")
    held = [claim for claim, verdict in verdicts.items() if verdict == "holds"]
    assert found.answer.startswith(f"Of the report's 16 claims {len(held)} holds ({', '.join(held)})")
    json.dumps(found.data, allow_nan=False)


def test_every_claim_has_a_row_and_its_rule_and_the_study_its_table():
    found = PLUGIN.make(Material(runs=(), study=study({"relu": (0.1,)})))
    table, rules, of_study = found.blocks
    assert isinstance(table, TextTable)
    assert len(table.rows) == 16
    assert all(evidence and verdict for _, evidence, verdict, _ in table.rows)
    assert isinstance(rules, Fold)
    assert len(rules.blocks[0].rows) == 16
    assert of_study.blocks[0].rows[0][0] == "base"


def test_without_runs_and_a_study_the_section_is_there_too():
    found = PLUGIN.make(Material(runs=()))
    assert len(found.blocks) == 2
    assert found.data["study"] is None
    assert found.answer == (
        "Of the report's 16 claims 1 does not hold (C16) and 15 cannot be decided from these runs "
        "(C1, C2, C3, C4, C5, C6, C7, C8, C9, C10, C11, C12, C13, C14, C15)."
    )
    assert (PLUGIN.order, PLUGIN.question[-1]) == (100, "?")
