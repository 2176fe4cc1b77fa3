"""A study as a table: what each variant reaches, and how far the base lies above it, seed by seed."""

import statistics

from mien.analysis.seed_comparison import SeedComparison
from mien.analysis.seed_means import SeedMean
from mien.core.study import LAST, Study, Trial
from mien.core.text_tables import TextTable

_HEADERS = (
    "variant",
    "seeds",
    "best val accuracy",
    "base minus it",
    "first third",
    "base minus it",
    "fall at the end",
    "train accuracy",
    "s/epoch",
)


def study_table(study: Study) -> TextTable:
    """One row a variant that has a finished trial: means over its seeds in percent, differences in points."""
    return TextTable(
        title=study.heading(),
        headers=_HEADERS,
        rows=tuple(_row(study, variant) for variant in study.variants if study.of(variant)),
        footer=(
            "Means over seeds. Differences are of the same seeds, with Student's 95 % interval.",
            "First third: the best validation accuracy within the first third of the epochs. Fall: from the best "
            f"validation accuracy to the mean of the last {LAST} epochs. Train accuracy: of the last epoch.",
            *(f"{one.variant}, seed {one.seed}, is not finished: {one.reason}" for one in study.failed),
        ),
    )


def _row(study: Study, variant: str) -> tuple[str, ...]:
    trials = study.of(variant)
    is_base = variant == study.base
    return (
        variant,
        str(len(trials)),
        _percent([trial.val_accuracy for trial in trials]),
        "" if is_base else _difference(SeedComparison.of(study, variant, _best)),
        _percent([trial.early_val_accuracy for trial in trials]),
        "" if is_base else _difference(SeedComparison.of(study, variant, _early)),
        _percent([trial.fall for trial in trials]),
        _percent([trial.last_train_accuracy for trial in trials]),
        f"{statistics.fmean(trial.seconds_per_epoch for trial in trials):.1f}",
    )


def _best(trial: Trial) -> float:
    return trial.val_accuracy


def _early(trial: Trial) -> float:
    return trial.early_val_accuracy


def _percent(values: list[float]) -> str:
    return f"{100 * statistics.fmean(values):.1f}"


def _difference(comparison: SeedComparison | None) -> str:
    return _in_brackets(comparison.difference) if comparison else "-"


def _in_brackets(found: SeedMean) -> str:
    return found.in_points().replace(" points", "")
