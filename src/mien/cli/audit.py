"""`mien audit`: what the labels of a data set are worth."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from mien.auditing import audit as audited
from mien.auditing import suspects_sheet
from mien.cli._audit_tables import print_audit
from mien.cli._figures import print_json
from mien.core.errors import ConfigError
from mien.core.folds import held_out_predictions
from mien.data.contact_sheet import write_png
from mien.data.ferplus_csv import read_votes
from mien.data.load import DRAWN, read

SHEET = "suspects.png"


def audit(
    data: str = DRAWN,
    /,
    *,
    votes: Path | None = None,
    run: Path | None = None,
    out: Path | None = None,
    top: int = 100,
    near: bool = True,
    skip_bad: Annotated[bool, Parameter(negative=())] = False,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Find duplicates and leaks, pictures that are no faces, doubtful labels, and what people see in the faces.

    With --out it writes audit.json, suspects.csv and a sheet of the first suspects.

    Parameters
    ----------
    data
        A CSV, Parquet or npz file, a folder of pictures, or drawn.
    votes
        The votes of FER+ (fer2013new.csv), where the data is FER2013.
    run
        A finished run whose validation faces are among the data, or the folder of mien train --folds 5, for all
        faces: predictions of faces that a network did not learn from speak for or against their labels.
    out
        Folder for audit.json, suspects.csv and suspects.png; what is there under these names is replaced.
    top
        How many suspects the sheet shows.
    near
        Search for nearly identical pictures too, which takes most of the time.
    skip_bad
        Leave bad rows and files out instead of stopping at them.
    json
        Print JSON instead of tables.
    """
    if top < 1:
        raise ConfigError(f"--top {top}: expected 1 or more")
    faces = read(data, skip_bad=skip_bad).faces
    opinions = read_votes(votes) if votes else None
    predictions = held_out_predictions(run) if run else None
    found = audited(faces, opinions, predictions, near=near)
    written = list(found.write(out)) if out else []
    if out:
        (out / SHEET).unlink(missing_ok=True)  # of an audit before this one
    if out and found.suspects:
        write_png(suspects_sheet(found, faces, opinions, top=top), out / SHEET)
        written.append(out / SHEET)
    if json:
        print_json(found.to_dict())
    else:
        print_audit(found, written)
