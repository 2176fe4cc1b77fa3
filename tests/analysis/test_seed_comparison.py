"""Which side a paired difference of a study is on."""

import pytest

from mien.analysis.seed_comparison import SeedComparison
from tests.analysis.claims.made import study


def compared(*differences):
    return SeedComparison.of(study({"relu": differences}), "relu", lambda trial: trial.val_accuracy)


@pytest.mark.parametrize(
    ("differences", "side"),
    [
        ((0.02, 0.03, 0.025), "gain"),
        ((0.001, 0.002, 0.0015), "gain"),  # small, but above 0
        ((-0.02, -0.03, -0.025), "loss"),
        ((-0.001, 0.001, 0.0005), "none"),
        ((0.0, 0.0, 0.0), "none"),
        ((-0.02, 0.03, 0.0), "open"),
        ((0.02, 0.02), "open"),  # two seeds are too few
    ],
)
def test_sides(differences, side):
    assert compared(*differences).side == side


def test_pairs_are_of_the_same_seed():
    """The base rises by a point a seed; only pairing takes that out."""
    found = compared(0.01, 0.01, 0.01)
    assert found.difference.low == pytest.approx(0.01)
    assert found.base - found.other == pytest.approx(0.01)
    assert found.told() == "+1.0 points (+1.0 to +1.0) over 3 seeds"


def test_means_are_over_the_seeds_that_both_have():
    found = compared(0.01)
    assert (found.seeds, found.base, found.seeds_needed()) == (1, pytest.approx(0.6), 3)
    assert found.told() == "+1.0 points over 1 seed"
    assert compared() is None
