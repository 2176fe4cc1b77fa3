"""`mien stress`: accuracy and calibration of runs under corruptions."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

import mien
from mien.cli._figures import print_json, show
from mien.core.errors import ConfigError
from mien.core.material import told_apart
from mien.core.shipped import opened
from mien.diagnostics.stress_tables import accuracy_table, answer, comparison_table


def stress(
    *runs: str,
    data: str | None = None,
    part: Literal["train", "val", "test"] = "val",
    faces: int = 1000,
    seed: int = 0,
    skip_bad: Annotated[bool, Parameter(negative=())] = False,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Measure runs under fourteen corruptions at five strengths: what each costs, and the weakest point.

    The result is kept in each finished run as stress.json, and the page shows it.

    Parameters
    ----------
    runs
        Directories of runs, or names of networks that come with mien; several are compared.
    data
        Other faces than each run's own, split as the run's were.
    part
        Which part of the data.
    faces
        How many faces of it, chosen by the seed; 0: all of them.
    seed
        Decides which faces, and the random numbers of every corruption.
    skip_bad
        Leave rows or files of the other data out that cannot be read, instead of stopping.
    json
        Print JSON instead of tables.
    """
    if not runs:
        raise ConfigError("mien stress: expected a run or more; mien runs lists them")
    found = []
    loaded = mien.read(data, skip_bad=skip_bad).faces if data else None
    for name, path in zip(told_apart([Path(run) for run in runs]), runs, strict=True):
        run = opened(path)
        parts = mien.training_parts(run, loaded)
        measured = mien.stress(run, parts, part=part, count=faces, seed=seed, progress=_progress(name))
        found.append((name, measured))
    if json:
        print_json([{**each.to_dict(), "run": name} for name, each in found])
        return
    for name, each in found:
        show(accuracy_table(name, each).as_text().strip("\n") + "\n")
    if len(found) > 1:
        show(comparison_table(found).as_text().strip("\n") + "\n")
    show(answer(found))


def _progress(run: str) -> Callable[[str], None]:
    return lambda corruption: print(f"stress   {run}: {corruption}", file=sys.stderr, flush=True)
