"""What each network computes for one face, layer by layer, and the founding report's exercise."""

from mien.analysis.cost import count, network_from_text
from mien.core.costs import CostTable
from mien.core.material import Material
from mien.core.section import Block, Finding, Fold, Heading, Listing, Text
from mien.core.text_tables import number
from mien.diagnostics._diagnostic import Diagnostic

EXERCISE = ("conv 6 2x2 stride 3", "conv 4 2x2 stride 2")
EXERCISE_INPUT = (8, 8, 5)


def make(material: Material) -> Finding:
    """A table of every network, the first one open, and the exercise with its formulas."""
    counted = [run for run in material.runs if run.costs]
    missing = [f"run {run.name} has no costs.json" for run in material.runs if not run.costs]
    exercise = count(network_from_text(EXERCISE, EXERCISE_INPUT))
    blocks: list[Block] = [Text(text=line + ": its network is not counted here.") for line in missing]
    for place, run in enumerate(counted):
        table = run.cost_table()
        shown = (table.arithmetic(), _formulas(table))
        blocks += [Heading(text=run.name), *shown] if place == 0 else [Fold(title=run.name, blocks=shown)]
    blocks += [
        Heading(text="The report's two layers"),
        Text(
            text="An input of 8x8x5, then 6 filters 2x2 with stride 3, then 4 filters 2x2 with stride 2, no padding."
        ),
        exercise.arithmetic(),
        Listing(text="\n".join(_formula_lines(exercise))),
    ]
    data = {run.name: run.cost_table().totals() for run in counted} | {"exercise": exercise.to_dict()}
    return Finding(
        answer=_answer([(run.name, run.cost_table()) for run in counted]), blocks=tuple(blocks), data=data
    )


def _formulas(table: CostTable) -> Fold:
    return Fold(
        title="Every formula with its numbers", blocks=(Listing(text="\n".join(_formula_lines(table))),)
    )


def _formula_lines(table: CostTable) -> list[str]:
    lines = []
    for row in table.rows:
        if row.formulas:
            lines.append(row.label)
        lines += [f"  {formula.quantity}: {formula}" for formula in row.formulas]
    return lines


def _answer(tables: list[tuple[str, CostTable]]) -> str:
    if not tables:
        return "No run has its costs on disk; the exercise below needs none."
    told = []
    for name, table in tables:
        heaviest = max(table.rows, key=lambda row: row.forward.total)
        share = heaviest.forward.total / max(table.forward.total, 1)
        least = "at least " if table.lower_bound else ""
        told.append(
            f"{name} takes {least}{number(table.forward.multiplications)} multiplications a face, "
            f"{share:.0%} of its operations in {heaviest.name}"
        )
    return "; ".join(told) + "."


PLUGIN = Diagnostic(
    order=80, title="Cost", question="What does one face cost to read, and in which layer?", make=make
)
