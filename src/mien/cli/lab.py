"""`mien lab`: the founding report's main job, from labelled faces to both networks trained and measured."""

import sys
from pathlib import Path

import mien
from mien.cli._figures import print_table, share
from mien.core.config import TrainConfig
from mien.core.images import LabelledImages
from mien.core.rundir import RunDir
from mien.core.runsummary import summary

NETWORKS = ("cnn", "dnn")
COLUMNS = ("network", "parameters", "accuracy", "95 % interval", "F1", "log-loss", "s/epoch", "best")


def lab(
    data: str = "drawn:count=5000",
    *,
    recipe: str = "report",
    epochs: int = 12,
    batch_size: int = 64,
    seed: int = 0,
    out: Path | None = None,
) -> None:
    """Train the report's CNN and the DNN of the same size on the same faces, and measure both.

    Parameters
    ----------
    data
        Labelled faces as `mien train` takes them; drawn ones by default.
    recipe
        "report", as plain as the founding report's, or "default", which needs more epochs and ends higher.
    epochs
        Passes over the training faces; 60 or more for FER2013.
    batch_size
        Faces per step.
    seed
        Of everything random.
    out
        Folder of the two runs, which must not exist; by default the next free runs/lab-<number>.
    """
    folder = out or RunDir.next_free(Path("runs"), "lab")
    faces = mien.load(data)
    found = [
        _trained(
            mien.recipe(recipe, data=data, model=name, epochs=epochs, batch_size=batch_size, seed=seed),
            faces,
            folder / name,
        )
        for name in NETWORKS
    ]
    print_table("validation accuracy and macro-F1 of the best epoch", COLUMNS, [_row(run) for run in found])
    print(f"\nruns: {folder}")


def _trained(config: TrainConfig, faces: LabelledImages, path: Path) -> RunDir:
    from mien.cli._train_progress import Shown, interruptible

    run = interruptible(path, Shown(), lambda shown: mien.train(config, faces, out=path, progress=shown))
    print(file=sys.stderr)
    return run


def _row(run: RunDir) -> tuple[str, ...]:
    measured, seen = mien.evaluation(run.predictions("val")), summary(run)
    low, high = measured.interval
    return (
        run.name,
        f"{seen.parameters:,}",
        share(measured.accuracy),
        f"{100 * low:.1f} to {100 * high:.1f}",
        f"{measured.macro_f1:.3f}",
        f"{measured.log_loss:.3f}",
        f"{seen.seconds_per_epoch:.1f}",
        str(run.history.best.epoch),
    )
