"""A study as a table."""

from dataclasses import replace

from mien.analysis.study_table import study_table
from mien.core.study import FailedTrial
from tests.analysis.claims.made import study


def test_every_variant_with_a_trial_has_a_row_of_means_and_differences():
    table = study_table(study({"max-pooling": (0.02, 0.03, 0.025), "relu": (0.1,)}))
    assert [row[0] for row in table.rows] == ["base", "max-pooling", "relu"]
    base, pooling, relu = table.rows
    assert base == ("base", "3", "61.0", "", "61.0", "", "0.0", "61.0", "1.0")
    assert pooling[1:4] == ("3", "58.5", "+2.5 (+1.3 to +3.7)")
    assert relu[1:4] == ("1", "50.0", "+10.0")
    assert "recipe report, 6 epochs" in table.as_text()


def test_what_failed_is_said_and_nothing_at_all_is_a_table_too():
    failed = FailedTrial(variant="relu", seed=1, reason="it diverged")
    nothing = replace(study({}), trials=(), failed=(failed,))
    assert study_table(nothing).rows == ()
    assert "relu, seed 1, is not finished: it diverged" in study_table(nothing).as_text()
    no_base = study({"relu": (0.1, 0.1, 0.1)})
    no_base = replace(no_base, trials=no_base.of("relu"))
    assert study_table(no_base).rows[0][3] == "-"
