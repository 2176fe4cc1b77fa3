"""Labels as data sets write them, numbers or names, to indices into one tuple of classes."""

from collections.abc import Sequence

import numpy as np

from mien.core.errors import DataError
from mien.core.images import Ints, Strings
from mien.core.labels import EXPRESSIONS, canonical_classes

OUT_OF_RANGE = -1


def numbered_classes(labels: Ints) -> tuple[str, ...]:
    """Names of the classes of a set whose labels are numbers; a label beyond them is an error of the data.

    Classes count from 0 without a gap. The first seven are the seven expressions, whichever of them occur.
    A set in which all of 0 to 7 occur has classes of its own, "0", "1" ... up to the first number that does
    not occur. So 9 among labels 0 to 6 is an error, and where all of 0 to 9 occur it is none.

    >>> numbered_classes(np.array([0, 3, 9]))
    ('angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral')
    >>> numbered_classes(np.arange(8))
    ('0', '1', '2', '3', '4', '5', '6', '7')
    """
    occurring = set(np.unique(labels).tolist())
    if not occurring.issuperset(range(len(EXPRESSIONS) + 1)):
        return EXPRESSIONS
    count = next(number for number in range(len(occurring) + 1) if number not in occurring)
    return tuple(map(str, range(count)))


def index_numbers(labels: Ints, names: Sequence[str] | None, source: str) -> tuple[tuple[str, ...], Ints]:
    """Classes, and the index into them of each label, OUT_OF_RANGE where there is none.

    The labels are numbers: positions in names where the data gives names, else as in numbered_classes.
    """
    classes, places = (numbered_classes(labels), None) if names is None else _canonical(list(names), source)
    count = len(classes) if places is None else len(places)
    indices = np.where((labels >= 0) & (labels < count), labels, OUT_OF_RANGE).astype(np.int64)
    if places is not None:
        indices = np.append(np.array(places, dtype=np.int64), OUT_OF_RANGE)[indices]  # -1 finds the last
    return classes, indices


def index_names(labels: Sequence[str] | Strings, source: str) -> tuple[tuple[str, ...], Ints]:
    """Classes, and the index into them of each label; the labels are names."""
    names, positions = np.unique(np.asarray(labels, dtype=np.str_), return_inverse=True)
    classes, places = _canonical(names.tolist(), source)
    return classes, np.array(places, dtype=np.int64)[positions]


def _canonical(names: list[str], source: str) -> tuple[tuple[str, ...], list[int]]:
    try:
        return canonical_classes(names)
    except DataError as error:
        raise DataError(f"{source}: {error}") from error
