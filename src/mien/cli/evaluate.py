"""`mien evaluate`: measure a finished run."""

from pathlib import Path
from typing import Literal

import mien
from mien.cli._figures import print_evaluation, print_json


def evaluate(
    run: Path,
    *,
    data: str | None = None,
    part: Literal["train", "val", "test"] = "val",
    tta: Literal["none", "flip"] = "none",
    json: bool = False,
) -> None:
    """Accuracy with its 95 % interval, macro-F1, log-loss, and precision, recall and F1 of each class.

    The predictions are kept in the run, joined to the faces by id.

    Parameters
    ----------
    run
        The run's directory.
    data
        Other faces than the run's own, split as the run's were.
    part
        Which part of the data.
    tta
        "flip" averages the probabilities of each face and of its mirror image.
    json
        Print JSON instead of tables.
    """
    opened = mien.RunDir.open(run)
    faces = mien.training_parts(opened, mien.load(data))[part] if data else None
    found = mien.evaluate(opened, faces, part=part, tta=tta)
    if json:
        print_json(found.to_dict())
    else:
        print_evaluation(found)
