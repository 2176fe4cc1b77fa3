"""What a counting rule gives: the operations of one step by phase, as formulas."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from mien.analysis.cost.expression import Expression, expression

Counts = Mapping[str, Expression]  # name of the operation -> how often, with the formula
Padding = Literal["counted", "skipped"]
NOTHING: Counts = {}


@dataclass(frozen=True, kw_only=True)
class Work:
    """Operations of one step; None where there is no rule for a phase."""

    forward: Counts | None
    to_inputs: Counts | None = field(default_factory=dict)
    to_weights: Counts | None = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How to count a step.

    training  batch statistics and dropout as in training
    padding   whether products with padded zeros are operations
    wanted    for each input of the step, whether its gradient is wanted
    """

    training: bool = False
    padding: Padding = "counted"
    wanted: tuple[bool, ...] = ()


def counts(**named: Expression | int) -> Counts:
    """Counts by keyword, underscores read as spaces, zeros left out.

    >>> {name: count.text for name, count in counts(bias_additions=54, divisions=0).items()}
    {'bias additions': '54'}
    """
    return {
        name.replace("_", " "): expression(count) for name, count in named.items() if expression(count).value
    }


def merged(parts: Iterable[Counts]) -> Counts:
    """Counts of several parts of one step, added by name."""
    total: dict[str, Expression] = {}
    for part in parts:
        for name, count in part.items():
            total[name] = total[name] + count if name in total else count
    return total


def times(count: Expression, factor: int) -> Expression:
    """A formula times a number; 1 is not written."""
    return count if factor == 1 else count * factor
