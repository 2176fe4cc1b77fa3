"""PCA against numpy's SVD, scikit-learn and exact fractions."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from sklearn import decomposition

import mien.analysis._pca_centre as centre_module
import mien.analysis.pca as pca_module
from mien.analysis.pca import fit, projected
from mien.analysis.report_points import REPORT_POINTS
from mien.core.errors import ConfigError, DataError
from mien.core.pca import PCA
from mien.core.rows import Block, Rows

TEN = np.array(REPORT_POINTS)
RELATIVE = 1e-10


def random_rows(n: int, d: int, seed: int = 0, spread: float = 1.5) -> np.ndarray:
    """Rows off the origin whose variances fall off by about spread^2 from axis to axis, in a turned frame."""
    rng = np.random.default_rng(seed)
    turned, _ = np.linalg.qr(rng.normal(size=(d, d)))
    sizes = spread ** -np.arange(d, dtype=float)
    return rng.normal(size=(n, d)) * sizes @ turned + rng.normal(size=d)


def in_blocks(x: np.ndarray, size: int, *, again: bool = True, count: bool = True) -> Rows:
    """The rows as a file would give them."""

    def blocks() -> Iterator[Block]:
        for start in range(0, len(x), size):
            yield Block(x[start : start + size])

    once = blocks()
    return Rows(
        source="blocks",
        columns=tuple(f"c{i}" for i in range(x.shape[1])),
        blocks=blocks if again else lambda: once,
        count=len(x) if count else None,
        again=again,
    )


def by_svd(x: np.ndarray, *, centre: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Variances (divided by n) and axes from numpy's SVD."""
    centred = x - x.mean(axis=0) if centre else x
    _, singular, axes = np.linalg.svd(centred, full_matrices=False)
    return singular**2 / len(x), axes


def assert_same_axes(ours: np.ndarray, theirs: np.ndarray, tolerance: float = RELATIVE) -> None:
    signs = np.sign((ours * theirs).sum(axis=1))[:, None]
    np.testing.assert_allclose(ours, theirs * signs, rtol=0, atol=tolerance)


def assert_same_space(ours: np.ndarray, theirs: np.ndarray) -> None:
    np.testing.assert_allclose(ours.T @ ours, theirs.T @ theirs, rtol=0, atol=RELATIVE)


def direct_errors(x: np.ndarray, pca: PCA) -> tuple[float, float, float]:
    norms = np.linalg.norm(pca.prepared(x) - pca.project(x) @ pca.axes, axis=1)
    return float((norms**2).mean()), float(norms.mean()), float(np.linalg.norm(norms))


