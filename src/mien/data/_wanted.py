"""Which columns of a table are numbers to read, and which one names the rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mien.core.errors import ConfigError, DataError


class Roles(NamedTuple):
    """Positions, from 0, of the columns of numbers and of the one that labels the rows, if any."""

    used: tuple[int, ...]
    label: int | None


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a user says of the columns, by name or by number from 1; where nothing, the table decides.

    columns  those to read as numbers, in this order
    labels   the one that names the rows
    array    the array of a NumPy archive
    """

    columns: tuple[str, ...] = ()
    labels: str | None = None
    array: str | None = None

    @property
    def named(self) -> tuple[str, ...]:
        """All columns that were said, as they were said."""
        return self.columns + (() if self.labels is None else (self.labels,))

    def roles(self, names: Sequence[str], guessed_label: int | None, source: str) -> Roles:
        """The columns to read of those with these names; ConfigError where one that was said is not there."""
        said = tuple(position(name, names, source) for name in self.columns)
        label = guessed_label if self.labels is None else position(self.labels, names, source)
        if self.labels is None and label in said:
            label = None
        if label in said:
            raise ConfigError(f"{source}: column {self.labels} cannot be both a label and a number")
        used = said or tuple(column for column in range(len(names)) if column != label)
        if not used:
            raise DataError(f"{source}: has no column of numbers beside the labels")
        return Roles(used, label)


def position(name: str, names: Sequence[str], source: str) -> int:
    """Where a column is, from 0, by its name or else by its number from 1; ConfigError where it is not.

    >>> position("y", ["x", "y"], "points.csv"), position("1", ["x", "y"], "points.csv")
    (1, 0)
    """
    if name in names:
        return list(names).index(name)
    if name.isdecimal() and 0 < int(name) <= len(names):
        return int(name) - 1
    listed = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
    raise ConfigError(
        f"{source}: has no column '{name}'; it has {listed} (or a number from 1 to {len(names)})"
    )
