"""Tables of numbers from a file or from standard input, recognised by their content."""

import io
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from mien.core.errors import DataError
from mien.core.rows import Rows
from mien.data import fer2013_csv
from mien.data._format import HEAD
from mien.data._kept import kept_if_small
from mien.data._numpy_table import read_npy, read_npy_stream, read_npz
from mien.data._parquet_table import opened, read_parquet
from mien.data._text_table import read_text_file, read_text_stream
from mien.data._wanted import Wanted

STANDARD_INPUT = "-"
_DRAWN = "drawn"
_NPY, _ZIP, _PARQUET = b"\x93NUMPY", b"PK\x03\x04", b"PAR1"
_PICTURES = ("image", "img", "picture", "face")


def read(
    spec: str | Path, *, columns: Sequence[str] = (), labels: str | None = None, array: str | None = None
) -> Rows:
    """The rows of a CSV, TSV, npy, npz or Parquet file, or of "-", standard input (CSV, TSV or npy).

    columns  those to read, by name or by number from 1; all but the labels where none are given
    labels   the column that names the rows; where it is not given, a first column of text
    array    the array of a .npz file that holds several matrices

    Small files are read now, larger ones block by block in every pass. Standard input is kept where it takes
    up to 128 MiB as numbers, and can else be read once.

    Raises DataError, with the place, where something is no number; ConfigError where a column is not there.
    """
    wanted = Wanted(columns=tuple(columns), labels=labels, array=array)
    if str(spec) == STANDARD_INPUT:
        return _read_stream(cast(io.BufferedReader, sys.stdin.buffer), wanted)
    path = Path(spec).expanduser()
    try:
        return _read_path(path, _head(path), wanted)
    except OSError as error:
        raise DataError(f"{error.filename or path}: cannot be read ({error.strerror or error})") from error


def holds_faces(spec: str | Path) -> bool:
    """Whether a path or name stands for faces, not for a table of numbers.

    Faces are "drawn" (or "drawn:..."), a folder, a CSV whose header has emotion and pixels, an archive with
    the arrays images and labels, and Parquet with a column of pictures.
    """
    if isinstance(spec, str) and (spec == _DRAWN or spec.startswith(f"{_DRAWN}:")):
        return True
    path = Path(spec).expanduser()
    if not path.is_file():
        return path.is_dir()
    head = _head(path)
    if head.startswith(_PARQUET):
        with opened(path) as file:
            return any(name.lower() in _PICTURES for name in file.schema_arrow.names)
    if head.startswith(_ZIP) and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return {"images.npy", "labels.npy"} <= set(archive.namelist())
    return fer2013_csv.PLUGIN.recognises(path, head)


def _head(path: Path) -> bytes:
    """The first bytes of a file; DataError where there is none."""
    if not path.exists():
        raise DataError(f"{path}: no such file")
    if not path.is_file() and not path.is_fifo():
        raise DataError(f"{path}: expected a file")
    with path.open("rb") as file:
        return file.read(HEAD)


def _read_path(path: Path, head: bytes, wanted: Wanted) -> Rows:
    if head.startswith(_NPY):
        return read_npy(path, wanted)
    if head.startswith(_ZIP):
        return read_npz(path, wanted)
    return read_parquet(path, wanted) if head.startswith(_PARQUET) else read_text_file(path, wanted)


def _read_stream(stream: io.BufferedReader, wanted: Wanted) -> Rows:
    source = "standard input"
    head = stream.peek(len(_NPY))
    if head.startswith((_ZIP, _PARQUET)):
        raise DataError(
            f"{source}: archives and Parquet cannot be read from a pipe; give the path of the file"
        )
    read_from = read_npy_stream if head.startswith(_NPY) else read_text_stream
    return kept_if_small(read_from(stream, source, wanted))
