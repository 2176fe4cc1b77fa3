"""`mien join`: the networks of finished runs side by side as one."""

from pathlib import Path

import mien
from mien.cli._figures import print_run


def join(*runs: str, out: Path | None = None, data: str | None = None, json: bool = False) -> None:
    """Join the networks of finished runs, of one shape and trained on the same faces, to one that averages them.

    Nothing is trained. Runs of different --seed are right together more often than each of them, at the cost of all of
    them; several small ones may be better than a large one of as many parameters.

    Parameters
    ----------
    runs
        Directories of two finished runs or more, of trunk or pocket.
    out
        The new run's directory, which must not exist; by default the next free runs/<model>-<number>.
    data
        The faces that they were trained with, where they have moved.
    json
        Print what came of it, as mien runs --json has it.
    """
    faces = mien.load(data) if data else None
    print_run(mien.join(runs, out, faces=faces), json)
