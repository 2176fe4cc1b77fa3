"""A few of many axes from random directions, against numpy's SVD."""

from collections.abc import Iterator

import numpy as np
import pytest

import mien.analysis.pca as pca_module
from mien.analysis.pca import fit
from mien.core.errors import ConfigError, DataError
from mien.core.rows import Block, Rows


def rows_with_spectrum(n: int, d: int, power: float, seed: int = 0) -> np.ndarray:
    """Rows whose deviations fall off as 1, 2^-power, 3^-power ..., as those of photographs do."""
    rng = np.random.default_rng(seed)
    m = min(n, d)
    left, _ = np.linalg.qr(rng.normal(size=(n, m)))
    right, _ = np.linalg.qr(rng.normal(size=(d, m)))
    return (left * np.arange(1, m + 1.0) ** -power) @ right.T * 100 + rng.normal(size=d)


def svd(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    _, singular, axes = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)
    return singular**2 / len(x), axes


@pytest.mark.parametrize(("n", "d"), [(400, 150), (120, 500)])
@pytest.mark.parametrize("k", [1, 5])
def test_near_the_exact_axes(n: int, d: int, k: int) -> None:
    x = rows_with_spectrum(n, d, power=1.0)
    variances, axes = svd(x)
    pca = fit(Rows.of(x), k, method="randomised")
    np.testing.assert_allclose(pca.variances, variances[:k], rtol=1e-10)
    cosines = np.abs((pca.axes * axes[:k]).sum(axis=1))
    np.testing.assert_allclose(cosines, 1, atol=1e-10)
    np.testing.assert_allclose(pca.total_variance, variances.sum(), rtol=1e-12)
    np.testing.assert_allclose(pca.errors.mean_of_squared_l2_norms, variances[k:].sum(), rtol=1e-9)


@pytest.mark.parametrize("power", [0.0, 0.3])
def test_the_stated_accuracy_holds_also_where_the_spectrum_is_flat(power: float) -> None:
    x = rows_with_spectrum(300, 200, power)
    variances, _ = svd(x)
    pca = fit(Rows.of(x), 4, method="randomised")
    stated = float(pca.method.split("within ")[1].split(" of")[0])
    nearest = np.abs(pca.variances[:, None] - variances).min(axis=1)
    assert (nearest <= stated * 1.5 * variances[0]).all()  # stated to one digit


def test_prepared_like_the_exact_ones() -> None:
    x = rows_with_spectrum(300, 100, 1.0) * np.linspace(1, 9, 100)
    for choices in ({"scale": True}, {"centre": False}, {"divisor": "n-1"}):
        exact = fit(Rows.of(x), 2, method="exact", **choices)
        near = fit(Rows.of(x), 2, method="randomised", **choices)
        np.testing.assert_allclose(near.variances, exact.variances, rtol=1e-9)
        np.testing.assert_allclose(near.axes, exact.axes, atol=1e-7)
        np.testing.assert_allclose(near.total_variance, exact.total_variance, rtol=1e-10)


def test_a_seed_makes_it_repeatable() -> None:
    rows = Rows.of(rows_with_spectrum(200, 100, 0.5))
    first, second = (fit(rows, 3, method="randomised", seed=7) for _ in range(2))
    assert (first.axes == second.axes).all()


def test_all_rows_the_same() -> None:
    pca = fit(Rows.of(np.full((40, 30), 2.5)), 2, method="randomised")
    assert pca.variances.tolist() == [0, 0]


def test_auto_takes_it_for_few_of_many_axes_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pca_module, "_MANY_AXES", 99)
    rows = Rows.of(rows_with_spectrum(1000, 100, 1.0))
    assert fit(rows, 5).method.startswith("randomised")
    assert fit(rows, 6).method.startswith("exact")
    assert fit(rows, variance=0.5).method.startswith("exact")
    assert fit(Rows.of(rows_with_spectrum(1000, 99, 1.0)), 2).method.startswith("exact")


def test_auto_does_not_accept_what_is_not_near(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pca_module, "_MANY_AXES", 99)
    x = np.random.default_rng(2).standard_normal((300, 300))
    variances, axes = svd(x)
    assert fit(Rows.of(x), 3, method="randomised").method.startswith("randomised, 12 passes")
    found = fit(Rows.of(x), 3)
    assert found.method.startswith("exact")
    np.testing.assert_allclose(found.variances, variances[:3], rtol=1e-10)
    np.testing.assert_allclose(np.abs((found.axes * axes[:3]).sum(axis=1)), 1, atol=1e-10)
    monkeypatch.setattr(pca_module, "_MOST_COLUMNS", 50)
    assert fit(Rows.of(x), 3).method.startswith("randomised")


def test_a_stream_cannot_be_read_again_and_again() -> None:
    x = rows_with_spectrum(50, 30, 1.0)

    def blocks() -> Iterator[Block]:
        yield Block(x)

    once = Rows(source="a pipe", columns=tuple("x" * 30), blocks=blocks, again=False)
    with pytest.raises(ConfigError, match="a pipe can be read only once"):
        fit(once, 2, method="randomised")


def test_too_large_for_exact_axes_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pca_module, "_MOST_COLUMNS", 50)
    monkeypatch.setattr(pca_module, "_SMALL", 0)
    x = rows_with_spectrum(100, 60, 1.0)
    with pytest.raises(ConfigError, match="ask for a few axes with method='randomised'"):
        fit(Rows.of(x), 50)
    assert fit(Rows.of(x), 2, method="randomised").k == 2


def test_a_value_that_is_not_finite_is_named() -> None:
    x = rows_with_spectrum(60, 40, 1.0)
    x[8, 1] = np.nan
    with pytest.raises(DataError, match="row 9, column 2"):
        fit(Rows.of(x), 2, method="randomised")
