"""FER2013 as CSV: one face a row, its pixels as text, in both layouts that are published, and their kin."""

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from math import isqrt
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from mien.core.errors import DataError
from mien.core.images import LabelledImages, Uint8
from mien.data._bad import BadPlaceError, BadPlaces
from mien.data._classes import OUT_OF_RANGE, index_numbers
from mien.data._format import Format, Read
from mien.data._pixels import parse_rows

_AROUND_FIELD = b'" \t\r\n'
_READ_AHEAD = 1 << 16  # bytes: Python's own 8 KB are less than a row of FER2013, and take twice the time
_BLOCK = 64  # rows parsed at once: half a megabyte of FER2013, which a processor's cache holds


@dataclass(frozen=True, kw_only=True)
class _Columns:
    """Where the columns lie in a row; usage is None where the file has no such column."""

    emotion: int
    pixels: int
    usage: int | None
    count: int


class _Line(NamedTuple):
    number: int
    row: int
    text: bytes


class _Place(NamedTuple):
    line: int
    fault: str


class _Row(NamedTuple):
    line: int  # in the file, the header is line 1
    row: int  # below the header, from 0: the id of the face
    label: int
    usage: str
    pixels: Uint8  # (h * w,)


def _column_names(head: bytes) -> list[str]:
    """The fields of the first line in lower case, stripped; UnicodeDecodeError where it is not UTF-8."""
    first_line = head.decode("utf-8-sig").split("\n", 1)[0]
    return [name.strip().lower() for name in next(csv.reader([first_line]), [])]


def _recognises(path: Path, head: bytes) -> bool:
    """The header names both columns, whatever the file is called (also in UTF-16, to say what is wrong)."""
    first_line = head.replace(b"\0", b"").split(b"\n", 1)[0].lower()
    return path.is_file() and b"emotion" in first_line and b"pixels" in first_line


def _columns(path: Path, header: bytes) -> _Columns:
    try:
        names = _column_names(header)
    except UnicodeDecodeError as error:
        raise DataError(f"{path}, line 1: expected UTF-8 text; save the file as UTF-8") from error
    missing = {"emotion", "pixels"} - set(names)
    if missing:
        raise DataError(f"{path}, line 1: expected the columns emotion and pixels, got {', '.join(names)}")
    usage = names.index("usage") if "usage" in names else None
    return _Columns(
        emotion=names.index("emotion"), pixels=names.index("pixels"), usage=usage, count=len(names)
    )


def _fields(line: bytes, columns: _Columns) -> list[bytes]:
    """The fields of one line; only a line with a comma inside quotes takes the slow way."""
    fields = line.split(b",")
    if len(fields) != columns.count and b'"' in line:
        fields = _quoted_fields(line)
    if len(fields) != columns.count:
        raise BadPlaceError(f"expected {columns.count} columns, got {len(fields)}")
    return [field.strip(_AROUND_FIELD) for field in fields]


def _quoted_fields(line: bytes) -> list[bytes]:
    try:
        return [field.encode() for field in next(csv.reader([line.decode()]))]
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadPlaceError(f"expected CSV in UTF-8 ({error})") from error


def _label(field: bytes) -> int:
    if not field.isdigit() or len(field) > 9:
        shown = field[:20].decode("utf-8", "replace")
        raise BadPlaceError(f"emotion: expected a class number from 0 on, got '{shown}'")
    return int(field)


def _usage(field: bytes) -> str:
    try:
        return field.decode()
    except UnicodeDecodeError as error:
        raise BadPlaceError("Usage: expected UTF-8 text") from error


def _parse(line: bytes, columns: _Columns) -> tuple[int, str, bytes]:
    """Label, usage and the text of the pixels of one line; BadPlaceError where there are none."""
    fields = _fields(line, columns)
    usage = "" if columns.usage is None else _usage(fields[columns.usage])
    return _label(fields[columns.emotion]), usage, fields[columns.pixels]


