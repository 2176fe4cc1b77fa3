"""Parquet with pictures in a column, as Hugging Face writes it: one file, or a folder of them."""

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mien.core.errors import DataError
from mien.core.images import Ints, LabelledImages, Uint8
from mien.data._bad import BadPlaceError, BadPlaces
from mien.data._classes import OUT_OF_RANGE, index_names, index_numbers
from mien.data._format import Format, Read
from mien.data._parquet_table import opened
from mien.data._parts import part_named
from mien.data._to_face import SIDE, to_face

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

_MAGIC = b"PAR1"
_IMAGE = ("image", "img", "picture", "face")
_LABEL = ("label", "labels", "emotion", "expression", "class")
_SPLIT = ("split", "usage", "part")
_BATCH = 1024  # rows decoded at once


class _Columns(NamedTuple):
    image: str
    label: str
    split: str | None
    names: tuple[str, ...] | None  # of the label's numbers, where the file gives them


class _Row(NamedTuple):
    id: str
    label: int | str
    split: str
    pixels: Uint8


def _files(path: Path) -> list[Path]:
    """The file itself, or the Parquet files in a folder and in its folders (data/, default/train/)."""
    if path.is_file():
        return [path]
    return sorted(found for depth in ("*", "*/*", "*/*/*") for found in path.glob(f"{depth}.parquet"))


def _recognises(path: Path, head: bytes) -> bool:
    return bool(_files(path)) if path.is_dir() else head.startswith(_MAGIC)


def _column(path: Path, have: list[str], wanted: tuple[str, ...], kind: str) -> str:
    found = _optional_column(have, wanted)
    if found is None:
        raise DataError(
            f"{path}: expected a column for the {kind}, {' or '.join(wanted)}; got {', '.join(have)}"
        )
    return found


def _optional_column(have: list[str], wanted: tuple[str, ...]) -> str | None:
    return next((name for name in have if name.lower() in wanted), None)


def _columns(path: Path, file: "ParquetFile") -> _Columns:
    have = file.schema_arrow.names
    label = _column(path, have, _LABEL, "label")
    return _Columns(
        image=_column(path, have, _IMAGE, "picture"),
        label=label,
        split=_optional_column(have, _SPLIT),
        names=_class_names(file.schema_arrow.metadata or {}, label),
    )


def _class_names(metadata: dict[bytes, bytes], label: str) -> tuple[str, ...] | None:
    """The names that Hugging Face's ClassLabel gives the numbers of a column; None where there are none."""
    try:
        names = json.loads(metadata[b"huggingface"])["info"]["features"][label]["names"]
    except (KeyError, TypeError, ValueError):
        return None
    return tuple(map(str, names))


def _part_of(path: Path) -> str:
    """The part that a file's name begins with (train-00000-of-00001.parquet) or its folder's name is."""
    begins_with = re.split(r"[^A-Za-z]", path.stem, maxsplit=1)[0]
    return next((name for name in (begins_with, path.parent.name) if part_named(name)), "")


def _face(picture: Any) -> Uint8:
    """From the bytes of a picture file, or a struct that has them."""
    content = picture.get("bytes") if isinstance(picture, dict) else picture
    if not isinstance(content, bytes):
        raise BadPlaceError("expected the bytes of a picture file, or a struct with bytes")
    return to_face(io.BytesIO(content))


def _row(record: dict[str, Any], columns: _Columns, part: str, face_id: str) -> _Row:
    label = record[columns.label]
    if not isinstance(label, int | str):
        raise BadPlaceError(f"{columns.label}: expected a whole number or a name, got {label}")
    own_part = record[columns.split] if columns.split else part
    return _Row(face_id, label, str(own_part or ""), _face(record[columns.image]))


def _rows(file: "ParquetFile", columns: _Columns, part: str, prefix: str) -> Iterator[_Row | str]:
    """Every row of a file, or where and how it is bad."""
    wanted = [name for name in (columns.image, columns.label, columns.split) if name]
    batches = file.iter_batches(batch_size=_BATCH, columns=wanted)
    records = (record for batch in batches for record in batch.to_pylist())
    for number, record in enumerate(records):
        try:
            yield _row(record, columns, part, f"{prefix}{number}")
        except BadPlaceError as error:
            yield f"row {prefix}{number}: {error}"


def _read_file(path: Path, prefix: str) -> tuple[list[_Row | str], _Columns]:
    with opened(path) as file:
        columns = _columns(path, file)
        try:
            return list(_rows(file, columns, _part_of(path), prefix)), columns
        except ValueError as error:  # what Arrow raises on damaged pages
            raise DataError(f"{path}: expected a whole Parquet file ({error})") from error


def _index(rows: list[_Row], names: tuple[str, ...] | None, source: str) -> tuple[tuple[str, ...], Ints]:
    labels = [row.label for row in rows]
    if all(isinstance(label, int) for label in labels):
        return index_numbers(np.array(labels, dtype=np.int64), names, source)
    if all(isinstance(label, str) for label in labels):
        return index_names([str(label) for label in labels], source)
    raise DataError(f"{source}: expected labels that are all whole numbers or all names, got both")


def read(path: Path) -> Read:
    """Every good picture of one or several Parquet files as a face of 48x48 (how: mien.data._to_face).

    The pictures lie in a column image (or img, picture, face) as bytes or as a struct with bytes; the labels
    in label (or labels, emotion, expression, class) as numbers, which Hugging Face's schema may name, or as
    names. The part is a column split (or usage, part) or stands in the name of the file or its folder. The id
    of a face is its row, from 0, with the file before it where there are several.

    Raises MissingExtra without pyarrow; DataError where a column is missing or a file is damaged.
    """
    files = _files(path)
    prefixes = ["" if path.is_file() else f"{file.relative_to(path).as_posix()}:" for file in files]
    contents = [_read_file(file, prefix) for file, prefix in zip(files, prefixes, strict=True)]
    names = {columns.names for _, columns in contents}
    if len(names) > 1:
        raise DataError(f"{path}: expected the same class names in all of its {len(files)} files")
    found = [row for content, _ in contents for row in content]
    if not found:
        raise DataError(f"{path}: has no rows")
    return _faces(found, names.pop(), str(path))


def _faces(found: list[_Row | str], names: tuple[str, ...] | None, source: str) -> Read:
    """The rows whose label names a class as faces; the others join the faults, in the order of the data."""
    rows = {place: row for place, row in enumerate(found) if isinstance(row, _Row)}
    faults = {place: row for place, row in enumerate(found) if isinstance(row, str)}
    classes, labels = _index(list(rows.values()), names, source)
    named = labels != OUT_OF_RANGE
    for (place, row), is_named in zip(rows.items(), named.tolist(), strict=True):
        if not is_named:
            faults[place] = f"row {row.id}: expected a label from 0 to {len(classes) - 1}, got {row.label}"
    faces = LabelledImages(
        pixels=np.array([row.pixels for row in rows.values()], dtype=np.uint8).reshape(-1, SIDE, SIDE)[named],
        labels=labels[named],
        ids=np.array([row.id for row in rows.values()], dtype=np.str_)[named],
        classes=classes,
        split=np.array([row.split for row in rows.values()], dtype=np.str_)[named],
        source=source,
    )
    return faces, BadPlaces.of([faults[place] for place in sorted(faults)])


PLUGIN = Format(
    recognised_by="Parquet, one file or a folder of them, with a column of pictures (Hugging Face's way)",
    recognises=_recognises,
    read=read,
    cached=True,
)
