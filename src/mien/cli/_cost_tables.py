"""Cost tables for the terminal: cells from a CostTable, drawn with rich."""

from collections.abc import Iterable
from itertools import groupby

from rich.console import Console

from mien.analysis.cost.complexity import Complexity, Growth
from mien.core.costs import CostTable
from mien.core.layer_costs import LayerCost
from mien.core.tallies import Tally
from mien.core.text_tables import TextTable, bar, number, size

_NAME = 12  # characters that a name keeps at least


def show(table: TextTable, before: Iterable[str] = ()) -> None:
    """Print a table, its remarks, and an empty line; in a narrow terminal names are cut, never a number."""
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    widths = table.widths()
    if console.is_terminal:
        others = sum(widths[1:]) + 2 * len(widths[1:])
        widths[0] = min(widths[0], max(_NAME, console.width - others))
    head, rule, *body = table.lines(widths)
    for line in (table.title, *before, ""):
        console.print(line)
    console.print(head, style="bold")
    console.print(rule, style="dim")
    for line in (*body, *table.footer, ""):
        console.print(line)


def training_table(table: CostTable) -> TextTable:
    """Multiplications and additions of the three phases of training, apart."""
    phases = [
        phase for phase in (table.forward, table.backward_inputs, table.backward_weights) if phase is not None
    ]
    others = [
        f"other operations {name}: {', '.join(f'{number(count)} {kind}' for kind, count in phase.others.items())}"
        for name, phase in zip(("forward", "backward to inputs", "backward to weights"), phases, strict=True)
        if phase.others
    ]
    times = table.operations / table.forward.total if table.forward.total else 0.0
    return TextTable(
        title=f"training, one batch of {table.batch}: forward, back to the inputs of each layer, back to its weights",
        headers=("layer", "forward ×", "+", "to inputs ×", "+", "to weights ×", "+"),
        rows=tuple((row.label, *_pairs(row.phases.values())) for row in table.rows),
        totals=("total", *_pairs(phases)),
        footer=(*others, f"all three together are {times:.2f} times the pass forward"),
    )


def _pairs(phases: Iterable[Tally]) -> list[str]:
    """Multiplications, and additions with those of the bias."""
    return [
        number(count)
        for phase in phases
        for count in (phase.multiplications, phase.additions + phase.bias_additions)
    ]


def memory_table(table: CostTable) -> TextTable:
    """Parameters both ways, traffic, memory, and how much of the input a layer sees."""
    return TextTable(
        title=f"memory, {table.element_size} bytes a number",
        headers=(
            "layer",
            "trainable",
            "with buffers",
            "bytes moved",
            "activation",
            "in memory",
            "op/byte",
            "sees",
        ),
        rows=tuple(_memory_row(row) for row in table.rows),
        totals=(
            "total",
            number(table.trainable),
            number(table.with_buffers),
            size(table.bytes_moved),
            size(table.activation_bytes),
            size(table.peak_bytes),
            "",
            "",
        ),
        footer=("in memory: activations while the layer runs, at inference; in the last line their peak",),
    )


def _memory_row(row: LayerCost) -> tuple[str, ...]:
    sees = "x".join(map(str, row.receptive_field)) if row.receptive_field else ""
    return (
        row.label,
        number(row.trainable),
        number(row.with_buffers),
        size(row.bytes_moved),
        size(row.activation_bytes),
        size(row.live_bytes),
        f"{row.forward.total / row.bytes_moved:.2f}" if row.bytes_moved else "",
        sees,
    )


def measured_table(table: CostTable) -> TextTable:
    """Milliseconds a layer beside its count."""
    total, peak = table.seconds or 0.0, table.peak_rate or 1.0
    rate = f"{table.forward.total / total / 1e9:.1f}" if total else ""
    return TextTable(
        title=f"measured here, one pass forward, fastest of several; matrix product: {peak / 1e9:.1f} GFLOP/s",
        headers=("layer", "ms", "operations", "GFLOP/s", "of peak", "time"),
        rows=tuple(_measured_row(row, total, peak) for row in table.rows),
        totals=("total", f"{1000 * total:.3f}", number(table.forward.total), rate, "", ""),
        left=(0, 5),
    )


def _measured_row(row: LayerCost, total: float, peak: float) -> tuple[str, ...]:
    if not row.seconds:
        return row.label, "", number(row.forward.total), "", "", ""
    rate, share = row.forward.total / row.seconds, row.seconds / total
    time = f"{share:4.0%} {bar(share, 12)}"
    return (
        row.label,
        f"{1000 * row.seconds:.3f}",
        number(row.forward.total),
        f"{rate / 1e9:.1f}",
        f"{rate / peak:.0%}",
        time,
    )


def formula_lines(table: CostTable) -> Iterable[str]:
    """Each layer with the formulas of its counts, by phase."""
    for row in table.rows:
        if row.formulas:
            yield row.label
        for phase, formulas in groupby(row.formulas, key=lambda formula: formula.phase):
            for formula in formulas:
                named = (
                    formula.quantity if phase in ("parameters", "forward") else f"{formula.quantity} {phase}"
                )
                yield f"  {named}: {formula}"


def growth_lines(found: Complexity) -> list[str]:
    """The formula and the bound with the sizes of each layer."""
    return [
        "sum of (2*C*K^2-1)*C'*N^2 over the convolution and linear layers",
        f"= {found.formula}",
        f"= {number(found.products)} multiplications and additions",
        "O(sum of N^2*K^2*C*C')",
        f"= O({found.bound_formula})",
        f"= O({number(found.bound)})",
    ]


def growth_table(found: Complexity) -> TextTable:
    """What doubling a size does: the bound's rule, the bound with real sizes, and what was counted."""
    remarks = [f"{growth.change}: {growth.why}" for growth in found.growths]
    return TextTable(
        title="complexity",
        headers=("change", "rule", "bound", "counted", "multiplications, additions", "whole network"),
        rows=tuple(_growth_row(growth) for growth in found.growths),
        footer=(
            "rule: the leading term; bound: with all sizes; counted: laid out again, every operation counted",
            *remarks,
        ),
    )


def _growth_row(growth: Growth) -> tuple[str, ...]:
    if growth.products is None:
        return growth.change, f"x {growth.predicted}", "", "not possible", "", ""
    factors = (growth.bound, growth.factor, growth.network_factor)
    bound, factor, network = (f"x {value:.3f}" for value in factors if value is not None)
    return growth.change, f"x {growth.predicted}", bound, factor, number(growth.products), network
