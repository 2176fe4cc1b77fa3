"""NumPy archives: images and labels, and where they are there usage, ids (or row) and classes."""

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import DataError
from mien.core.images import Ints, LabelledImages, Strings
from mien.data._bad import BadPlaces
from mien.data._classes import OUT_OF_RANGE, index_names, index_numbers
from mien.data._format import Format, Read

_Array = NDArray[Any]
_UNREADABLE = (ValueError, EOFError, KeyError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error)
_KNOWN = ("images", "labels", "usage", "ids", "row", "classes")


def _recognises(path: Path, head: bytes) -> bool:
    """A zip file with an array in it; the reader then says which arrays it misses."""
    if not head.startswith(b"PK") or not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith(".npy") for name in archive.namelist())


def _arrays(path: Path) -> dict[str, _Array]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in _KNOWN if name in archive.files}
    except _UNREADABLE as error:
        raise DataError(
            f"{path}: expected arrays of numbers and text, no Python objects ({error})"
        ) from error


def _check(path: Path, arrays: dict[str, _Array]) -> None:
    for name in ("images", "labels"):
        if name not in arrays:
            raise DataError(f"{path}: expected the arrays images and labels; it has no {name}")
    images = arrays["images"]
    if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1] != images.shape[2]:
        raise DataError(f"{path}: images: expected uint8 (n, side, side), got {images.dtype} {images.shape}")
    if not len(images):
        raise DataError(f"{path}: images: holds no picture")
    for name, array in arrays.items():
        if array.ndim != 1 and name != "images":
            raise DataError(f"{path}: {name}: expected one dimension, got {array.shape}")
        if name != "classes" and len(array) != len(images):
            raise DataError(f"{path}: {name}: expected {len(images)}, as there are images, got {len(array)}")


def _text(path: Path, name: str, array: _Array) -> Strings:
    """Text or whole numbers as text; bytes as UTF-8."""
    if array.dtype.kind == "S":
        try:
            return np.char.decode(array, "utf-8")
        except UnicodeDecodeError as error:
            raise DataError(f"{path}: {name}: expected UTF-8 text") from error
    if array.dtype.kind not in "Uiu":
        raise DataError(f"{path}: {name}: expected text or whole numbers, got {array.dtype}")
    return array.astype(np.str_)


def _ids(path: Path, arrays: dict[str, _Array]) -> Strings:
    """The ids or the row numbers that the archive gives, or else the positions in it."""
    for name in ("ids", "row"):
        if name in arrays:
            return _text(path, name, arrays[name])
    return np.arange(len(arrays["images"])).astype(np.str_)


def _labels(path: Path, arrays: dict[str, _Array]) -> tuple[tuple[str, ...], Ints]:
    labels = arrays["labels"]
    if labels.dtype.kind in "iu":
        names = _text(path, "classes", arrays["classes"]).tolist() if "classes" in arrays else None
        return index_numbers(labels.astype(np.int64), names, str(path))
    return index_names(_text(path, "labels", labels), str(path))


def read(path: Path) -> Read:
    """The faces of an archive, and the places whose label names no class.

    images   uint8 (n, side, side)
    labels   (n,), whole numbers from 0 or class names
    usage    (n,), the part of each face; ids or row (n,), its id; classes (k,), the names: all optional

    Raises DataError where an array is missing, of another kind or length, or needs pickle.
    """
    arrays = _arrays(path)
    _check(path, arrays)
    classes, labels = _labels(path, arrays)
    good = labels != OUT_OF_RANGE
    places = [
        f"face {place}: expected a label from 0 to {len(classes) - 1}, got {arrays['labels'][place]}"
        for place in np.flatnonzero(~good).tolist()
    ]
    usage = arrays.get("usage", np.full(len(good), ""))
    faces = LabelledImages(
        pixels=arrays["images"][good],
        labels=labels[good],
        ids=_ids(path, arrays)[good],
        classes=classes,
        split=_text(path, "usage", usage)[good],
        source=str(path),
    )
    return faces, BadPlaces.of(places)


PLUGIN = Format(
    recognised_by="a NumPy archive (.npz) with the arrays images and labels",
    recognises=_recognises,
    read=read,
)
