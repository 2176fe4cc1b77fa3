"""`mien join`: the networks of finished runs side by side as one."""

from pathlib import Path

import mien
from mien.cli._figures import print_run
from mien.core.config import EQUAL


def join(
    *runs: str, shares: str = EQUAL, out: Path | None = None, data: str | None = None, json: bool = False
) -> None:
    """Join the networks of finished runs, trained on the same faces, to one that averages their logits.

    Nothing is trained. Networks that differ in their shape or their --seed are right together more often than each of
    them, at the cost of all of them. (With --split random the seed decides which faces train, and must be the same.)

    Parameters
    ----------
    runs
        Directories of two finished runs or more, of any networks but ensembles; names of networks that come with mien.
    shares
        Of each in the mean: equal, fitted (by the log-loss on the validation faces), or numbers, such as 0.6/0.4.
    out
        The new run's directory, which must not exist; by default the next free runs/<model>-<number>.
    data
        The faces that they were trained with, where they have moved.
    json
        Print what came of it, as mien runs --json has it.
    """
    faces = mien.load(data) if data else None
    print_run(mien.join(runs, out, faces=faces, shares=shares), json)
