"""The PCA value: what it guarantees, what it gives back, and how it looks."""

import json
from dataclasses import replace

import numpy as np
import pytest

from mien.analysis.pca import fit
from mien.core.errors import DataError
from mien.core.pca import PCA, ReconstructionErrors, shown, shown_alike
from mien.core.rows import Rows

X = np.random.default_rng(0).normal(size=(40, 4)) * [5, 3, 2, 1] + 10


def made(**changes: object) -> PCA:
    return replace(fit(Rows.of(X, columns=["a", "b", "c", "d"]), 2), **changes)


def test_projecting_and_rebuilding_by_hand() -> None:
    pca = made()
    points = (X - X.mean(axis=0)) @ pca.axes.T
    np.testing.assert_allclose(pca.project(X), points, atol=1e-12)
    np.testing.assert_allclose(pca.reconstruct(points), points @ pca.axes + X.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(pca.reconstruct(points[:, :1]), points[:, :1] @ pca.axes[:1] + X.mean(axis=0))


def test_all_axes_give_the_rows_back_also_when_scaled() -> None:
    pca = fit(Rows.of(X), scale=True)
    np.testing.assert_allclose(pca.reconstruct(pca.project(X)), X, atol=1e-12)


def test_shares_are_of_all_variance_not_of_the_kept() -> None:
    pca = made()
    np.testing.assert_allclose(pca.total_variance, X.var(axis=0).sum(), rtol=1e-12)
    np.testing.assert_allclose(pca.shares, pca.variances / X.var(axis=0).sum(), rtol=1e-12)
    np.testing.assert_allclose(pca.cumulative, [pca.shares[0], pca.shares.sum()], rtol=1e-12)


@pytest.mark.parametrize("shape", [(4,), (3, 5), (1, 1)])
def test_rows_of_other_columns_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match=r"expected rows of 4 numbers \(n, 4\), got"):
        made().project(np.zeros(shape))


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("x", "expected a number, got .*'x'"),
        (np.nan, "expected a finite number, got nan"),
        (np.inf, "expected a finite number, got inf"),
    ],
)
def test_what_is_no_finite_number_is_not_projected(cell: object, message: str) -> None:
    rows = X[:3].astype(object)
    rows[2, 1] = cell
    with pytest.raises(DataError, match=f"^the given rows, row 3, b: {message}"):
        made().project(rows)


def test_coordinates_on_more_axes_than_there_are_are_refused() -> None:
    with pytest.raises(DataError, match="at most 2 axes"):
        made().reconstruct(np.zeros((1, 3)))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"axes": np.ones((2, 4))}, "expected orthonormal axes"),
        ({"axes": np.eye(4)[0]}, r"expected axes \(k, d\)"),
        ({"mean": np.zeros(3)}, r"expected axes \(k, d\), mean and scale \(d,\)"),
        ({"columns": ("a",)}, "as many columns"),
        ({"spectrum": np.array([2.0])}, "a spectrum of at least k"),
        ({"spectrum": np.array([1.0, 2.0])}, "variances that descend"),
        ({"spectrum": np.array([1.0, -2.0])}, "not negative"),
    ],
)
def test_a_value_that_is_no_pca_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        made(**changes)


def test_arrays_are_read_only() -> None:
    pca = fit(Rows.of(X), 2, scale=True)
    for array in (pca.mean, pca.scale, pca.axes, pca.spectrum, pca.variances):
        assert array is not None
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@pytest.mark.parametrize("scale", [True, False])
def test_json_and_back(scale: bool) -> None:
    pca = fit(Rows.of(X), 2, scale=scale, divisor="n-1")
    text = json.dumps(pca.to_dict(), allow_nan=False)
    again = PCA.from_dict(json.loads(text))
    assert again.to_dict() == pca.to_dict()
    assert (again.project(X) == pca.project(X)).all()
    assert set(json.loads(text)["errors"]) == {"mean_of_squared_l2_norms", "mean_l2_norm", "total_l2_norm"}


def test_text_names_every_convention() -> None:
    text = str(fit(Rows.of(X, source="x.csv"), 2, divisor="n-1", scale=True, centre=False))
    for part in ("x.csv: 40 rows of 4 columns", "not centred", "scaled", "divided by n-1", "2 of 4 axes"):
        assert part in text
    for name in ("mean of squared L2 norms", "mean L2 norm", "total L2 norm (Frobenius"):
        assert name in text


def test_many_axes_and_columns_are_cut_with_a_word() -> None:
    x = np.random.default_rng(1).normal(size=(60, 30))
    text = str(fit(Rows.of(x)))
    assert "... and 18 axes more, to 100.00%" in text
    assert "... and 10 columns and 24 axes more in to_dict() and --json" in text
    assert max(map(len, text.splitlines())) < 130


def test_html_escapes_names() -> None:
    pca = fit(Rows.of(X, columns=["<a>", "b", "c", "d"], source="a & b"), 1)
    html = pca._repr_html_()
    assert "&lt;a&gt;" in html
    assert "a &amp; b" in html
    assert "<a>" not in html
    assert html.count("<table>") == 2


def test_what_is_not_known_is_a_dash() -> None:
    lines = ReconstructionErrors(mean_of_squared_l2_norms=4.0, mean_l2_norm=None, total_l2_norm=2.0).lines()
    assert lines[1].split() == ["-", "mean", "L2", "norm"]


@pytest.mark.parametrize("value", [5.472032912651864, -0.6166, 12345.678, 1e-5, -3e20, 0.0])
def test_shown_numbers_read_back_to_four_digits(value: float) -> None:
    assert float(shown(value)) == pytest.approx(value, rel=1e-4, abs=5e-5)


@pytest.mark.parametrize("values", [[1e8, 99999990.0757, -3.0], [0.5, 2e-6], [1e15, 1.0], [0.0, 0.0]])
def test_a_column_has_one_notation_and_reads_back(values: list[float]) -> None:
    cells = shown_alike(values)
    assert len({"e" in cell for cell in cells}) == 1
    assert [float(cell) for cell in cells] == pytest.approx(values, rel=1e-4, abs=5e-5)


def test_means_about_1e8_are_shown_alike() -> None:
    text = str(fit(Rows.of(X + np.array([1e8 - 10, 1e8 - 20, 1e8, 0])), 2))
    means = [
        line.split()[2] for line in text.splitlines() if line.startswith("column ") and "mean" not in line
    ]
    assert len(means) == 4
    assert not any("e+" in mean for mean in means)
