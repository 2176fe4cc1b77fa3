"""A claim of the founding report, the rule that judges it, and the judgement."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from mien.core.errors import MissingInput
from mien.core.material import Material

Verdict = Literal["holds", "does not hold", "not decidable"]
HOLDS: Verdict = "holds"
FAILS: Verdict = "does not hold"
OPEN: Verdict = "not decidable"


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """What a rule makes of measured numbers: a verdict, the numbers in a sentence, and what would decide more."""

    verdict: Verdict
    evidence: str
    decided_by: str = ""


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """A claim with its verdict; `decided_by` is empty where it is decided."""

    claim: str
    statement: str
    verdict: Verdict
    evidence: str
    decided_by: str
    rule: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What the report says, and how it is judged.

    id         C1 to C16
    statement  in one sentence
    rule       in words, with every threshold
    needs      what decides it, said where that is missing
    judge      takes what the rule needs from the material and applies it; MissingInput where something is lacking
    """

    id: str
    statement: str
    rule: str
    needs: str
    judge: Callable[[Material], Ruling]

    def judged(self, material: Material) -> Judgement:
        """The verdict on this material; what is missing makes it not decidable."""
        ruling = attempted(lambda: self.judge(material), sentence(self.needs))
        return Judgement(
            claim=self.id,
            statement=self.statement,
            verdict=ruling.verdict,
            evidence=ruling.evidence,
            decided_by=(ruling.decided_by or sentence(self.needs)) if ruling.verdict == OPEN else "",
            rule=self.rule,
        )


def attempted(judge: Callable[[], Ruling], needs: str) -> Ruling:
    """A ruling; one that says what is missing, and is decided by what it needs, where something is."""
    try:
        return judge()
    except MissingInput as error:
        return Ruling(verdict=OPEN, evidence=sentence(str(error)), decided_by=needs)


def all_hold(*parts: Ruling) -> Ruling:
    """One ruling of a claim's parts: it holds where all of them hold, and does not where one of them does not.

    >>> part = Ruling(verdict=HOLDS, evidence="One.")
    >>> all_hold(part, Ruling(verdict=OPEN, evidence="Two.", decided_by="More."))
    Ruling(verdict='not decidable', evidence='One. Two.', decided_by='More.')
    """
    verdicts = {part.verdict for part in parts}
    verdict = FAILS if FAILS in verdicts else OPEN if OPEN in verdicts else HOLDS
    open_parts = (part.decided_by for part in parts if part.verdict == OPEN) if verdict == OPEN else ()
    return Ruling(
        verdict=verdict,
        evidence=" ".join(part.evidence for part in parts),
        decided_by=" ".join(dict.fromkeys(filter(None, open_parts))),
    )


def sided(low: float, high: float, line: float) -> Verdict:
    """Whether an interval lies above a line (holds), below it (does not hold), or on it (not decidable).

    >>> sided(0.1, 0.3, 0.0), sided(-0.2, -0.1, 0.0), sided(-0.1, 0.1, 0.0)
    ('holds', 'does not hold', 'not decidable')
    """
    return HOLDS if low > line else FAILS if high < line else OPEN


def sentence(text: str) -> str:
    """The text with a capital and a full stop.

    >>> sentence("run cnn has no finished epoch")
    'Run cnn has no finished epoch.'
    """
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
