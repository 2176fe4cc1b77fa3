"""`mien average`: the mean of finished runs' weights as one network."""

from pathlib import Path

import mien
from mien.cli._figures import print_run


def average(*runs: str, out: Path | None = None, data: str | None = None, json: bool = False) -> None:
    """Average the weights of finished runs of one network, which went on from each other's or from the same weights.

    Nothing is trained, and the network stays as large as it was. Runs that began with random weights have no useful
    mean: mien join puts them side by side.

    Parameters
    ----------
    runs
        Directories of two finished runs or more, of one network; names of networks that come with mien.
    out
        The new run's directory, which must not exist; by default the next free runs/<model>-<number>.
    data
        The faces that they were trained with, where they have moved.
    json
        Print what came of it, as mien runs --json has it.
    """
    faces = mien.load(data) if data else None
    print_run(mien.average(runs, out, faces=faces), json)
