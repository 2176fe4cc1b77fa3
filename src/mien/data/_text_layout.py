"""How a text table is laid out: delimiter, header, names, and what each column is for."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass

from mien.core.errors import DataError
from mien.core.rows import column_names
from mien.data._wanted import Roles, Wanted

_DELIMITERS = "\t;,"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What the first lines say of all.

    names  of all columns of the file
    roles  those to read
    body   number of the first line of data, from 1
    """

    source: str
    delimiter: str
    names: tuple[str, ...]
    roles: Roles
    body: int

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns of numbers."""
        return tuple(self.names[column] for column in self.roles.used)

    @property
    def is_plain(self) -> bool:
        """Whether every column is a number, in the order of the file."""
        return self.roles.used == tuple(range(len(self.names)))

    def place(self, line: int, column: int) -> str:
        """Words for a field: file, line from 1, column from 1, and its name where it has one."""
        numbered = f"column {column + 1}"
        name = "" if self.names[column] == numbered else f" ({self.names[column]})"
        return f"{self.source}, line {line}, {numbered}{name}"


def layout_of(source: str, head: Sequence[tuple[int, str]], wanted: Wanted) -> Layout:
    """The layout from the first two lines that are not blank, each with its number.

    A first row in which nothing is a number is a header; so is one whose first field is empty, as programs
    write that save row names. A first column that is no number, or that the header gives no name, labels
    the rows.

    Raises DataError where there is no line, or where the first is neither a header nor numbers.
    """
    if not head:
        raise DataError(f"{source}: is empty")
    number, line = head[0]
    delimiter = next((mark for mark in _DELIMITERS if mark in line), ",")
    first = split(line, delimiter, source, number)
    second = split(head[1][1], delimiter, source, head[1][0]) if len(head) > 1 else None
    has_header = _is_header(first, second, wanted, f"{source}, line {number}")
    if has_header and second is None:
        raise DataError(f"{source}: has a header, but no row below it")
    names = _names(first) if has_header else column_names((), len(first))
    leads = second if has_header else first
    is_label = len(first) > 1 and (
        (has_header and not first[0]) or (bool(leads) and not is_number((leads or [""])[0]))
    )
    return Layout(
        source=source,
        delimiter=delimiter,
        names=names,
        roles=wanted.roles(names, 0 if is_label else None, source),
        body=number + has_header,
    )


def split(line: str, delimiter: str, source: str, number: int) -> list[str]:
    """The stripped fields of a line; quotes as CSV has them, but no line break within them."""
    try:
        return [field.strip() for field in next(csv.reader([line], delimiter=delimiter, strict=True))]
    except csv.Error as error:
        raise DataError(
            f"{source}, line {number}: expected fields apart by '{delimiter}' ({error})"
        ) from error


def is_number(field: str) -> bool:
    """Whether a field spells a number; NaN and infinity do, underscores do not.

    >>> [is_number(field) for field in ("1.5", "-2e3", "nan", "1_000", "", "x")]
    [True, True, True, False, False, False]
    """
    try:
        float(field)
    except ValueError:
        return False
    return "_" not in field


def _names(header: list[str]) -> tuple[str, ...]:
    """The names of a header, without the # that numpy.savetxt begins it with."""
    return tuple(
        name or f"column {number}" for number, name in enumerate([header[0].lstrip("# "), *header[1:]], 1)
    )


def _is_header(first: list[str], second: list[str] | None, wanted: Wanted, place: str) -> bool:
    numbers = [is_number(field) for field in _said(first, wanted)]
    if any(name in first and not name.isdecimal() for name in wanted.named) or not any(numbers):
        return True
    if all(numbers):
        return len(first) > 1 and not first[0]
    if not numbers[0] and all(numbers[1:]):  # names the rows, or is a header such as "year,2019,2020"
        return not first[0] or (second is not None and is_number(second[0]))
    column = first.index(next(field for field in first if not is_number(field)))
    raise DataError(
        f"{place}, column {column + 1}: expected a number, or a header with a name in every column, "
        f"got '{first[column][:40]}'"
    )


def _said(fields: list[str], wanted: Wanted) -> list[str]:
    """The fields that matter where a user said by number which they are; all where none was said."""
    label = int(wanted.labels) - 1 if wanted.labels and wanted.labels.isdecimal() else None
    chosen = [int(name) - 1 for name in wanted.columns if name.isdecimal()] or range(len(fields))
    return [fields[column] for column in chosen if 0 <= column < len(fields) and column != label]
