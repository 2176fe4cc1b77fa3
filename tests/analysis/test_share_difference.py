"""Newcombe's interval: printed examples, and how often it covers."""

import numpy as np
import pytest

from mien.analysis.share_difference import share_difference


@pytest.mark.parametrize(
    ("counts", "interval"),
    [  # Newcombe 1998, table II, method 10
        ((56, 70, 48, 80), (0.0524, 0.3339)),
        ((9, 10, 3, 10), (0.1705, 0.8090)),
        ((5, 56, 0, 29), (-0.0381, 0.1926)),
        ((0, 10, 0, 20), (-0.1611, 0.2775)),
        ((10, 10, 0, 20), (0.6791, 1.0)),
    ],
)
def test_printed_intervals(counts, interval):
    assert share_difference(*counts) == pytest.approx(interval, abs=5e-5)


def test_it_covers_the_true_difference_in_95_of_100_samples():
    random = np.random.default_rng(0)
    hits, others = random.binomial(60, 0.8, 2000), random.binomial(90, 0.6, 2000)
    intervals = [
        share_difference(*map(int, (one, 60, two, 90))) for one, two in zip(hits, others, strict=True)
    ]
    covered = np.mean([low <= 0.2 <= high for low, high in intervals])
    assert 0.935 < covered < 0.97
