"""Judged claims as tables: what was found, and by which rules."""

from collections.abc import Sequence

from mien.analysis.claims.judgement import Judgement
from mien.core.text_tables import TextTable


def claims_table(judgements: Sequence[Judgement]) -> TextTable:
    """Claim, evidence, verdict, and what would decide it where that is open."""
    return TextTable(
        title="",
        headers=("claim", "evidence", "verdict", "what would decide it"),
        rows=tuple(
            (f"{one.claim} {one.statement}", one.evidence, one.verdict, one.decided_by) for one in judgements
        ),
        left=(0, 1, 2, 3),
    )


def rules_table(judgements: Sequence[Judgement]) -> TextTable:
    """The rule of each claim in words."""
    return TextTable(
        title="",
        headers=("claim", "rule"),
        rows=tuple((f"{one.claim} {one.statement}", one.rule) for one in judgements),
        left=(0, 1),
    )
