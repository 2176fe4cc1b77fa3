"""`mien evaluate`: measure a finished run, or a network that comes with mien."""

import sys
from pathlib import Path
from typing import Literal

import mien
from mien.cli._figures import print_evaluation, print_json
from mien.core import shipped
from mien.core.errors import ConfigError
from mien.core.images import LabelledImages, Parts
from mien.core.left_out import LeftOut


def evaluate(
    run: str,
    *,
    data: str | None = None,
    part: Literal["train", "val", "test"] = "val",
    tta: Literal["none", "flip", "flip+shift"] = "none",
    skip_bad: bool = False,
    without: Path | None = None,
    without_reasons: str = "",
    json: bool = False,
) -> None:
    """Accuracy with its 95 % interval, macro-F1, log-loss, and precision, recall and F1 of each class.

    Accuracy is also given without the pictures that stand in the training part of the data too. The predictions are
    kept in the run, joined to the faces by id.

    Parameters
    ----------
    run
        The run's directory, or the name of a network that comes with mien.
    data
        Other faces than the run's own, split as the run's were.
    part
        Which part of the data.
    tta
        "flip" averages the probabilities of each face and of its mirror image; "flip+shift" of 18 views: moved by
        one pixel and not, along x and along y, each mirrored too.
    skip_bad
        Leave rows or files of the other data out that cannot be read, instead of stopping.
    without
        suspects.csv of mien audit: its faces are not measured.
    without_reasons
        Leave only those out that stand there for these reasons, with commas between: "not a face,wrong label".
    json
        Print JSON instead of tables.
    """
    opened = shipped.opened(run)
    left_out = _left_out(without, without_reasons)
    faces = None
    if data or left_out:
        faces = mien.training_parts(opened, _faces(data, skip_bad) if data else None, naming=left_out)
    found = mien.evaluate(opened, faces, part=part, tta=tta, without=left_out)
    if left_out and faces:
        _tell(left_out, faces, part)
    if json:
        print_json(found.to_dict())
    else:
        print_evaluation(found)


def _left_out(file: Path | None, reasons: str) -> LeftOut | None:
    if file is None and reasons:
        raise ConfigError(
            f"--without-reasons {reasons}: expected --without with a file of suspects beside it"
        )
    return None if file is None else LeftOut.read(file, reasons)


def _tell(left_out: LeftOut, parts: Parts, part: str) -> None:
    faces = parts[part]
    count = int(left_out.among(faces.ids).sum())
    print(f"left out: {count:,} of {len(faces):,} {part} faces ({left_out.path})", file=sys.stderr)


def _faces(data: str, skip_bad: bool) -> LabelledImages:
    loaded = mien.read(data, skip_bad=skip_bad)
    if loaded.bad.total:
        print(f"left out: {loaded.bad.describe()}", file=sys.stderr)
    faces: LabelledImages = loaded.faces
    return faces
