"""FER+: ten people's votes for each face of FER2013 (fer2013new.csv), joined to the faces by row.

Barsoum et al. 2016, "Training Deep Networks for Facial Expression Recognition with Crowd-Sourced Label
Distribution". The file holds votes only: the faces come from fer2013.csv.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mien.core.errors import DataError
from mien.core.images import Ints, LabelledImages, Strings
from mien.data._bad import BadPlaceError, BadPlaces

_BESIDE_VOTES = ("Usage", "Image name")


@dataclass(frozen=True, kw_only=True, eq=False)
class Votes:
    """The votes for n faces, checked on creation; the arrays are made read-only.

    counts    int64 (n, k), how many people named each choice
    names     of the choices, as the file spells them: the expressions, contempt, unknown and NF (not a face)
    usage     str (n,), the part of FER2013 that each face belongs to
    pictures  str (n,), the name of the picture in FER+; "" where the face was struck out there
    """

    counts: Ints
    names: tuple[str, ...]
    usage: Strings
    pictures: Strings

    def __post_init__(self) -> None:
        if self.counts.ndim != 2 or self.counts.shape[1] != len(self.names):
            raise DataError(f"votes: expected counts (n, {len(self.names)}), got {self.counts.shape}")
        if not len(self.counts) == len(self.usage) == len(self.pictures):
            raise DataError("votes: expected as many counts as usages and pictures")
        for array in (self.counts, self.usage, self.pictures):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.counts)

    def select(self, rows: Ints) -> "Votes":
        """The votes at these rows, in that order."""
        return Votes(
            counts=self.counts[rows], names=self.names, usage=self.usage[rows], pictures=self.pictures[rows]
        )


def is_votes(head: bytes) -> bool:
    """Whether the first line is the header of FER+."""
    first_line = head.decode("utf-8-sig", "replace").split("\n", 1)[0].lower()
    return all(name.lower() in first_line for name in (*_BESIDE_VOTES, "contempt", "nf"))


def read_votes(path: str | Path) -> Votes:
    """The votes of fer2013new.csv, row by row as in fer2013.csv.

    Raises DataError where the file cannot be read, is no such file, or counts are no whole numbers.
    """
    path = Path(path)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            header, *rows = list(csv.reader(file)) or [[]]
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: expected CSV in UTF-8 ({error})") from error
    names = tuple(name.strip() for name in header)
    if names[:2] != _BESIDE_VOTES or len(names) < 3:
        raise DataError(f"{path}, line 1: expected {', '.join(_BESIDE_VOTES)} and the names of the votes")
    return _votes(path, names[2:], [row for row in rows if row])


def _votes(path: Path, names: tuple[str, ...], rows: list[list[str]]) -> Votes:
    counts, places = [], []
    for line, row in enumerate(rows, start=2):
        try:
            counts.append(_counts(row, len(names)))
        except BadPlaceError as error:
            places.append(f"line {line}: {error}")
    if places:
        raise DataError(f"{path}: {BadPlaces.of(places).describe()}")
    return Votes(
        counts=np.array(counts, dtype=np.int64).reshape(-1, len(names)),
        names=names,
        usage=np.array([row[0].strip() for row in rows], dtype=np.str_),
        pictures=np.array([row[1].strip() for row in rows], dtype=np.str_),
    )


def _counts(row: list[str], votes: int) -> list[int]:
    if len(row) != votes + len(_BESIDE_VOTES):
        raise BadPlaceError(f"expected {votes + len(_BESIDE_VOTES)} columns, got {len(row)}")
    counts = [field.strip() for field in row[len(_BESIDE_VOTES) :]]
    odd = [field for field in counts if not field.isdecimal()]
    if odd:
        raise BadPlaceError(f"expected votes as whole numbers from 0 on, got '{odd[0][:20]}'")
    return [int(field) for field in counts]


def join(votes: Votes, faces: LabelledImages) -> Votes:
    """The votes for these faces, in their order: the id of a face of fer2013.csv is the row of its votes.

    Raises DataError where an id is no row of the votes, or the two disagree about the part of a face (faces
    without parts are taken as they are): then they do not come from the same FER2013.
    """
    rows = [_row(face_id, len(votes), faces.source) for face_id in faces.ids.tolist()]
    joined = votes.select(np.array(rows, dtype=np.int64))
    differs = (faces.split != "") & (faces.split != joined.usage)
    if differs.any():
        first = int(np.flatnonzero(differs)[0])
        raise DataError(
            f"{faces.source}: face {faces.ids[first]} is {faces.split[first]} there, {joined.usage[first]} "
            f"in the votes ({int(differs.sum())} faces differ); expected the same FER2013, row by row"
        )
    return joined


def _row(face_id: str, count: int, source: str) -> int:
    if not face_id.isdecimal() or int(face_id) >= count:
        raise DataError(
            f"{source}: face '{face_id}': expected a row of the votes, 0 to {count - 1}, as its id"
        )
    return int(face_id)