@pytest.fixture(params=["small", "large"])
def path_taken(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Small tables take the SVD; "large" makes them take the ways of large ones, in small pieces."""
    if request.param == "large":
        monkeypatch.setattr(pca_module, "_SMALL", 0)
        monkeypatch.setattr(centre_module, "_MOST", 64)
        monkeypatch.setattr(centre_module, "_FEWEST", 16)
    return str(request.param)


@pytest.mark.parametrize(
    ("n", "d", "k"), [(400, 8, 8), (300, 30, 10), (7, 40, 6), (30, 200, 9), (500, 1, 1), (2, 3, 1)]
)
def test_equals_numpy_and_scikit_learn(path_taken: str, n: int, d: int, k: int) -> None:
    x = random_rows(n, d, seed=n)
    pca = fit(Rows.of(x), k, divisor="n-1")
    variances, axes = by_svd(x)
    np.testing.assert_allclose(pca.variances, variances[:k] * n / (n - 1), rtol=RELATIVE)
    assert_same_axes(pca.axes, axes[:k])
    theirs = decomposition.PCA(k, svd_solver="full").fit(x)
    np.testing.assert_allclose(pca.variances, theirs.explained_variance_, rtol=RELATIVE)
    np.testing.assert_allclose(pca.shares, theirs.explained_variance_ratio_, rtol=RELATIVE)
    assert_same_axes(pca.axes, theirs.components_)
    points = theirs.transform(x)
    np.testing.assert_allclose(np.abs(pca.project(x)), np.abs(points), rtol=0, atol=1e-9)
    rebuilt = pca.reconstruct(pca.project(x))
    np.testing.assert_allclose(rebuilt, theirs.inverse_transform(points), atol=1e-9)


@pytest.mark.parametrize("centre", [True, False])
@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize(("n", "d"), [(300, 12), (9, 50)])
def test_every_preparation(path_taken: str, n: int, d: int, centre: bool, scale: bool) -> None:
    x = random_rows(n, d, seed=3) * np.linspace(1, 50, d) + 2
    pca = fit(Rows.of(x), 4, centre=centre, scale=scale)
    scaled = x / x.std(axis=0) if scale else x
    variances, axes = by_svd(scaled, centre=centre)
    np.testing.assert_allclose(pca.variances, variances[:4], rtol=RELATIVE)
    np.testing.assert_allclose(pca.total_variance, variances.sum(), rtol=RELATIVE)
    assert_same_axes(pca.axes, axes[:4])
    found = (pca.errors.mean_of_squared_l2_norms, pca.errors.mean_l2_norm, pca.errors.total_l2_norm)
    np.testing.assert_allclose(found, direct_errors(x, pca), rtol=RELATIVE)
    np.testing.assert_allclose(found[0], variances[4:].sum(), rtol=1e-9)


@pytest.mark.parametrize("shift", [0.0, 5.0, 1e8])
@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_blocks_of_any_size_give_the_same(path_taken: str, size: int, shift: float) -> None:
    x = random_rows(200, 6, seed=1) + shift
    whole, parts = fit(Rows.of(x), 3), fit(in_blocks(x, size), 3)
    np.testing.assert_allclose(parts.variances, whole.variances, rtol=1e-8 if shift > 10 else 1e-12)
    assert_same_axes(parts.axes, whole.axes, 1e-8 if shift > 10 else RELATIVE)
    np.testing.assert_allclose(parts.mean, whole.mean, rtol=1e-14)
    assert parts.errors.mean_l2_norm == pytest.approx(whole.errors.mean_l2_norm, rel=1e-8)


@pytest.mark.parametrize("again", [True, False])
def test_values_near_1e8_keep_a_variance_of_1(again: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pca_module, "_SMALL", 0)
    rng = np.random.default_rng(5)
    x = rng.normal(size=(4_000, 3)) * [1, 0.9, 0.8] + [1e8, -1e8, 3e8]
    exact = exact_covariance(x)
    variances = np.linalg.eigvalsh(exact)[::-1]
    pca = fit(in_blocks(x, 512, again=again, count=False), 3)
    np.testing.assert_allclose(pca.variances, variances, rtol=RELATIVE)
    naive = x.T @ x / len(x) - np.outer(x.mean(axis=0), x.mean(axis=0))
    assert not np.allclose(
        np.linalg.eigvalsh(naive)[::-1], variances, rtol=0.1
    )  # the usual way loses all digits


def exact_covariance(x: np.ndarray) -> np.ndarray:
    """Divided by n, from fractions, which round nothing."""
    columns = [[Fraction(float(value)) for value in column] for column in x.T]
    means = [sum(column) / len(column) for column in columns]
    centred = [[value - mean for value in column] for column, mean in zip(columns, means, strict=True)]
    return np.array([[float(sum(map(lambda a, b: a * b, u, v)) / len(u)) for v in centred] for u in centred])


def test_an_outlier_in_the_first_row_does_not_spoil_other_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pca_module, "_SMALL", 0)
    x = random_rows(3000, 3, seed=9)
    x[0, 0] = 1e9
    pca = fit(in_blocks(x, 100, count=False), 3)
    variances, _ = by_svd(x)
    np.testing.assert_allclose(pca.variances, variances, rtol=RELATIVE)


@pytest.mark.parametrize("again", [True, False])
def test_small_variances_keep_their_digits(path_taken: str, again: bool) -> None:
    x = random_rows(300, 8, seed=2, spread=30)  # the last deviation is 30^-7 = 5e-11 of the first
    variances, axes = by_svd(x - x.mean(axis=0))
    pca = fit(in_blocks(x - x.mean(axis=0), 50, again=again))
    np.testing.assert_allclose(
        np.sqrt(pca.variances), np.sqrt(variances), rtol=0, atol=1e-14 * np.sqrt(variances[0])
    )
    np.testing.assert_allclose(pca.variances[:5], variances[:5], rtol=1e-8)
    assert_same_axes(pca.axes[:5], axes[:5], 1e-8)


def test_repeated_variances_give_the_same_space(path_taken: str) -> None:
    rng = np.random.default_rng(4)
    left, _ = np.linalg.qr(rng.normal(size=(300, 6)))
    left, _ = np.linalg.qr(left - left.mean(axis=0))
    turned, _ = np.linalg.qr(rng.normal(size=(6, 6)))
    x = left * [5, 5, 5, 2, 2, 1] @ turned
    pca = fit(Rows.of(x))
    variances, axes = by_svd(x)
    np.testing.assert_allclose(pca.variances, variances, rtol=RELATIVE)
    for same in (slice(0, 3), slice(3, 5), slice(5, 6)):
        assert_same_space(pca.axes[same], axes[same])


@pytest.mark.parametrize(("n", "d", "rank"), [(200, 9, 4), (12, 60, 5), (10, 10, 3)])
def test_data_of_lower_rank(path_taken: str, n: int, d: int, rank: int) -> None:
    rng = np.random.default_rng(n)
    x = rng.normal(size=(n, rank)) @ rng.normal(size=(rank, d)) + 3
    pca = fit(Rows.of(x))
    variances, axes = by_svd(x)
    assert pca.k == min(n, d)
    np.testing.assert_allclose(pca.variances[:rank], variances[:rank], rtol=RELATIVE)
    np.testing.assert_allclose(pca.variances[rank:], 0, atol=1e-25 * variances[0])
    assert_same_axes(pca.axes[:rank], axes[:rank])
    np.testing.assert_allclose(pca.axes @ pca.axes.T, np.eye(pca.k), atol=1e-12)
    assert fit(Rows.of(x), rank).errors.total_l2_norm < 1e-12 * np.linalg.norm(x)


def test_rows_that_are_all_the_same_have_no_variance(path_taken: str) -> None:
    pca = fit(Rows.of(np.full((50, 3), 0.1)), 2)
    np.testing.assert_allclose(pca.variances, 0, atol=1e-30)
    assert pca.errors.total_l2_norm == pytest.approx(0, abs=1e-14)
    zeros = fit(Rows.of(np.zeros((50, 3))), 2)
    assert zeros.shares.tolist() == [0, 0]


@pytest.mark.parametrize("value", [2.5, 0.1, 1e8 + 0.1, 0.0])
@pytest.mark.parametrize("method", ["exact", "randomised"])
def test_no_variance_is_said(path_taken: str, value: float, method: Any) -> None:
    said = "there is no variance: all rows are the same, and the axes are arbitrary"
    assert fit(Rows.of(np.full((300, 7), value)), 1, method=method).notes == (said,)
    assert fit(Rows.of(random_rows(300, 7) + value), 1, method=method).notes == ()


def test_a_constant_column_is_left_as_it_is_by_scaling(path_taken: str) -> None:
    x = random_rows(100, 3)
    x[:, 1] = 0.1
    pca = fit(Rows.of(x), 2, scale=True)
    assert pca.scale is not None
    assert pca.scale[1] == 1
    np.testing.assert_allclose(pca.total_variance, 2, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.uint8, np.int64, bool])
def test_other_kinds_of_numbers(path_taken: str, dtype: Any) -> None:
    x = (np.random.default_rng(0).random((100, 4)) * 3).astype(dtype)
    pca = fit(Rows.of(x), 2)
    np.testing.assert_allclose(pca.variances, by_svd(x.astype(float))[0][:2], rtol=1e-12)


def test_arrays_by_columns(path_taken: str) -> None:
    x = random_rows(150, 5)
    np.testing.assert_allclose(fit(Rows.of(np.asfortranarray(x))).variances, by_svd(x)[0], rtol=RELATIVE)


def test_as_many_axes_as_the_share_of_variance_needs() -> None:
    x = random_rows(100, 6)
    cumulative = np.cumsum(by_svd(x)[0]) / by_svd(x)[0].sum()
    for share in (0.01, 0.5, 0.9, float(cumulative[2]), 1.0):
        k = fit(Rows.of(x), variance=share).k
        assert cumulative[k - 1] >= share - 1e-12
        assert k == 1 or cumulative[k - 2] < share
    assert fit(Rows.of(x), variance=float(cumulative[2])).k == 3


def test_the_first_row_projects_on_the_positive_side(path_taken: str) -> None:
    for seed in range(5):
        x = random_rows(60, 5, seed)
        assert (fit(Rows.of(x)).project(x[:1]) > 0).all()
    symmetric = np.array([[0.0, 0.0], [2.0, 1.0], [-2.0, -1.0]])  # the first row is the mean
    assert fit(Rows.of(symmetric), 1).axes[0, 0] > 0


def test_one_pass_gives_all_but_the_mean_norm() -> None:
    x = random_rows(500, 5)
    once, twice = fit(in_blocks(x, 64, again=False, count=False), 2), fit(Rows.of(x), 2)
    np.testing.assert_allclose(once.axes, twice.axes, atol=RELATIVE)
    assert once.errors.mean_l2_norm is None
    assert "not computed" in " ".join(once.notes)
    assert once.errors.total_l2_norm == pytest.approx(twice.errors.total_l2_norm, rel=RELATIVE)
    assert once.errors.mean_of_squared_l2_norms == pytest.approx(
        twice.errors.mean_of_squared_l2_norms, rel=RELATIVE
    )


@pytest.mark.parametrize("method", ["exact", "randomised"])
def test_the_mean_norm_can_be_left_out(path_taken: str, method: Any) -> None:
    x = random_rows(300, 40)
    short, full = (fit(Rows.of(x), 3, method=method, mean_norm=wanted) for wanted in (False, True))
    assert short.errors.mean_l2_norm is None
    assert short.errors.total_l2_norm == pytest.approx(full.errors.total_l2_norm, rel=1e-9)
    assert "not computed" in str(short)


def test_tiny_errors_beside_large_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pca_module, "_SMALL", 0)
    rng = np.random.default_rng(8)
    x = rng.normal(size=(400, 10)) * ([100.0, 50.0] + [1e-4] * 8)
    pca = fit(Rows.of(x), 2)
    found = (pca.errors.mean_of_squared_l2_norms, pca.errors.mean_l2_norm, pca.errors.total_l2_norm)
    np.testing.assert_allclose(found, direct_errors(x, pca), rtol=1e-9)


def test_projected_gives_every_row_with_its_label_and_error() -> None:
    rows = Rows.of(TEN, labels=[f"p{i}" for i in range(10)])
    pca = fit(rows, 2)
    (block,) = projected(rows, pca)
    assert block.labels == rows_labels()
    np.testing.assert_allclose(block.points, pca.project(TEN), rtol=1e-14)
    assert block.norms.mean() == pytest.approx(pca.errors.mean_l2_norm, rel=1e-14)


def rows_labels() -> tuple[str, ...]:
    return tuple(f"p{i}" for i in range(10))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_named_with_its_place(path_taken: str, value: float) -> None:
    x = random_rows(300, 4)
    x[217, 2] = value
    with pytest.raises(
        DataError, match=rf"^the array, row 218, column 3: expected a finite number, got {value}"
    ):
        fit(Rows.of(x), 2)
    with pytest.raises(DataError, match="row 218, c2"):
        fit(in_blocks(x, 10, again=False, count=False), 2)


@pytest.mark.parametrize("wide", [True, False])
def test_numbers_too_large_to_square(path_taken: str, wide: bool) -> None:
    x = random_rows(*((5, 30) if wide else (30, 5))) * 1e200
    with pytest.raises(DataError, match="too large"):
        fit(Rows.of(x), 2)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((0, 3), "the array: has no rows; .* at least two"),
        ((1, 3), "the array: has one row"),
        ((3, 0), "no columns"),
    ],
)
def test_too_little_data(shape: tuple[int, int], message: str) -> None:
    with pytest.raises(DataError, match=message):
        fit(Rows.of(np.ones(shape)))
    if shape[1]:
        with pytest.raises(DataError, match=r"has (one row|no rows)"):
            fit(in_blocks(np.ones(shape), 5, again=False, count=False))


def test_k_too_large_is_found_after_reading_too() -> None:
    with pytest.raises(ConfigError, match="2 rows of 3 columns, so at most 2 axes"):
        fit(in_blocks(TEN[:2], 1, count=False), 3)
