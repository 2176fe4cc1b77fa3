"""Labelled faces from anywhere: files and folders, recognised by looking at them, or drawn faces."""

from dataclasses import dataclass
from pathlib import Path

from mien.core.errors import DataError
from mien.core.images import LabelledImages
from mien.core.plugins import plugin, plugin_names
from mien.data import _cache, ferplus_csv
from mien.data._bad import BadPlaces
from mien.data._format import HEAD, Format, Read

DRAWN = "drawn"


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """Faces, the bad places of the data that were left out, and the name of the format."""

    faces: LabelledImages
    bad: BadPlaces
    format: str


def load(spec: str | Path, *, skip_bad: bool = False, cache: bool = True) -> LabelledImages:
    """The labelled faces of a path or of "drawn"; `read` also tells what was left out."""
    return read(spec, skip_bad=skip_bad, cache=cache).faces


def read(spec: str | Path, *, skip_bad: bool = False, cache: bool = True) -> Loaded:
    """The labelled faces of a path or of "drawn" (or "drawn:..."), with the bad places that were left out.

    Large CSV and Parquet files come from the cache where their content was read before; cache=False
    neither looks there nor writes there.

    Raises DataError where the path cannot be read, its format is not recognised, it holds no good face, or,
    without skip_bad, it has bad places; MissingExtra where its format needs a package that is not installed.
    """
    if isinstance(spec, str) and (spec == DRAWN or spec.startswith(f"{DRAWN}:")):
        return _drawn(spec)
    path = _expanded(Path(spec))
    try:
        return _read_path(path, skip_bad, cache)
    except OSError as error:
        raise DataError(f"{error.filename or path}: cannot be read ({error.strerror or error})") from error


def _expanded(path: Path) -> Path:
    """The path with ~ filled in; as it is where there is no such user."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def _drawn(spec: str) -> Loaded:
    from mien.data.drawn import from_spec

    return Loaded(faces=from_spec(spec).faces, bad=BadPlaces(), format=DRAWN)


def _read_path(path: Path, skip_bad: bool, cache: bool) -> Loaded:
    name, found = recognise(path)
    is_cached = cache and found.cached and path.is_file() and path.stat().st_size >= _cache.SMALLEST
    faces, bad = _read_cached(path, name, found) if is_cached else found.read(path)
    if not len(faces):
        raise DataError(f"{path}: no face in it can be read: {bad.describe()}")
    if bad.total and not skip_bad:
        raise DataError(f"{path}: {bad.describe()}\n  mend them, or leave them out: --skip-bad")
    return Loaded(faces=faces, bad=bad, format=name)


def recognise(path: Path) -> tuple[str, Format]:
    """Name and format of what lies at a path, by its content.

    Raises DataError, with the known formats and how each is recognised, where it is none of them.
    """
    head = _head(path)
    if ferplus_csv.is_votes(head):
        raise DataError(
            f"{path}: holds the votes of FER+, no faces: give fer2013.csv, and join the votes to its faces "
            "with mien.data.ferplus_csv.join"
        )
    formats = {name: plugin(__package__, name, Format) for name in plugin_names(__package__)}
    for name, known in formats.items():
        if known.recognises(path, head):
            return name, known
    rules = "".join(f"\n  {name}: {known.recognised_by}" for name, known in formats.items())
    raise DataError(f"{path}: {_looks_like(path)} of no known format. Known are:{rules}")


def _head(path: Path) -> bytes:
    """The first bytes of a file, none of a folder; DataError where there is neither or nothing in it."""
    if not path.exists():
        raise DataError(f"{path}: no such file or folder")
    if path.is_dir():
        return b""
    if not path.is_file():
        raise DataError(f"{path}: expected a file or a folder")
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head:
        raise DataError(f"{path}: is empty")
    return head


def _looks_like(path: Path) -> str:
    """What an unrecognised path is, with the way out where a folder holds a file that may be meant."""
    if not path.is_dir():
        return "a file"
    inside = next((found.name for found in sorted(path.iterdir()) if found.suffix in (".csv", ".npz")), None)
    return f"a folder (it holds {inside}: give that file?)" if inside else "a folder without pictures,"


def _read_cached(path: Path, name: str, found: Format) -> Read:
    """What the format reads, kept from an earlier reading of the same content."""
    key = _cache.content_key(path, name)
    kept = _cache.fetch(key, str(path))
    if kept is not None:
        return kept
    fresh = found.read(path)
    if _cache.content_key(path, name) == key:  # else the file changed while it was read
        _cache.keep(key, fresh)
    return fresh
