"""All sixteen claims together."""

import json

from mien.analysis.claims import CLAIMS, OF_A_STUDY, judged
from mien.analysis.claims.judgement import FAILS, HOLDS, OPEN, Ruling, all_hold
from mien.analysis.claims.table import claims_table, rules_table
from mien.core.material import Material


def test_the_claims_are_complete_and_in_order():
    assert [claim.id for claim in CLAIMS] == [f"C{number}" for number in range(1, 17)]
    assert [claim.id for claim in OF_A_STUDY] == ["C4", "C5", "C6", "C7", "C8"]
    for claim in CLAIMS:
        assert claim.statement.endswith(".")
        assert len(claim.rule) > 40


def test_without_runs_all_but_the_ten_points_are_open_and_say_what_would_decide_them():
    found = judged(Material(runs=()))
    assert [one.claim for one in found if one.verdict != OPEN] == ["C16"]
    assert all(bool(one.decided_by) == (one.verdict == OPEN) for one in found)
    assert json.loads(json.dumps([one.to_dict() for one in found]))[0]["claim"] == "C1"
    assert len(claims_table(found).rows) == len(rules_table(found).rows) == 16


def test_a_claim_of_two_parts():
    holds, fails = Ruling(verdict=HOLDS, evidence="A."), Ruling(verdict=FAILS, evidence="B.")
    unclear = Ruling(verdict=OPEN, evidence="C.", decided_by="More.")
    assert all_hold(holds, holds).verdict == HOLDS
    assert all_hold(holds, unclear, fails) == Ruling(verdict=FAILS, evidence="A. C. B.")
    assert all_hold(unclear, holds, unclear) == Ruling(verdict=OPEN, evidence="C. A. C.", decided_by="More.")
