"""C16: the error of principal components that the report prints."""

from dataclasses import asdict

from mien.analysis.claims.judgement import FAILS, HOLDS, OPEN, Claim, Ruling, Verdict
from mien.analysis.pca import fit
from mien.analysis.report_points import REPORT_ERROR, REPORT_POINTS
from mien.core.pca import ReconstructionErrors
from mien.core.rows import Rows

_WORDED = "mean_l2_norm"  # what "average L2 norm" says
_WORDS = {
    "mean_of_squared_l2_norms": "mean of the squared L2 norms",
    "mean_l2_norm": "mean L2 norm",
    "total_l2_norm": "total L2 norm",
}


def is_mean_norm(errors: ReconstructionErrors, printed: str) -> Ruling:
    """Whether the mean L2 norm of the error, printed with as many decimals, gives the printed number."""
    decimals = len(printed.partition(".")[2])
    measured = asdict(errors)
    digits = {name: value if value is None else f"{value:.{decimals}f}" for name, value in measured.items()}
    matching = [_WORDS[name] for name, text in digits.items() if text == printed]
    if digits[_WORDED] is None:
        verdict: Verdict = OPEN
    else:
        verdict = HOLDS if digits[_WORDED] == printed else FAILS
    told = ", ".join(f"the {_WORDS[name]} is {text or 'not known'}" for name, text in digits.items())
    named = (
        f"the report's {printed} is the {' and the '.join(matching)}"
        if matching
        else f"none of them is {printed}"
    )
    return Ruling(verdict=verdict, evidence=f"Of two axes of the ten points {told}; {named}.")


ERROR = Claim(
    id="C16",
    statement=f'The "average L2 norm of the reconstruction error" of the ten points from two axes is {REPORT_ERROR}.',
    rule=f"The mean L2 norm of the error, rounded as the report rounds it, is {REPORT_ERROR}. The mean of the squared "
    "norms and the total norm are computed beside it, to say which convention the report's number has.",
    needs="the ten points read more than once",
    judge=lambda _: is_mean_norm(fit(Rows.of(REPORT_POINTS), 2).errors, REPORT_ERROR),
)
CLAIMS = (ERROR,)
