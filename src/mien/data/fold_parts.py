"""Which fold each face is held out in, as a file, and the parts of a single fold."""

import csv
import io
import re
from pathlib import Path

import numpy as np

from mien.core.errors import ConfigError, DataError, RunError
from mien.core.images import TEST, Ints, LabelledImages, Parts, Strings
from mien.core.rundir import FOLD_OF, RunDir
from mien.data._parts import part_named

_FOLD = re.compile(r"fold:([1-9]\d*)/([1-9]\d*)")
_COLUMNS = ["id", "fold"]


def fold_split(number: int, folds: int) -> str:
    """How a config names the parts of one fold.

    >>> fold_split(2, 5), is_fold("fold:2/5"), is_fold("official")
    ('fold:2/5', True, False)
    """
    return f"fold:{number}/{folds}"


def is_fold(how: str) -> bool:
    """Whether a config's split names a fold."""
    return _FOLD.fullmatch(how) is not None


def foldable(faces: LabelledImages) -> LabelledImages:
    """The faces that are shared out among folds: all but those that the data itself keeps for the test."""
    kept = np.array([part_named(name) != TEST for name in faces.split.tolist()], dtype=bool)
    return faces if kept.all() else faces.select(kept)


def folds_csv(ids: Strings, folds: Ints) -> str:
    """A line for each face: its id and the fold, from 1, that holds it out.

    >>> folds_csv(np.array(["a", "b"]), np.array([2, 1])).splitlines()
    ['id,fold', 'a,2', 'b,1']
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(zip(ids.tolist(), folds.tolist(), strict=True))
    return file.getvalue()


def fold_parts(faces: LabelledImages, how: str, run: Path | None) -> Parts:
    """The parts of a fold's run: validation is what it holds out, training are the other faces of folds.csv.

    run  the run's directory, beside which folds.csv lies

    Raises ConfigError where there is none, RunError where it is damaged, DataError where the
    faces lack some of those that it names.
    """
    matched = _FOLD.fullmatch(how)
    if matched is None or run is None or not RunDir(run.parent).has(FOLD_OF):
        raise ConfigError(
            f"split {how}: expected {FOLD_OF} beside the run, which mien train --folds 5 writes; keep its folder whole"
        )
    table = _read(RunDir(run.parent))
    place = {name: row for row, name in enumerate(faces.ids.tolist())}
    missing = [name for name in table if name not in place]
    if missing:
        raise DataError(
            f"{faces.source} lacks {len(missing):,} faces of {run.parent / FOLD_OF}, first: {missing[0]}"
        )
    rows = np.array([place[name] for name in table], dtype=np.int64)
    held_out = np.array(list(table.values())) == int(matched[1])
    if not held_out.any() or held_out.all():
        raise RunError(f"{run.parent / FOLD_OF}: expected faces in fold {matched[1]} and in others")
    return Parts(train=faces.select(rows[~held_out]), val=faces.select(rows[held_out]))


def _read(folder: RunDir) -> dict[str, int]:
    """The fold of each id, in the order of the file."""
    try:
        lines = list(csv.reader(io.StringIO(folder.read(FOLD_OF).decode())))
        if not lines or lines[0] != _COLUMNS:
            raise ValueError(f"expected the columns {', '.join(_COLUMNS)}")
        return {name: int(fold) for name, fold in lines[1:]}
    except ValueError as error:
        raise RunError(f"{folder.path / FOLD_OF}: is damaged ({error})") from error
