"""A study as a value and as a file."""

import json
from dataclasses import replace

import pytest

from mien.core.errors import RunError
from mien.core.study import STUDY, FailedTrial, Study, Trial
from mien.core.variants import BASE, VARIANTS
from tests.analysis.claims.made import history, of_curves


@pytest.fixture
def study():
    found = of_curves(
        {("base", 0): history([0.1, 0.3, 0.2]), ("relu", 0): history([0.2]), ("relu", 1): history([0.3])}
    )
    return replace(found, failed=(FailedTrial(variant="base", seed=1, reason="full"),))


def test_the_figures_of_a_trial():
    curve = [0.1, 0.4, 0.3, 0.2, 0.6, 0.5, 0.5, 0.4, 0.5, 0.1]
    trial = Trial(variant="base", seed=0, history=history(curve, seconds=[1.0] * 9 + [99.0]))
    assert (trial.epochs, trial.best_epoch, trial.val_accuracy) == (10, 5, 0.6)
    assert trial.early_val_accuracy == 0.4  # of four epochs
    assert trial.fall == pytest.approx(0.6 - (0.5 + 0.5 + 0.4 + 0.5 + 0.1) / 5)
    assert (trial.seconds_per_epoch, trial.last_train_accuracy) == (1.0, 0.1)
    one = Trial(variant="base", seed=0, history=history([0.3]))
    assert (one.early_val_accuracy, one.fall) == (0.3, 0.0)


def test_pairs_are_of_the_seeds_that_both_have_finished(study):
    assert [(one.seed, two.variant) for one, two in study.paired("base", "relu")] == [(0, "relu")]
    assert len(study.of("relu")) == 2
    assert study.base == BASE == next(iter(VARIANTS))


def test_it_reads_back_as_it_was(study, tmp_path):
    (tmp_path / STUDY).write_text(json.dumps(study.to_dict()))
    assert Study.open(tmp_path) == study


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"variants": 3}', "\xff"])
def test_damage_is_one_clear_error(tmp_path, content):
    (tmp_path / STUDY).write_text(content, encoding="latin-1")
    with pytest.raises(RunError, match=r"study\.json is damaged"):
        Study.open(tmp_path)


def test_what_is_no_study_says_so(tmp_path):
    with pytest.raises(RunError, match="is not a study"):
        Study.open(tmp_path)
