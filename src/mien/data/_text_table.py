"""Tables as text, CSV or TSV: parsed in blocks of some megabytes, with the place of whatever is wrong."""

import io
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain, islice
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO, NamedTuple, NoReturn

import numpy as np

from mien.core.errors import DataError
from mien.core.rows import Block, Rows
from mien.data._kept import kept
from mien.data._text_layout import Layout, is_number, layout_of, split
from mien.data._wanted import Wanted

_CHUNK = 4 << 20  # bytes of text parsed at once
_SMALL = 16 << 20  # bytes of a file that is parsed once and kept
_BOM = b"\xef\xbb\xbf"


class _Chunk(NamedTuple):
    line: int  # number of its first line, from 1
    text: bytes  # whole lines


def read_text_file(path: Path, wanted: Wanted) -> Rows:
    """The rows of a file; a small one is parsed now, a larger one anew in every pass over it."""
    with path.open("rb") as file:
        layout = _layout(str(path), next(_chunks(file), None), wanted)
    rows = Rows(source=str(path), columns=layout.columns, blocks=lambda: _file_blocks(path, layout))
    return kept(rows) if path.stat().st_size <= _SMALL else rows


def read_text_stream(stream: BinaryIO, source: str, wanted: Wanted) -> Rows:
    """The rows of a stream, which can be read once."""
    chunks = _chunks(stream)
    first = next(chunks, None)
    layout = _layout(source, first, wanted)
    blocks = _blocks(chain([first] if first else [], chunks), layout)
    return Rows(source=source, columns=layout.columns, blocks=lambda: blocks, again=False)


def _chunks(stream: BinaryIO) -> Iterator[_Chunk]:
    """The stream in pieces of whole lines, at least two of them where it has as many."""
    line = 1
    while text := stream.read(_CHUNK) + stream.readline() + stream.readline():
        yield _Chunk(line, text.removeprefix(_BOM) if line == 1 else text)
        line += text.count(b"\n")


def _layout(source: str, first: _Chunk | None, wanted: Wanted) -> Layout:
    lines = _lines(first, source) if first else []
    filled = ((number, line) for number, line in enumerate(lines, start=1) if line.strip())
    return layout_of(source, list(islice(filled, 2)), wanted)


def _lines(chunk: _Chunk, source: str) -> list[str]:
    try:
        text = chunk.text.decode("utf-8")
    except UnicodeDecodeError as error:
        line = chunk.line + chunk.text.count(b"\n", 0, error.start)
        raise DataError(
            f"{source}, line {line}: expected numbers as UTF-8 text, or .npy, .npz, .parquet"
        ) from error
    return text.replace("\r\n", "\n").removesuffix("\n").split("\n")


def _file_blocks(path: Path, layout: Layout) -> Iterator[Block]:
    with path.open("rb") as file:
        yield from _blocks(_chunks(file), layout)


def _blocks(chunks: Iterable[_Chunk], layout: Layout) -> Iterator[Block]:
    for chunk in chunks:
        body = _without_head(chunk, layout)
        block = (_parsed_by_arrow(body, layout) if len(body.text) >= _CHUNK else None) or _parsed(
            body, layout
        )
        if block and len(block.values):
            if not np.isfinite(block.values).all():
                _refuse(_lines(body, layout.source), body.line, layout, "")
            yield block


def _without_head(chunk: _Chunk, layout: Layout) -> _Chunk:
    """A chunk less the lines before the first line of data."""
    skipped = max(layout.body - chunk.line, 0)
    text = chunk.text.split(b"\n", skipped)[-1] if skipped else chunk.text
    return _Chunk(chunk.line + skipped, text)


@cache
def _arrow_csv() -> ModuleType | None:
    """Arrow's parser where it is installed: four times as fast as numpy's, the same numbers to the bit."""
    try:
        import pyarrow.csv
    except ImportError:
        return None
    return pyarrow.csv


def _parsed_by_arrow(chunk: _Chunk, layout: Layout) -> Block | None:
    """A block; None where Arrow is not there or refuses anything: the slow way then says what and where."""
    arrow = _arrow_csv()
    if arrow is None:
        return None
    names = [str(column) for column in range(len(layout.names))]
    used, label = [names[column] for column in layout.roles.used], layout.roles.label
    types: dict[str, Any] = dict.fromkeys(used, "float64") | (
        {} if label is None else {names[label]: "string"}
    )
    try:
        table = arrow.read_csv(
            io.BytesIO(chunk.text),
            read_options=arrow.ReadOptions(column_names=names, use_threads=False),
            parse_options=arrow.ParseOptions(delimiter=layout.delimiter),
            convert_options=arrow.ConvertOptions(
                column_types=types, include_columns=list(types), null_values=[], strings_can_be_null=False
            ),
        )
    except ValueError:  # what ArrowInvalid is
        return None
    values = np.column_stack([table[name].to_numpy() for name in used])
    return Block(values, None if label is None else tuple(table[names[label]].to_pylist()))


def _parsed(chunk: _Chunk, layout: Layout) -> Block | None:
    """A block, None where there are only blank lines; DataError with the place where something is wrong."""
    lines = _lines(chunk, layout.source)
    filled = [line for line in lines if line and not line.isspace()]
    if not filled:
        return None
    used, width = list(layout.roles.used), len(layout.names)
    try:
        values = np.loadtxt(
            filled,
            delimiter=layout.delimiter,
            comments=None,
            quotechar='"',
            usecols=None if layout.is_plain else used,
            ndmin=2,
        )
    except ValueError as error:
        _refuse(lines, chunk.line, layout, str(error))
    counts = {values.shape[1]} if layout.is_plain else _field_counts(filled, layout)
    if counts != {width} or len(values) != len(filled):
        _refuse(lines, chunk.line, layout, "rows of different lengths")
    return Block(values, _labels(filled, layout))


def _field_counts(lines: list[str], layout: Layout) -> set[int]:
    """How many fields the lines have."""
    if any('"' in line for line in lines):
        return {len(split(line, layout.delimiter, layout.source, 0)) for line in lines}
    return {line.count(layout.delimiter) + 1 for line in lines}


def _labels(lines: list[str], layout: Layout) -> tuple[str, ...] | None:
    column = layout.roles.label
    if column is None:
        return None
    return tuple(split(line, layout.delimiter, layout.source, 0)[column] for line in lines)


def _refuse(lines: list[str], first_line: int, layout: Layout, otherwise: str) -> NoReturn:
    """Raise DataError at the first field that is no finite number, or at the first line of another length."""
    for number, line in enumerate(lines, start=first_line):
        if not line.strip():
            continue
        fields = split(line, layout.delimiter, layout.source, number)
        if len(fields) != len(layout.names):
            raise DataError(
                f"{layout.source}, line {number}: expected {len(layout.names)} columns, as in the first row, "
                f"got {len(fields)}"
            )
        for column in layout.roles.used:
            _check_field(fields[column], layout, number, column)
    raise DataError(f"{layout.source}, from line {first_line}: cannot be read as numbers ({otherwise})")


def _check_field(field: str, layout: Layout, line: int, column: int) -> None:
    place = layout.place(line, column)
    if not field:
        raise DataError(f"{place}: expected a number, the field is empty; fill it in or leave the row out")
    if not is_number(field):
        raise DataError(
            f"{place}: expected a number, got '{field[:40]}'; a column of text can name the rows (--labels), "
            "or be left out by naming the others (--columns)"
        )
    if not np.isfinite(float(field)):
        raise DataError(
            f"{place}: expected a finite number, got {field}; mend the value or leave the row out"
        )
