"""The cache of read faces: in the platform's cache folder, keyed by the content of the file that was read.

What is guaranteed: the whole file is hashed (SHA-256) before an entry is used, so faces never come from
another content than the file has now, whatever its name and dates say. Entries are zip files whose checksums
are verified when read: a damaged one counts as none and is written anew. The folder may be deleted at any
time, and one that cannot be written to is no error. Nothing is ever written beside the user's file.
"""

import json
import os
import sys
import tempfile
import time
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import DataError
from mien.core.images import LabelledImages
from mien.data._bad import BadPlaces
from mien.data._format import Read

LAYOUT = "2"  # raise it when entries, or what readers make of a file, change
SMALLEST = 4 << 20  # bytes: smaller files are read again sooner than they are looked up
KEPT = 8  # entries: the oldest go first
_FORSAKEN_AFTER = 3600  # seconds: whatever wrote such a part was killed
_SEGMENT = 32 << 20  # bytes hashed by one thread
_BLOCK = 1 << 18


def folder() -> Path:
    """Where the entries lie: $MIEN_CACHE, or mien's folder in the platform's place for caches."""
    if os.environ.get("MIEN_CACHE"):
        return Path(os.environ["MIEN_CACHE"])
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or _home() / "AppData" / "Local") / "mien" / "cache"
    if sys.platform == "darwin":
        return _home() / "Library" / "Caches" / "mien"
    return Path(os.environ.get("XDG_CACHE_HOME") or _home() / ".cache") / "mien"


def _home() -> Path:
    """The user's folder; OSError, as for one that cannot be written to, where the user has none."""
    try:
        return Path.home()
    except RuntimeError as error:
        raise OSError(str(error)) from error


def content_key(path: Path, format_name: str) -> str:
    """Name of the entry for what a file holds now: segments are hashed by two threads, then their hashes."""
    starts = range(0, path.stat().st_size, _SEGMENT)
    with ThreadPoolExecutor(max_workers=2) as threads:
        segments = list(threads.map(lambda start: _segment_hash(path, start), starts))
    made = sha256(f"{LAYOUT} {format_name} {path.stat().st_size}".encode())
    for segment in segments:
        made.update(segment)
    return made.hexdigest()


def _segment_hash(path: Path, start: int) -> bytes:
    made, block = sha256(), memoryview(bytearray(_BLOCK))
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        for _ in range(_SEGMENT // _BLOCK):
            made.update(block[: file.readinto(block)])
    return made.digest()


def fetch(key: str, source: str) -> Read | None:
    """The entry of that key, as if just read from source; None where there is none that is whole."""
    try:
        path = folder() / f"{key}.npz"
        with path.open("rb") as file, np.load(file, allow_pickle=False) as entry:
            faces = _faces(entry, source)
            bad = json.loads(str(entry["bad"]))
        os.utime(path)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, DataError):
        return None
    return faces, BadPlaces(bad["total"], tuple(bad["first"]))


def _faces(entry: Mapping[str, NDArray[Any]], source: str) -> LabelledImages:
    return LabelledImages(
        pixels=entry["pixels"],
        labels=entry["labels"],
        ids=entry["ids"],
        classes=tuple(entry["classes"].tolist()),
        split=entry["split"],
        source=source,
    )


def keep(key: str, read: Read) -> None:
    """Write an entry at once or not at all; a folder that cannot be written to is left as it is."""
    with suppress(OSError):
        folder().mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f"{key}.", suffix=".part", dir=folder())
        try:
            with os.fdopen(handle, "wb") as file:
                _write(file, read)
            Path(name).replace(folder() / f"{key}.npz")
        finally:
            Path(name).unlink(missing_ok=True)
        _drop_oldest()


def _write(file: IO[bytes], read: Read) -> None:
    faces, bad = read
    np.savez(
        file,
        pixels=faces.pixels,
        labels=faces.labels,
        ids=faces.ids,
        split=faces.split,
        classes=np.array(faces.classes),
        bad=np.array(json.dumps({"total": bad.total, "first": bad.first})),
    )


def _drop_oldest() -> None:
    entries = sorted(folder().glob("*.npz"), key=lambda path: path.stat().st_mtime, reverse=True)
    forsaken = [
        path for path in folder().glob("*.part") if path.stat().st_mtime < time.time() - _FORSAKEN_AFTER
    ]
    for path in entries[KEPT:] + forsaken:
        path.unlink(missing_ok=True)
