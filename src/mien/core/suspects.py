"""Suspects: pictures of a data set that something speaks against, as a file that people read and commands take."""

import csv
import io
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from mien.core.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Suspect:
    """Something that speaks against a picture or its label; a picture may have several.

    id        of the picture in its data set
    reason    what speaks against it, such as "wrong label"
    score     from 0 to 1, comparable within a reason only
    proposal  the class that it probably belongs to, or "" where none is proposed
    """

    id: str
    reason: str
    score: float
    proposal: str


_COLUMNS = tuple(field.name for field in fields(Suspect))


def suspects_csv(suspects: Iterable[Suspect]) -> str:
    """One line a suspect under the names of the columns, scores with six decimals.

    >>> suspects_csv([Suspect(id="7", reason="wrong label", score=0.98, proposal="sad")]).splitlines()
    ['id,reason,score,proposal', '7,wrong label,0.980000,sad']
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for suspect in suspects:
        face_id, reason, score, proposal = astuple(suspect)
        writer.writerow((face_id, reason, f"{score:.6f}", proposal))
    return file.getvalue()


def read_suspects(path: str | Path) -> tuple[Suspect, ...]:
    """The suspects of a file; DataError where it cannot be read or is none.

    Lines may be deleted and columns reordered by hand; only "id" must be there.
    """
    try:
        with Path(path).open(newline="", encoding="utf-8-sig") as file:
            lines = list(csv.DictReader(file, restval=""))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: expected CSV in UTF-8 ({error})") from error
    return tuple(_suspect(path, number, line) for number, line in enumerate(lines, start=2))


def _suspect(path: str | Path, number: int, line: dict[str, str]) -> Suspect:
    if not line.get("id"):
        raise DataError(f"{path}, line {number}: expected an id; mien audit writes {', '.join(_COLUMNS)}")
    try:
        score = float(line.get("score") or 0)
    except ValueError:
        raise DataError(f"{path}, line {number}: expected a number as score, got '{line['score']}'") from None
    return Suspect(
        id=line["id"], reason=line.get("reason") or "", score=score, proposal=line.get("proposal") or ""
    )