def _parse_block(block: list[_Line], columns: _Columns) -> Iterator[_Row | _Place]:
    """The rows of a block of lines, or what is wrong with them."""
    parsed = []
    for line in block:
        try:
            parsed.append((line.number, line.row, *_parse(line.text, columns)))
        except BadPlaceError as error:
            yield _Place(line.number, str(error))
    texts = [text for *_, text in parsed]
    for (number, row, label, usage, _), pixels in zip(parsed, parse_rows(texts), strict=True):
        if isinstance(pixels, str):
            yield _Place(number, pixels)
        else:
            yield _Row(number, row, label, usage, pixels)


def _lines(file: BinaryIO) -> Iterator[_Line]:
    """Lines below the header; blank ones count as lines, not as rows."""
    filled = ((number, text) for number, text in enumerate(file, start=2) if not text.isspace())
    return (_Line(number, row, text) for row, (number, text) in enumerate(filled))


def _parse_all(file: BinaryIO, columns: _Columns) -> Iterator[_Row | _Place]:
    lines = _lines(file)
    while block := list(islice(lines, _BLOCK)):
        yield from _parse_block(block, columns)


def _usual_side(rows: list[_Row]) -> int:
    """Side of the square that most rows fill; 0 where no row fills a square."""
    counts = Counter(len(row.pixels) for row in rows if len(row.pixels))
    squares = [(rows_of_it, isqrt(size)) for size, rows_of_it in counts.items() if isqrt(size) ** 2 == size]
    return max(squares, default=(0, 0))[1]


def _fault(row: _Row, side: int, label: int, classes: tuple[str, ...]) -> str:
    """What is wrong with a row beside the others; "" where it is good."""
    if not side:
        return f"expected a square number of pixels, got {len(row.pixels)}"
    if len(row.pixels) != side * side:
        return f"expected {side * side} pixels ({side}x{side}, as most rows have), got {len(row.pixels)}"
    if label == OUT_OF_RANGE:
        return f"emotion: expected a class from 0 to {len(classes) - 1}, got {row.label}"
    return ""


def _faces(rows: list[_Row], places: list[_Place], source: str) -> Read:
    """The rows that agree with the others as faces; the rest joins the places that are bad already."""
    side = _usual_side(rows)
    classes, labels = index_numbers(np.array([row.label for row in rows], dtype=np.int64), None, source)
    faults = [_fault(row, side, label, classes) for row, label in zip(rows, labels.tolist(), strict=True)]
    good = [row for row, fault in zip(rows, faults, strict=True) if not fault]
    flat = np.array([row.pixels for row in good], dtype=np.uint8)  # (n, side * side)
    faces = LabelledImages(
        pixels=flat.reshape(len(good), side, side),
        labels=labels[[not fault for fault in faults]],
        ids=np.array([str(row.row) for row in good], dtype=np.str_),
        classes=classes,
        split=np.array([row.usage for row in good], dtype=np.str_),
        source=source,
    )
    at_lines = places + [_Place(row.line, fault) for row, fault in zip(rows, faults, strict=True) if fault]
    return faces, BadPlaces.of([f"line {line}: {what}" for line, what in sorted(at_lines)])


def read(path: Path) -> Read:
    """Every good face of a CSV file with the columns emotion, pixels and, if it has one, Usage, in any order.

    UTF-8 with or without BOM, lines ending in LF or CRLF, fields quoted or not. The side is that of most
    rows; classes count from 0 (mien.data._classes). The id of a face is its row number, from 0 below the
    header, also where rows are left out, so that FER+ joins by it.

    Raises DataError where the header lacks a column or no row follows it.
    """
    with path.open("rb", buffering=_READ_AHEAD) as lines:
        parsed = list(_parse_all(lines, _columns(path, lines.readline())))
    if not parsed:
        raise DataError(f"{path}: has a header, but no row below it")
    rows = [row for row in parsed if isinstance(row, _Row)]
    return _faces(rows, [place for place in parsed if not isinstance(place, _Row)], str(path))


PLUGIN = Format(
    recognised_by="CSV with the columns emotion and pixels, as in fer2013.csv and icml_face_data.csv",
    recognises=_recognises,
    read=read,
    cached=True,
)
