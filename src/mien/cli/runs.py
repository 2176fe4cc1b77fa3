"""`mien runs`: what has been trained."""

import sys
from pathlib import Path

import mien
from mien.cli._figures import print_json, print_table, share, show
from mien.core.errors import MienError
from mien.core.runsummary import RunSummary, summary

COLUMNS = ("run", "model", "data", "epochs", "best", "accuracy", "loss", "s/epoch")


def runs(folder: Path = Path("runs"), *, json: bool = False) -> None:
    """List the runs in a folder: network, data, how far, and the best epoch by validation.

    Parameters
    ----------
    folder
        Where the runs' directories lie.
    json
        Print JSON instead of a table.
    """
    found = _readable(folder)
    if json:
        print_json([one.to_dict() for one in found])
    elif found:
        print_table(
            "accuracy and loss of the best epoch on validation", COLUMNS, [_row(one) for one in found]
        )
    else:
        show(f"no runs in {folder}; mien train makes one")


def _row(one: RunSummary) -> tuple[str, ...]:
    best = one.best
    figures = (str(best.epoch), share(best.val_accuracy), f"{best.val_loss:.3f}") if best else ("", "", "")
    return (
        one.name,
        one.model,
        one.data,
        str(one.epochs) if one.state == "finished" else f"{one.epochs_done} of {one.epochs}",
        *figures,
        f"{one.seconds_per_epoch:.1f}",
    )


def _readable(folder: Path) -> list[RunSummary]:
    """The runs that can be read; the others are named on standard error."""
    found = []
    for run in mien.RunDir.all_below(folder):
        try:
            found.append(summary(run))
        except MienError as error:
            print(f"left out: {run.path}: {error}", file=sys.stderr)
    return found
