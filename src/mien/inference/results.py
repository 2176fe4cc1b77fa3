"""Answers as text, JSON lines or CSV, and files of them that an interrupted job goes on writing."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Literal

from mien.core.errors import ConfigError
from mien.inference.answer import Answer

Kind = Literal["json", "csv"]

_BOX = ("left", "top", "width", "height")
_COLUMNS = (
    "source",
    "frame",
    "seconds",
    "faces",
    "face",
    "track",
    "label",
    "expression",
    "confidence",
    "score",
    *_BOX,
)
_ERROR = "error"


def head(kind: Kind, meta: dict[str, Any]) -> str:
    """The first line: of JSON lines what decides the answers, of CSV the names of the columns."""
    if kind == "json":
        return json.dumps({"meta": meta}) + "\n"
    return _row([*_COLUMNS, *meta["classes"], _ERROR])


def lines(kind: Kind, answer: Answer, classes: Sequence[str]) -> str:
    """An answer: one line of JSON, or a row of CSV for each face and one for a picture or frame without any.

    A video ends with a line of its own: in JSON with its counts, in CSV with blanks and what was wrong with it.
    """
    if kind == "json":
        return json.dumps(_said(answer)) + "\n"
    if not answer.faces:
        return _row(_cells(answer, classes, {"faces": "" if answer.ending else 0}))
    return "".join(_face_row(answer, place, classes) for place in range(len(answer.faces)))


def _said(answer: Answer) -> dict[str, Any]:
    said: dict[str, Any] = {"source": answer.source.name}
    if answer.instant:
        said |= {"frame": answer.instant.frame, "seconds": answer.instant.seconds}
    if answer.ending:
        said["video"] = asdict(answer.ending)
    else:
        said["faces"] = [face.to_dict() for face in answer.faces]
    return said | ({_ERROR: answer.error} if answer.error else {})


def _face_row(answer: Answer, place: int, classes: Sequence[str]) -> str:
    said = answer.faces[place].to_dict()
    return _row(
        _cells(
            answer,
            classes,
            said | said["box"] | said["probabilities"] | {"faces": len(answer.faces), "face": place + 1},
        )
    )


def _cells(answer: Answer, classes: Sequence[str], said: dict[str, Any]) -> list[object]:
    """A row, blank where nothing is said."""
    complaint = answer.ending.complaint if answer.ending else answer.error
    said = said | {"source": answer.source.name, "frame": "", "seconds": "", _ERROR: _one_line(complaint)}
    if answer.instant:
        said |= {"frame": answer.instant.frame, "seconds": answer.instant.seconds}
    return [said.get(name, "") for name in (*_COLUMNS, *classes, _ERROR)]


def _row(values: Sequence[object]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(values)
    return text.getvalue()


def _one_line(text: str) -> str:
    return " ".join(text.split())


@dataclass
class ResultFile:
    """A file of answers that is being written.

    done  names of the pictures and videos that it has all answers for
    bad   the errors among them
    """

    kind: Kind
    classes: Sequence[str]
    file: IO[bytes]
    done: frozenset[str]
    bad: tuple[str, ...]

    def write(self, answer: Answer) -> None:
        """Add an answer; what was written survives the end of this process."""
        self.file.write(lines(self.kind, answer, self.classes).encode("utf-8", "backslashreplace"))
        self.file.flush()


def about_path(path: Path) -> Path:
    """Where what decides the answers of a CSV file lies, for a table has no place for it."""
    return path.with_name(path.name + ".meta.json")


@contextmanager
def result_file(path: Path, kind: Kind, meta: dict[str, Any]) -> Iterator[ResultFile]:
    """A new file of answers, or one that the same command began; half an answer at its end is cut off.

    Raises ConfigError where the file is something else, was written with other choices, or is being written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b") as file:
            _take(file, path)
            file.seek(0)
            content = file.read()
            done, bad, end = _begun(path, kind, meta, content)
            if end < len(content):
                file.truncate(end)
            if end == 0:
                _begin(file, path, kind, meta)
            yield ResultFile(kind, meta["classes"], file, done, bad)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror})") from error


def _take(file: IO[bytes], path: Path) -> None:
    """One process at a time; the system lets go of it whatever ends the process."""
    try:
        import fcntl
    except ImportError:  # Windows
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise ConfigError(f"{path}: another process is writing it; wait for it or end it first") from error


def _begin(file: IO[bytes], path: Path, kind: Kind, meta: dict[str, Any]) -> None:
    if kind == "csv":
        about_path(path).write_text(json.dumps(meta, indent=2) + "\n")
    file.write(head(kind, meta).encode())
    file.flush()


def _begun(
    path: Path, kind: Kind, meta: dict[str, Any], content: bytes
) -> tuple[frozenset[str], tuple[str, ...], int]:
    """Pictures and videos that are answered in full, the errors among them, and where the last of them ends."""
    whole = content[: content.rfind(b"\n") + 1].splitlines(keepends=True)
    if not whole:  # empty, or killed within its first line
        if content and not head(kind, meta).encode().startswith(content):
            raise ConfigError(f"{path} exists and is no file of results; choose another --out")
        return frozenset(), (), 0
    _check_same(path, kind, meta, whole[0])
    try:
        parts = list(_json_parts(whole[1:]) if kind == "json" else _csv_parts(whole[1:]))
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise ConfigError(
            f"{path}: damaged, so the job cannot go on ({error}); choose another --out"
        ) from error
    done = frozenset(name for name, _, _ in parts)
    return (
        done,
        tuple(error for _, error, _ in parts if error),
        len(whole[0]) + sum(size for *_, size in parts),
    )


def _check_same(path: Path, kind: Kind, meta: dict[str, Any], first: bytes) -> None:
    """The file was begun with the same network, detector, threshold and share."""
    try:
        kept: dict[str, Any] = json.loads(first if kind == "json" else about_path(path).read_text())
        kept = kept["meta"] if kind == "json" else kept
        known = kind == "json" or first == head(kind, kept).encode()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path} exists and is no file of results; choose another --out") from error
    if not known:
        raise ConfigError(f"{path} exists and is no file of results; choose another --out")
    changed = [name for name, value in json.loads(json.dumps(meta)).items() if kept.get(name) != value]
    if changed:
        raise ConfigError(
            f"{path} was begun with other choices ({', '.join(changed)}); give the same command, or another --out"
        )


def _json_parts(whole: list[bytes]) -> Iterator[tuple[str, str, int]]:
    """Name, error and bytes of each picture or video; a video counts when the line that ends it is there."""
    size = 0
    for line in whole:
        said = json.loads(line)
        size += len(line)
        if "frame" not in said:
            yield said["source"], said.get(_ERROR, ""), size
            size = 0


def _csv_parts(whole: list[bytes]) -> Iterator[tuple[str, str, int]]:
    """The same of rows: a picture counts when those of all its faces are there; rows of one stand together."""
    size = 0
    for line in whole:
        row = dict(zip(_COLUMNS, cells := next(csv.reader([line.decode()])), strict=False))
        size += len(line)
        if not row["frame"] and int(row["faces"] or 0) == int(row["face"] or 0):
            yield row["source"], cells[-1] if row["faces"] else "", size
            size = 0
