"""PCA of the ten points of the founding report, digit by digit, and what is refused of them."""

from typing import Any

import numpy as np
import pytest

from mien.analysis.pca import fit
from mien.analysis.report_points import REPORT_AXES, REPORT_POINTS, REPORT_PROJECTIONS
from mien.core.errors import ConfigError
from mien.core.rows import Rows

TEN = np.array(REPORT_POINTS)


def test_every_printed_digit_of_the_report() -> None:
    pca = fit(Rows.of(TEN), 3)
    assert [" ".join(f"{value:.4f}" for value in axis) for axis in pca.axes] == list(REPORT_AXES)
    points = fit(Rows.of(TEN), 2).project(TEN)
    assert [" ".join(f"{value:.8f}" for value in point) for point in points] == list(REPORT_PROJECTIONS)


def test_the_coordinates_of_the_report_are_off_by_no_more_than_rounding() -> None:
    printed = np.array([[float(value) for value in point.split()] for point in REPORT_PROJECTIONS])
    centred = TEN - TEN.mean(axis=0)
    axes = np.linalg.svd(centred)[2][:2]
    exact = centred @ (axes * np.sign(axes @ centred[0])[:, None]).T
    assert f"{np.abs(printed - exact).max():.1e}" == "3.8e-09"  # as docs/pca.md says
    np.testing.assert_allclose(fit(Rows.of(TEN), 2).project(TEN), exact, rtol=0, atol=1e-13)


def test_the_three_errors_of_the_report() -> None:
    errors = fit(Rows.of(TEN), 2).errors
    assert f"{errors.mean_of_squared_l2_norms:.4f}" == "5.4720"
    assert f"{errors.mean_l2_norm:.4f}" == "2.0478"
    assert f"{errors.total_l2_norm:.4f}" == "7.3973"


def test_the_mean_of_the_squares_is_the_smallest_eigenvalue_of_the_covariance_by_n() -> None:
    total = sum((TEN[:, None, :] - TEN.mean(axis=0)) ** 2).sum() / len(TEN)
    covariance = np.cov(TEN.T, bias=True)
    smallest = np.linalg.eigvalsh(covariance)[0]
    pca = fit(Rows.of(TEN), 2)
    assert pca.errors.mean_of_squared_l2_norms == pytest.approx(smallest, rel=1e-13)
    assert pca.total_variance == pytest.approx(total, rel=1e-13)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"k": 4}, "k=4: the array has 10 rows of 3 columns, so at most 3 axes"),
        ({"k": 0}, "k=0: expected a whole number"),
        ({"k": 0.95}, r"k=0\.95: .* for a share of the variance give variance="),
        ({"k": True}, "k=True"),
        ({"variance": 0}, "variance=0: expected a share above 0"),
        ({"variance": 95}, "variance=95"),
        ({"variance": float("nan")}, "variance=nan"),
        ({"k": 1, "variance": 0.5}, "exclude each other"),
        ({"divisor": "n-2"}, "divisor='n-2': expected n or n-1"),
        ({"method": "fast"}, "method='fast': expected auto, exact, randomised"),
        ({"method": "randomised"}, "give k"),
    ],
)
def test_choices_that_make_no_sense(choices: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        fit(Rows.of(TEN), **choices)
