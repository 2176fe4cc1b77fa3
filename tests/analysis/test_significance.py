"""McNemar's test against scipy and published figures, the bootstrap against resampled faces."""

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from mien.analysis.significance import McNemar, bootstrap_difference, mcnemar, paired_p
from mien.core.errors import DataError


def table_of(
    both: int, only_first: int, only_second: int, neither: int
) -> tuple[McNemar, np.ndarray, np.ndarray]:
    counts = [both, only_first, only_second, neither]
    first = np.repeat([True, True, False, False], counts)
    second = np.repeat([True, False, True, False], counts)
    order = np.random.default_rng(0).permutation(len(first))
    return mcnemar(first[order], second[order]), first, second


def test_cells() -> None:
    found, first, second = table_of(5, 4, 3, 2)
    assert (found.both, found.only_first, found.only_second, found.neither) == (5, 4, 3, 2)
    assert found.faces == 14
    assert found.difference == pytest.approx(first.mean() - second.mean())
    assert found.to_dict()["difference"] == found.difference


@pytest.mark.parametrize(
    ("only_first", "only_second"),
    [(0, 1), (1, 0), (0, 7), (3, 3), (10, 12), (40, 90), (700, 640), (3000, 2900), (1200, 400)],
)
def test_p_equals_scipy(only_first: int, only_second: int) -> None:
    p, mid_p = paired_p(only_first, only_second)
    n = only_first + only_second
    assert p == pytest.approx(binomtest(only_first, n).pvalue, rel=1e-9)
    here = binom.pmf(only_first, n, 0.5)
    expected = 1 - here / 2 if only_first == only_second else binomtest(only_first, n).pvalue - here
    assert mid_p == pytest.approx(expected, rel=1e-9)
    assert paired_p(only_second, only_first) == (p, mid_p)


@pytest.mark.parametrize(
    ("cells", "p", "mid_p"),
    # Fagerland et al. (2013): Bentur et al. (2009)
    [((1, 1, 7, 12), 0.0703, 0.0391)],
)
def test_p_equals_published_figures(cells: tuple[int, int, int, int], p: float, mid_p: float) -> None:
    found, _, _ = table_of(*cells)
    assert (round(found.p, 4), round(found.mid_p, 4)) == (p, mid_p)


def test_p_at_the_ends() -> None:
    assert paired_p(0, 0) == (1.0, 0.5)  # no face tells the two apart
    assert paired_p(0, 5000)[0] == 0.0  # below the smallest number
    assert 0 < paired_p(20_000, 19_800)[0] < 1


def test_no_face_and_unequal_lengths() -> None:
    none = np.zeros(0, dtype=bool)
    found = mcnemar(none, none)
    assert (found.faces, found.p, found.difference) == (0, 1.0, 0.0)
    with pytest.raises(DataError, match="at least one face"):
        bootstrap_difference(found)
    with pytest.raises(DataError, match=r"got \(2,\), \(3,\)"):
        mcnemar(np.ones(2, dtype=bool), np.ones(3, dtype=bool))


def test_bootstrap_equals_resampled_faces() -> None:
    found, first, second = table_of(220, 90, 40, 150)
    random = np.random.default_rng(7)
    rows = random.integers(0, len(first), (4000, len(first)))
    differences = first[rows].mean(axis=1) - second[rows].mean(axis=1)
    expected = np.quantile(differences, [0.025, 0.975])
    interval = bootstrap_difference(found)
    assert (interval.low, interval.high) == pytest.approx(tuple(expected), abs=0.004)  # one face is 0.002
    assert interval.low < found.difference < interval.high


def test_bootstrap_has_the_width_that_theory_gives() -> None:
    found, _, _ = table_of(2000, 700, 500, 800)
    n, b, c = 4000, 700, 500
    deviation = np.sqrt((b + c) / n - ((b - c) / n) ** 2) / np.sqrt(n)
    interval = bootstrap_difference(found, resamples=40_000)
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * deviation, rel=0.03)
    narrower = bootstrap_difference(found, level=0.5)
    assert interval.low < narrower.low < narrower.high < interval.high


def test_bootstrap_is_seeded() -> None:
    found, _, _ = table_of(20, 9, 4, 7)
    assert bootstrap_difference(found) == bootstrap_difference(found)
    assert bootstrap_difference(found, resamples=101) != bootstrap_difference(found, resamples=101, seed=1)


def test_networks_that_agree_everywhere() -> None:
    found, _, _ = table_of(5, 0, 0, 3)
    interval = bootstrap_difference(found)
    assert (found.p, interval.low, interval.high) == (1.0, 0.0, 0.0)
