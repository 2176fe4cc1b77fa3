"""`mien explain`: what a run's network looks at."""

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

import mien
from mien.cli._figures import print_json, show
from mien.core.errors import ConfigError
from mien.core.rundir import EXPLANATION_SHEET
from mien.core.shipped import opened
from mien.data.face_file import read_face
from mien.data.load import load
from mien.diagnostics.explain_sheet import answer, write_sheet
from mien.diagnostics.explain_tables import faces_table, proof_table


def explain(
    run: str,
    *,
    picture: Path | None = None,
    expression: Annotated[str | None, Parameter(name="--class")] = None,
    mistakes: Annotated[bool, Parameter(negative=())] = False,
    data: str | None = None,
    part: Literal["train", "val", "test"] = "val",
    count: int = 6,
    layer: str | None = None,
    proof: int = 70,
    out: Path | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Show what a network looks at: five kinds of maps over faces, what excites it, and a proof on drawn faces.

    By default the surest right face of each class and the surest mistakes. The result is kept in a finished run
    (explain.json, explain.npz), and the page shows it; the picture explain.png shows the maps over the faces.

    Parameters
    ----------
    run
        The run's directory, or the name of a network that comes with mien.
    picture
        A picture of one face, already cut out: its middle square is taken. Nothing is kept in the run.
    expression
        Only faces with this label.
    mistakes
        Only mistakes.
    data
        Other faces than the run's own, split as the run's were.
    part
        Which part of the data.
    count
        How many mistakes, and with --class how many right ones.
    layer
        The convolution of Grad-CAM and of the filter images; by default the last one.
    proof
        How many drawn faces the methods are proved on; 0: none.
    out
        The PNG file; by default explain.png in a finished run.
    json
        Print JSON instead of tables.
    """
    from mien.training.explain.choosing import Wanted

    if picture and (expression or mistakes or data):
        raise ConfigError("--picture explains one picture; leave --class, --mistakes and --data out")
    folder = opened(run)
    keep = folder.finished and picture is None
    if not keep and out is None:
        raise ConfigError(
            "nothing is kept in a run for a picture or before it is finished: name a file, --out maps.png"
        )
    found = mien.explain(
        folder,
        mien.training_parts(folder, load(data)) if data else None,
        part=part,
        picture=read_face(picture) if picture else None,
        wanted=Wanted(expression=expression, mistakes=mistakes, count=count),
        layer=layer,
        proof_faces=proof,
        save=keep,
        progress=lambda step: print(f"explain   {step}", file=sys.stderr, flush=True),
    )
    path = write_sheet(found, out or folder.path / EXPLANATION_SHEET)
    if json:
        print_json(found.to_dict() | {"sheet": str(path)})
        return
    show(faces_table(found).as_text().strip("\n") + "\n")
    if found.proof.methods:
        show(proof_table(folder.name, found).as_text().strip("\n") + "\n")
    for name, reason in found.about.left_out.items():
        show(f"{name} is left out: {reason}")
    show(f"{answer(folder.name, found)}\nwrote {path}")
