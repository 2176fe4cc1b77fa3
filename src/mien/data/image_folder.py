"""Image folders: class/file or split/class/file, the names of the folders are the labels."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mien.core.errors import DataError
from mien.core.images import LabelledImages, Uint8
from mien.data._bad import BadPlaceError, BadPlaces
from mien.data._classes import index_names
from mien.data._format import Format, Read
from mien.data._parts import part_named
from mien.data._to_face import SIDE, to_face
from mien.data.pictures import SUFFIXES

_DEEPEST = 4  # levels looked at below the folder: one more than a data set has, to say what is wrong
_LAYOUTS = "class/picture or split/class/picture"


def _is_hidden(path: Path) -> bool:
    """What systems leave behind: .DS_Store, ._face.png, __MACOSX."""
    return path.name.startswith((".", "__MACOSX"))


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and path.is_file()


def _walk(folder: Path, depth: int = 1) -> Iterator[Path]:
    """Pictures below a folder, and folders in which there is nothing to read; sorted within a folder."""
    entries = sorted(entry for entry in folder.iterdir() if not _is_hidden(entry))
    found = False
    for entry in entries:
        if entry.is_dir() and depth < _DEEPEST:
            found = True
            yield from _walk(entry, depth + 1)
        elif _is_picture(entry):
            found = True
            yield entry
    if not found:
        yield folder


def _recognises(path: Path, _head: bytes) -> bool:
    """Whether any picture lies below, at any depth that is looked at."""
    return path.is_dir() and any(_is_picture(found) for found in _walk(path))


def _check_layout(root: Path, below: list[Path]) -> None:
    """All pictures lie one or two folders deep, and the folders that hold them are classes, not parts."""
    by_depth = {len(file.parts): file for file in reversed(below)}
    if len(by_depth) > 1 or not {2, 3}.issuperset(by_depth):
        odd = by_depth[min(by_depth) if min(by_depth) == 1 else max(by_depth)]
        raise DataError(f"{root}: expected {_LAYOUTS} throughout, got {_shown(odd)}")
    classes = {file.parent.name for file in below}
    if all(part_named(name) for name in classes):
        raise DataError(
            f"{root}: expected {_LAYOUTS}, but the pictures in {', '.join(sorted(classes))} have no class"
        )


def _shown(path: Path) -> str:
    """A path with forward slashes, whatever is no UTF-8 in it replaced."""
    return path.as_posix().encode("utf-8", "replace").decode()


def _read_pictures(root: Path, below: list[Path]) -> tuple[dict[Path, Uint8], list[str]]:
    """The pixels of each good picture, and what is wrong with the others."""
    good: dict[Path, Uint8] = {}
    places: list[str] = []
    for file in below:
        try:
            if _shown(file) != file.as_posix():
                raise BadPlaceError("expected a file name in UTF-8")
            good[file] = to_face(root / file)
        except BadPlaceError as error:
            places.append(f"{_shown(file)}: {error}")
    return good, places


def read(path: Path) -> Read:
    """Every good picture of a folder as a face of 48x48 (how: mien.data._to_face), and the bad places.

    The id of a face is its path below the folder, with forward slashes. Hidden files and files that are not
    named as pictures are passed over; a folder without pictures is a bad place.

    Raises DataError where pictures lie at other depths, or two class names spell the same expression.
    """
    found = list(_walk(path))
    below = [place.relative_to(path) for place in found if not place.is_dir()]
    empty = [
        f"{_shown(place.relative_to(path))}: expected pictures in it" for place in found if place.is_dir()
    ]
    _check_layout(path, below)
    classes, labels = index_names([file.parent.name for file in below], str(path))
    label_of = dict(zip(below, labels.tolist(), strict=True))
    good, places = _read_pictures(path, below)
    faces = LabelledImages(
        pixels=np.array(list(good.values()), dtype=np.uint8).reshape(-1, SIDE, SIDE),
        labels=np.array([label_of[file] for file in good], dtype=np.int64),
        ids=np.array([file.as_posix() for file in good], dtype=np.str_),
        classes=classes,
        split=np.array([file.parts[0] if len(file.parts) == 3 else "" for file in good], dtype=np.str_),
        source=str(path),
    )
    return faces, BadPlaces.of(empty + places)


PLUGIN = Format(
    recognised_by=f"a folder of pictures ({', '.join(SUFFIXES)}), as {_LAYOUTS}",
    recognises=_recognises,
    read=read,
)
