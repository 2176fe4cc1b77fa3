"""Tables in Parquet files, read batch by batch."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mien.core.errors import DataError, MissingExtra
from mien.core.rows import Block, Rows
from mien.data._wanted import Wanted

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

_BATCH_NUMBERS = 1 << 20


def read_parquet(path: Path, wanted: Wanted) -> Rows:
    """The rows of a Parquet file; a first column of text, or pandas' index, labels them.

    Raises MissingExtra without pyarrow; DataError where a column holds no numbers or a value is missing.
    """
    with opened(path) as file:
        schema, count = file.schema_arrow, file.metadata.num_rows
    names = list(schema.names)
    used, label = wanted.roles(names, _label(schema), str(path))
    columns = tuple(names[column] for column in used)
    for name in columns:
        _check_type(path, name, schema)
    label_name = None if label is None else names[label]
    return Rows(
        source=str(path), columns=columns, blocks=lambda: _blocks(path, columns, label_name), count=count
    )


def opened(path: Path) -> "ParquetFile":
    """The file, to be closed by who asked."""
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise MissingExtra("pyarrow", "lab", "reading Parquet") from error
    try:
        return ParquetFile(path)
    except ArrowException as error:
        raise DataError(f"{path}: expected a whole Parquet file ({error})") from error


def _label(schema: Any) -> int | None:
    """Pandas' index where it is stored as a column, or a first column of text."""
    indexes = (schema.pandas_metadata or {}).get("index_columns", [])
    stored = [name for name in indexes if name in schema.names]  # not a range, which has no column
    if stored:
        return int(schema.names.index(stored[0]))
    return 0 if len(schema) > 1 and str(schema.field(0).type).removeprefix("large_") == "string" else None


def _check_type(path: Path, name: str, schema: Any) -> None:
    kind = str(schema.field(name).type)
    if not re.match(r"(u?int|float|double|halffloat|bool|decimal)", kind):
        raise DataError(
            f"{path}, column {name}: expected numbers, got {kind}; it can name the rows (--labels), or be "
            "left out by naming the others (--columns)"
        )


def _blocks(path: Path, columns: tuple[str, ...], label: str | None) -> Iterator[Block]:
    wanted = [*columns, *([] if label is None else [label])]
    size = max(_BATCH_NUMBERS // len(wanted), 1)
    row = 0
    with opened(path) as file:
        try:
            for batch in file.iter_batches(batch_size=size, columns=wanted):
                if batch.num_rows:
                    yield _block(path, batch, columns, label, row)
                row += batch.num_rows
        except (OSError, ValueError) as error:  # what Arrow raises on damaged pages
            raise DataError(f"{path}, after row {row}: expected a whole Parquet file ({error})") from error


def _block(path: Path, batch: Any, columns: tuple[str, ...], label: str | None, row: int) -> Block:
    values = np.empty((batch.num_rows, len(columns)))
    for place, name in enumerate(columns):
        column = batch.column(name)
        if column.null_count:
            missing = row + column.is_null().to_pylist().index(True) + 1
            raise DataError(f"{path}, row {missing}, column {name}: expected a number, the value is missing")
        values[:, place] = column.to_numpy(zero_copy_only=False)
    labels = None if label is None else tuple(map(str, batch.column(label).to_pylist()))
    return Block(values, labels)
