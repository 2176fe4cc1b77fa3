"""Student's quantile and intervals against scipy."""

import math

import numpy as np
import pytest
from scipy import stats

from mien.analysis.seed_means import SeedMean, seeds_to_decide, t_quantile


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 9, 10, 30, 31, 199])
def test_the_quantile_is_scipys(freedom):
    assert t_quantile(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-9)


@pytest.mark.parametrize("count", [2, 3, 8])
def test_the_interval_is_that_of_a_t_test(count):
    values = np.random.default_rng(count).normal(0.01, 0.02, count)
    found = SeedMean.of(values.tolist())
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx(tuple(expected), rel=1e-9)


def test_one_value_has_no_interval():
    found = SeedMean.of([0.1])
    assert math.isinf(found.high)
    assert found.to_dict() == {"values": [0.1], "mean": 0.1, "interval": None}
    assert found.in_points() == "+10.0 points"


def test_equal_values_have_no_width():
    assert SeedMean.of([0.25, 0.25, 0.25]).to_dict()["interval"] == [0.25, 0.25]


@pytest.mark.parametrize("values", [[0.0, 0.01, 0.02], [-0.03, 0.01, 0.0], [0.004, -0.004, 0.0]])
def test_so_many_seeds_would_decide(values):
    """The number is the first at which scipy's interval of equal mean and deviation leaves no doubt."""
    mean, deviation = np.mean(values), np.std(values, ddof=1)
    halves = [stats.t.ppf(0.975, n - 1) * deviation / math.sqrt(n) for n in range(4, 51)]
    decided = [
        n
        for n, half in zip(range(4, 51), halves, strict=True)
        if half < abs(mean) or half + abs(mean) <= 0.005
    ]
    assert seeds_to_decide(SeedMean.of(values), 0.005) == decided[0]


def test_what_no_number_of_seeds_would_decide():
    assert seeds_to_decide(SeedMean.of([-0.3, 0.3, 0.01]), 0.005) is None
