"""Rows: a table of numbers that is read block by block, so that it need not fit into memory."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import DataError

Numbers = NDArray[Any]  # booleans, integers or floats of any width


class Block(NamedTuple):
    """Some rows that follow each other: numbers (b, d), and a label for each where the table has labels."""

    values: Numbers
    labels: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """Rows of numbers from anywhere.

    source   where they come from, for people: a path, "standard input", "the array"
    columns  their names (d,)
    blocks   starts reading at the first row and gives all rows in order, no block empty
    count    number of rows (n,) where it is known before reading, else None
    again    whether blocks may be called more than once; False for a stream that was not kept
    picture  height and width where every row is a picture, line by line; else None
    """

    source: str
    columns: tuple[str, ...]
    blocks: Callable[[], Iterator[Block]]
    count: int | None = None
    again: bool = True
    picture: tuple[int, int] | None = None

    @classmethod
    def of(
        cls,
        values: Any,
        *,
        columns: Sequence[Any] = (),
        labels: Sequence[str] | None = None,
        source: str = "the array",
        picture: tuple[int, int] | None = None,
    ) -> Self:
        """The rows of anything that numpy takes for a matrix (n, d); a data frame brings its column names.

        Raises DataError, with the place, where it is ragged or holds something else than real numbers.

        >>> Rows.of([[1, 2], [3, 4], [5, 6]]).count
        3
        """
        array = _as_array(values, source)
        if array.ndim != 2:
            raise DataError(f"{source}: expected two dimensions (rows, columns), got the shape {array.shape}")
        names = column_names(columns or getattr(values, "columns", ()), array.shape[1])
        if array.dtype.kind not in "biuf":
            array = _as_numbers(array, names, source)
        block = Block(array, None if labels is None else tuple(labels))
        return cls(
            source=source,
            columns=names,
            blocks=lambda: iter([block] if len(array) else []),
            count=len(array),
            picture=picture,
        )


def column_names(given: Sequence[Any], width: int) -> tuple[str, ...]:
    """The given names as text, or "column 1", "column 2" ... where there are none."""
    return tuple(map(str, given)) if len(given) else tuple(f"column {number + 1}" for number in range(width))


def finite_rows(values: Any, columns: tuple[str, ...], source: str) -> NDArray[np.float64]:
    """Anything that numpy takes for a matrix of these columns (n, d), as float64.

    Raises DataError, with the place, where it has other columns or holds something else than finite numbers.
    """
    array = _as_array(values, source)
    width = len(columns)
    if array.ndim != 2 or array.shape[1] != width:
        raise DataError(f"{source}: expected rows of {width} numbers (n, {width}), got {array.shape}")
    numbers = array if array.dtype.kind in "biuf" else _as_numbers(array, columns, source)
    bad = np.argwhere(~np.isfinite(numbers))
    if len(bad):
        row, column = bad[0]
        raise DataError(
            f"{source}, row {row + 1}, {columns[column]}: expected a finite number, got "
            f"{numbers[row, column]} (rows count from 1)"
        )
    return numbers.astype(np.float64, copy=False)


def _as_array(values: Any, source: str) -> Numbers:
    if callable(getattr(values, "detach", None)):  # a tensor of torch: numpy takes neither gradients nor GPUs
        values = values.detach().cpu()
    if np.ma.is_masked(values):
        place = np.argwhere(np.ma.getmaskarray(values))[0]
        raise DataError(
            f"{source}: a value is masked, the first at {tuple(place.tolist())} (from 0); fill the masked "
            "values or leave their rows out"
        )
    try:
        return np.asarray(values)
    except ValueError as error:
        for number, row in enumerate(values, start=1):
            if len(row) != len(values[0]):
                raise DataError(
                    f"{source}, row {number}: expected {len(values[0])} numbers, as in row 1, got {len(row)}"
                ) from error
        raise DataError(f"{source}: expected a table of numbers ({error})") from error


def _as_numbers(array: Numbers, columns: tuple[str, ...], source: str) -> Numbers:
    """Python objects as float64; text is refused also where it spells numbers."""
    if array.dtype.kind == "O" and not any(isinstance(cell, str) for cell in array.flat):
        try:
            return array.astype(np.float64)
        except (TypeError, ValueError):
            raise _wrong_cell(array, columns, source) from None
    raise _wrong_cell(array, columns, source)


def _wrong_cell(array: Numbers, columns: tuple[str, ...], source: str) -> DataError:
    """What to say of the first cell that is no real number."""
    for (row, column), cell in np.ndenumerate(array):
        if not _is_real(cell):
            return DataError(
                f"{source}, row {row + 1}, {columns[column]}: expected a number, got {cell!r} "
                "(rows count from 1)"
            )
    return DataError(f"{source}: expected real numbers, got {array.dtype}")


def _is_real(cell: Any) -> bool:
    if isinstance(cell, str | bytes | complex):
        return False
    try:
        float(cell)
    except (TypeError, ValueError):
        return False
    return True
