"""C4 to C8 on studies made to hold them, to fail them, and to leave them open."""

import numpy as np
import pytest

from mien.analysis.claims import choices
from mien.core.errors import MissingInput
from mien.core.material import Material
from tests.analysis.claims.made import history, of_curves, study

HOLDS, FAILS, OPEN = "holds", "does not hold", "not decidable"

# By t(2) = 4.303 the half widths are 1.2, 0.2 and 12.4 points.
GAIN, NONE, UNCLEAR = (0.02, 0.03, 0.025), (0.001, 0.002, 0.0015), (0.0, 0.10, 0.04)
LOSS = tuple(-value for value in GAIN)


def verdict(claim, found):
    return claim.judged(Material(runs=(), study=found)).verdict


@pytest.mark.parametrize(
    ("differences", "expected"),
    [
        (GAIN, HOLDS),
        (LOSS, FAILS),
        ((-0.001, 0.001, 0.0005), FAILS),
        (UNCLEAR, OPEN),
        (GAIN[:2], OPEN),
        ((), OPEN),
    ],
)
@pytest.mark.parametrize(
    ("claim", "variant"), [(choices.POOLING, "max-pooling"), (choices.WIDTHS, "flat-widths")]
)
def test_one_choice(claim, variant, differences, expected):
    found = study({variant: differences, "relu": GAIN})
    assert verdict(claim, found) == expected


def test_much_better_is_more_than_slightly():
    found = study({"max-pooling": (0.05, 0.06, 0.055), "flat-widths": (0.05, 0.06, 0.055)})
    assert (verdict(choices.POOLING, found), verdict(choices.WIDTHS, found)) == (FAILS, HOLDS)


def test_the_evidence_has_the_numbers_and_the_seeds_that_would_decide():
    judged = choices.POOLING.judged(Material(runs=(), study=study({"max-pooling": UNCLEAR})))
    assert "61.0 %" in judged.evidence
    assert judged.evidence.endswith("recipe report, 6 epochs, batches of 32, 3 seeds.")
    assert "+4.7 points (-7.8 to +17.2) over 3 seeds" in judged.evidence
    assert judged.decided_by.startswith("About 7 seeds of max-pooling")


def test_too_few_seeds_are_said():
    with pytest.raises(MissingInput, match="2 of 3 seeds that finished both base and relu"):
        choices.gains(study({"relu": GAIN[:2], "max-pooling": GAIN}), "relu")


@pytest.mark.parametrize(
    ("constant", "none", "expected"),
    [(GAIN, GAIN, HOLDS), (GAIN, LOSS, FAILS), (LOSS, (), FAILS), (GAIN, (), OPEN), (GAIN, UNCLEAR, OPEN)],
)
def test_dropout_needs_both_comparisons(constant, none, expected):
    found = study({"constant-dropout": constant, "no-dropout": none})
    assert verdict(choices.DROPOUT, found) == expected


@pytest.mark.parametrize(
    ("differences", "figure", "expected"),
    [
        (GAIN, "best", HOLDS),  # faster and higher
        (GAIN, "early", HOLDS),  # only faster
        (GAIN, "late", FAILS),  # what is lower in the last epoch only is neither
        (LOSS, "best", FAILS),
        (UNCLEAR, "best", OPEN),
        ((), "best", OPEN),
    ],
)
def test_what_helps(differences, figure, expected):
    found = study({"no-batch-norm": differences, "relu": differences}, figure=figure)
    assert verdict(choices.LAYERS, found) == expected


def test_both_layers_must_help():
    assert verdict(choices.LAYERS, study({"no-batch-norm": GAIN, "relu": LOSS})) == FAILS
    assert verdict(choices.LAYERS, study({"no-batch-norm": GAIN, "relu": UNCLEAR})) == OPEN


def test_what_is_faster_but_ends_lower_does_not_help():
    epochs = np.arange(9)
    found = of_curves(
        {("base", seed): history(np.where(epochs < 3, 0.5, 0.55) + 0.001 * seed) for seed in range(3)}
        | {("relu", seed): history(np.where(epochs < 3, 0.4, 0.65) + 0.002 * seed) for seed in range(3)}
    )
    assert choices.helps(found, "relu").verdict == FAILS


def falling(by, seed, epochs=40, overfits=True):
    """Accuracy rises to its best at the tenth epoch and then falls by so much; the loss rises where it over-fits."""
    places = np.arange(epochs)
    share = np.clip((places - 10) / 20, 0, 1)
    rise = share * overfits
    return history(
        0.6 - 0.02 * np.clip(10 - places, 0, None) - by * share + 0.001 * seed,
        train_loss=1.5 - 0.02 * places,
        val_loss=1.0 + 0.05 * np.clip(10 - places, 0, None) + rise,
    )


def fall_study(with_dropout, without, **how):
    return of_curves(
        {("base", seed): falling(by, seed) for seed, by in enumerate(with_dropout)}
        | {("no-dropout", seed): falling(by, seed, **how) for seed, by in enumerate(without)}
    )


@pytest.mark.parametrize(
    ("with_dropout", "without", "expected"),
    [
        ((0.005, 0.006, 0.004), (0.05, 0.06, 0.055), HOLDS),
        ((0.005, 0.006, 0.004), (0.005, 0.006, 0.004), FAILS),  # not thanks to dropout
        ((0.05, 0.052, 0.051), (0.10, 0.11, 0.105), FAILS),  # falls much even so
        ((0.0, 0.04, 0.01), (0.10, 0.14, 0.11), OPEN),
        ((0.005, 0.006), (0.05, 0.06), OPEN),
    ],
)
def test_the_fall(with_dropout, without, expected):
    assert verdict(choices.FALL, fall_study(with_dropout, without)) == expected


def test_the_fall_is_not_decided_before_anything_overfits():
    found = fall_study((0.005, 0.006, 0.004), (0.05, 0.06, 0.055), overfits=False)
    judged = choices.FALL.judged(Material(runs=(), study=found))
    assert judged.verdict == OPEN
    assert "more epochs" in judged.decided_by
    assert (
        verdict(choices.FALL, fall_study((0.05, 0.052, 0.051), (0.06, 0.06, 0.06), overfits=False)) == FAILS
    )


def test_without_a_study_nothing_is_decided():
    for claim in choices.CLAIMS:
        judged = claim.judged(Material(runs=()))
        assert judged.verdict == OPEN
        assert judged.decided_by.startswith("A study of 3 seeds or more: mien study --variants ")
