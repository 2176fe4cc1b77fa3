"""C16: which convention the printed error has."""

import pytest

from mien.analysis.claims.pca import ERROR, is_mean_norm
from mien.core.material import Material
from mien.core.pca import ReconstructionErrors


@pytest.mark.parametrize(
    ("errors", "verdict", "told"),
    [
        ((2.0, 5.4716, 9.0), "holds", "the report's 5.472 is the mean L2 norm"),
        (
            (5.472033, 2.0478, 7.3973),
            "does not hold",
            "the report's 5.472 is the mean of the squared L2 norms",
        ),
        ((1.0, 2.0, 5.472), "does not hold", "the report's 5.472 is the total L2 norm"),
        ((1.0, 2.0, 3.0), "does not hold", "none of them is 5.472"),
        ((5.472, None, 3.0), "not decidable", "the mean L2 norm is not known"),
    ],
)
def test_the_convention(errors, verdict, told):
    names = ("mean_of_squared_l2_norms", "mean_l2_norm", "total_l2_norm")
    ruling = is_mean_norm(ReconstructionErrors(**dict(zip(names, errors, strict=True))), "5.472")
    assert ruling.verdict == verdict
    assert told in ruling.evidence


def test_the_reports_number_is_a_mean_of_squares():
    judged = ERROR.judged(Material(runs=()))
    assert judged.verdict == "does not hold"
    assert (
        "squared L2 norms is 5.472, the mean L2 norm is 2.048, the total L2 norm is 7.397" in judged.evidence
    )
