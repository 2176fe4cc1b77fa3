"""Results as tables for the terminal."""

import json
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from mien.analysis.metrics import Evaluation, LeakFree
from mien.core.rundir import RunDir
from mien.core.runsummary import summary
from mien.core.section import Block, Fold, Section, Text
from mien.core.text_tables import TextTable

FOLDED = 1  # where a terminal is narrow, this column gives way, never a name or a number
UNBROKEN = 1000  # columns: what is piped or kept in a file is not broken into lines


def show(what: str | Table) -> None:
    """Print a line or a table as it is, whatever brackets are in it."""
    console = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else UNBROKEN)
    console.print(what)


def print_json(values: Any) -> None:
    """One JSON document on standard output."""
    print(json.dumps(values, indent=2))


def print_run(run: RunDir, as_json: bool) -> None:
    """Where a run lies, or everything that `mien runs` tells of it."""
    if as_json:
        print_json(summary(run).to_dict())
    else:
        print(run.path)


def print_table(title: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """A plain table: the first column to the left, numbers to the right."""
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    for place, column in enumerate(columns):
        table.add_column(
            column, justify="left" if place == 0 else "right", no_wrap=place != FOLDED, overflow="fold"
        )
    for row in rows:
        table.add_row(*row)
    show(table)


def print_section(section: Section) -> None:
    """A section of the report without its pictures: title, answer, paragraphs, tables."""
    show(f"{section.title}\n{section.finding.answer}\n")
    _print_blocks(section.finding.blocks)


def _print_blocks(blocks: Sequence[Block]) -> None:
    for block in blocks:
        if isinstance(block, TextTable):
            show(block.as_text().strip("\n") + "\n")
        elif isinstance(block, Text):
            show(f"{block.text}\n")
        elif isinstance(block, Fold):
            show(f"{block.title}\n")
            _print_blocks(block.blocks)


def share(value: float) -> str:
    """A share in percent, with two decimals."""
    return f"{100 * value:.2f} %"


def print_evaluation(found: Evaluation) -> None:
    """The figures of a run, and of each class."""
    low, high = found.interval
    show(f"{found.run} on {found.part}, {found.faces:,} faces")
    show(f"accuracy  {share(found.accuracy)}  (95 % interval {share(low)} to {share(high)}, Wilson)")
    if found.leak_free:
        show(_leak_free(found.leak_free))
    show(f"macro-F1  {found.macro_f1:.4f}\nlog-loss  {found.log_loss:.4f} nats\n")
    rows = [
        (one.name, f"{one.precision:.3f}", f"{one.recall:.3f}", f"{one.f1:.3f}", f"{one.faces:,}")
        for one in found.classes
    ]
    print_table("", ("class", "precision", "recall", "F1", "faces"), rows)


def _leak_free(found: LeakFree) -> str:
    low, high = found.interval
    return (
        f"          {share(found.accuracy)}  (95 % interval {share(low)} to {share(high)}) on {found.faces:,} faces, "
        f"without {found.left_out:,} whose picture is also in the training part"
    )
