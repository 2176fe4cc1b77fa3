"""The founding report's claims, judged by rules on the measured numbers."""

from collections.abc import Sequence

from mien.analysis.claims import judged
from mien.analysis.claims.judgement import FAILS, HOLDS, OPEN, Judgement, Verdict
from mien.analysis.claims.table import claims_table, rules_table
from mien.analysis.study_table import study_table
from mien.core.material import Material
from mien.core.section import Block, Finding, Fold
from mien.core.wording import listed
from mien.diagnostics._diagnostic import Diagnostic

_SAID: dict[Verdict, tuple[str, str]] = {  # of one claim, of several
    HOLDS: ("holds", "hold"),
    FAILS: ("does not hold", "do not hold"),
    OPEN: ("cannot be decided from these runs", "cannot be decided from these runs"),
}


def make(material: Material) -> Finding:
    """Every claim with its evidence and verdict, the rules, and the study where there is one."""
    judgements = judged(material)
    blocks: list[Block] = [
        claims_table(judgements),
        Fold(title="The rule of every claim", blocks=(rules_table(judgements),)),
    ]
    if material.study:
        blocks.append(Fold(title="The study that decides C4 to C8", blocks=(study_table(material.study),)))
    data = {
        "verdicts": {one.claim: one.verdict for one in judgements},
        "claims": [one.to_dict() for one in judgements],
        "study": material.study.to_dict() if material.study else None,
    }
    return Finding(answer=_answer(judgements), blocks=tuple(blocks), data=data)


def _answer(judgements: Sequence[Judgement]) -> str:
    """How many claims have each verdict, and which."""
    told = []
    for verdict, (one, several) in _SAID.items():
        ids = [judgement.claim for judgement in judgements if judgement.verdict == verdict]
        if ids:
            told.append(f"{len(ids)} {one if len(ids) == 1 else several} ({', '.join(ids)})")
    return f"Of the report's {len(judgements)} claims {listed(told)}."


PLUGIN = Diagnostic(
    order=100,
    title="The report's claims",
    question="Which of the founding report's claims hold on these numbers?",
    make=make,
)
