"""Tables in .npy and .npz files, read in blocks of rows; the file is not mapped, so memory stays small."""

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.lib import format as npy_format

from mien.core.errors import ConfigError, DataError
from mien.core.rows import Block, Numbers, Rows, column_names
from mien.data._wanted import Wanted

_BLOCK_BYTES = 8 << 20
_SUFFIX = ".npy"


class _Header(NamedTuple):
    shape: tuple[int, ...]
    by_columns: bool  # Fortran order: each column in one piece
    dtype: np.dtype[Any]

    @property
    def is_table(self) -> bool:
        return len(self.shape) == 2 and self.dtype.kind in "biuf"


def read_npy(path: Path, wanted: Wanted) -> Rows:
    """The rows of a .npy file; DataError where it is no matrix of numbers or ends too early."""
    with path.open("rb") as file:
        header = _header(file, str(path))
    return _rows(str(path), header, wanted, lambda: path.open("rb"))


def read_npy_stream(stream: BinaryIO, source: str, wanted: Wanted) -> Rows:
    """The rows of a .npy file that is piped in; they can be read once."""
    header = _header(stream, source)
    used = _used(source, header, wanted)
    blocks = (
        _whole(stream, header, source, used) if header.by_columns else _by_rows(stream, header, source, used)
    )
    columns = _columns(header, used)
    return Rows(source=source, columns=columns, blocks=lambda: blocks, count=header.shape[0], again=False)


def read_npz(path: Path, wanted: Wanted) -> Rows:
    """The rows of the only matrix of numbers in an archive, or of the one that is wanted."""
    try:
        with zipfile.ZipFile(path) as archive:
            headers = {
                name.removesuffix(_SUFFIX): _member(archive, name, path) for name in archive.namelist()
            }
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise DataError(f"{path}: expected a whole NumPy archive ({error})") from error
    name = _chosen(str(path), headers, wanted)
    source = f"{path}[{name}]"
    return _rows(source, headers[name], wanted, lambda: _opened_member(path, name + _SUFFIX))


def _member(archive: zipfile.ZipFile, name: str, path: Path) -> _Header:
    with archive.open(name) as member:
        return _header(member, f"{path}[{name}]")


def _opened_member(path: Path, name: str) -> Any:
    with zipfile.ZipFile(path) as archive:
        return archive.open(name)  # keeps the file open until it is closed itself


def _chosen(source: str, headers: dict[str, _Header], wanted: Wanted) -> str:
    listed = (
        ", ".join(f"{name} {header.dtype} {header.shape}" for name, header in headers.items()) or "nothing"
    )
    if wanted.array is not None:
        if wanted.array not in headers:
            raise ConfigError(f"{source}: has no array '{wanted.array}'; it has {listed}")
        return wanted.array
    tables = [name for name, header in headers.items() if header.is_table]
    if len(tables) != 1:
        raise DataError(
            f"{source}: expected one array of numbers (n, d), got {listed}"
            + "; choose with --array" * bool(tables)
        )
    return tables[0]


def _header(file: Any, source: str) -> _Header:
    try:
        version = npy_format.read_magic(file)
        read = npy_format.read_array_header_1_0 if version == (1, 0) else npy_format.read_array_header_2_0
        return _Header(*read(file))
    except (ValueError, EOFError) as error:
        raise DataError(f"{source}: expected a whole NumPy array ({error})") from error


def _used(source: str, header: _Header, wanted: Wanted) -> tuple[int, ...] | None:
    """Positions of the columns to read, None for all; DataError where it is no matrix of numbers."""
    if not header.is_table:
        raise DataError(f"{source}: expected an array of numbers (n, d), got {header.dtype} {header.shape}")
    if wanted.labels is not None:
        raise ConfigError(f"{source}: an array has no column of labels")
    width = header.shape[1]
    return wanted.roles(column_names((), width), None, source).used if wanted.columns else None


def _columns(header: _Header, used: tuple[int, ...] | None) -> tuple[str, ...]:
    names = column_names((), header.shape[1])
    return names if used is None else tuple(names[column] for column in used)


def _rows(source: str, header: _Header, wanted: Wanted, opened: Callable[[], Any]) -> Rows:
    used = _used(source, header, wanted)

    def blocks() -> Iterator[Block]:
        with opened() as file:
            _header(file, source)  # to the first number
            if not header.by_columns:
                yield from _by_rows(file, header, source, used)
            elif isinstance(file, zipfile.ZipExtFile):
                yield from _whole(file, header, source, used)
            else:
                yield from _by_columns(file, header, source, used)

    return Rows(source=source, columns=_columns(header, used), blocks=blocks, count=header.shape[0])


def _rows_at_once(header: _Header) -> int:
    return max(_BLOCK_BYTES // max(header.shape[1] * header.dtype.itemsize, 1), 1)


def _by_rows(file: Any, header: _Header, source: str, used: tuple[int, ...] | None) -> Iterator[Block]:
    count, width = header.shape
    for start in range(0, count, _rows_at_once(header)):
        rows = min(_rows_at_once(header), count - start)
        values = _numbers(file, rows * width, header, source, start).reshape(rows, width)
        yield Block(values if used is None else values[:, list(used)])


def _by_columns(
    file: BinaryIO, header: _Header, source: str, used: tuple[int, ...] | None
) -> Iterator[Block]:
    """A part of each column at a time; `file` stands at the first number."""
    (count, width), begin, size = header.shape, file.tell(), header.dtype.itemsize
    chosen = range(width) if used is None else used
    for start in range(0, count, _rows_at_once(header)):
        rows = min(_rows_at_once(header), count - start)
        values = np.empty((rows, len(chosen)), dtype=header.dtype)
        for place, column in enumerate(chosen):
            file.seek(begin + (column * count + start) * size)
            values[:, place] = _numbers(file, rows, header, source, start)
        yield Block(values)


def _whole(file: Any, header: _Header, source: str, used: tuple[int, ...] | None) -> Iterator[Block]:
    """All of an array that lies by columns in something that can only be read forwards."""
    count, width = header.shape
    values = _numbers(file, count * width, header, source, 0).reshape(width, count).T
    if count:
        yield Block(values if used is None else values[:, list(used)])


def _numbers(file: Any, count: int, header: _Header, source: str, row: int) -> Numbers:
    """The next numbers of a file; DataError where it ends, or is damaged, before them."""
    try:
        content = file.read(count * header.dtype.itemsize)
    except (zipfile.BadZipFile, EOFError, ValueError) as error:
        raise DataError(f"{source}, after row {row}: expected a whole NumPy archive ({error})") from error
    if len(content) < count * header.dtype.itemsize:
        raise DataError(
            f"{source}: the file ends after row {row} or soon; it promises {header.shape[0]} rows"
        )
    return np.frombuffer(content, dtype=header.dtype)
