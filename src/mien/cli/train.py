"""`mien train`: train a network on labelled faces, or go on with a run."""

import shlex
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import mien
from mien.cli._config_flags import with_flags_of
from mien.cli._figures import print_json, print_run
from mien.cli._together import SharedCommand, together
from mien.core import spec
from mien.core.config import NO_AUGMENTATION, Augmentation, TrainConfig
from mien.core.errors import ConfigError
from mien.core.folds import Folds
from mien.core.rundir import RunDir
from mien.core.shipped import opened
from mien.core.teachers import known


@with_flags_of(TrainConfig, Augmentation)
def train(
    data: str | None = None,
    *,
    recipe: str = "default",
    out: Path | None = None,
    resume: Path | None = None,
    folds: int | None = None,
    augment: bool = True,
    init: str | None = None,
    json: bool = False,
    **flags: Any,
) -> None:
    """Train a network on labelled faces; keep the best epoch by validation, and predict the held-out parts.

    Without data it trains on drawn faces. Each epoch is on disk before the next begins: what was interrupted goes
    on with --resume, to the same end. --model takes a network's own choices too: cnn:pool=max,dropout=none.

    With --folds 5 it trains five networks, each without a fifth of the faces (identical and nearly identical pictures
    together), and joins what the last epoch of each says of its fifth: mien audit --run takes that folder. All faces
    but the data's own test part are shared out. The same command goes on with what was interrupted.

    Under torchrun several processes share every batch, to the same result: torchrun --nproc-per-node 2 -m mien train.

    Parameters
    ----------
    data
        fer2013.csv, icml_face_data.csv, a folder of pictures, Parquet, npz, or "drawn".
    recipe
        "default", good for FER2013; "fast", the most for little time, "trunk", long and strong, both for the network
        trunk; or "report", as plain as the founding report's. Other flags change single choices.
    out
        The run's directory, which must not exist; by default the next free runs/<model>-<number>.
    resume
        Go on with this run as it was configured; with data where its data has moved.
    folds
        Train so many networks, each on the other folds; --out, by default runs/<model>-folds-<number>, holds them all.
    augment
        Vary the training faces; --flip, --shift, --rotation, --scale, --light, --sharpness and --erase say how.
    init
        Begin with the weights of this finished run, or of a network that comes with mien, in place of random ones; the
        network is that run's, unless --model names one of the same shape.
    json
        Print what came of it, as mien runs --json has it, or what folds.json says.
    """
    with together() as here:
        if resume is None and folds is not None:
            here.refuse("--folds")
            run = _folds(config_of(data, recipe, augment, flags, init), folds, out)
        elif resume is None:
            run = trained(config_of(data, recipe, augment, flags, init), out, here)
        elif flags or out or init or folds is not None or recipe != "default" or not augment:
            raise ConfigError(
                f"--resume {resume} goes on as the run was configured; leave out all else but the data"
            )
        else:
            run = _resumed(resume, data, here)
    if json and folds is not None:
        print_json({"path": str(run.path), **Folds(run.path).about})
    elif here.processes.is_first:
        print_run(run, json)


def trained(config: TrainConfig, out: Path | None, here: SharedCommand) -> RunDir:
    """A new run, by default the next free one, shown as it is trained."""
    from mien.cli._train_progress import Shown, interruptible

    path = here.run = here.processes.first(lambda: out or RunDir.next_free(Path("runs"), config.model))
    return interruptible(path, Shown(), lambda shown: mien.train(config, out=path, progress=shown))


def _resumed(path: Path, data: str | None, here: SharedCommand) -> RunDir:
    """A run gone on with, on data that has moved where it is named."""
    from mien.cli._train_progress import Shown, interruptible

    here.run = path
    skip_bad = here.processes.first(lambda: RunDir.open(path).config).skip_bad
    faces = here.processes.everyone(lambda: mien.load(data, skip_bad=skip_bad) if data else None)
    return interruptible(path, Shown(), lambda shown: mien.resume(path, faces, progress=shown))


def _folds(config: TrainConfig, folds: int, out: Path | None) -> RunDir:
    """The folder of all folds; Ctrl-C ends the process cleanly, with the same command to go on."""
    from mien.cli._folds_progress import ShownFolds
    from mien.cli._train_progress import interruptible
    from mien.training.folds import train_folds

    shown = ShownFolds()

    def work(_: object) -> RunDir:
        return train_folds(config, folds=folds, out=out, progress=shown).folder

    return interruptible(out or Path("runs"), shown, work, go_on=shlex.join(["mien", *sys.argv[1:]]))


def config_of(
    data: str | None, recipe: str, augment: bool, flags: dict[str, Any], init: str | None = None
) -> TrainConfig:
    """The recipe with what the user gave in place of its choices, and the network of the run that it begins with."""
    base: TrainConfig = mien.recipe(recipe)
    given = {name: value for name, value in flags.items() if value is not None}
    varied = {one.name: given.pop(one.name) for one in fields(Augmentation) if one.name in given}
    if varied and not augment:
        raise ConfigError(f"--no-augment and --{next(iter(varied))} exclude each other")
    how = replace(base.augmentation, **varied) if augment else NO_AUGMENTATION
    if "model" in given:
        given["model"], given["options"] = spec.parse(given["model"])
    if init is not None:
        given = _network_of(init) | given
    return replace(base, data=data or base.data, augmentation=how, **given)


def _network_of(init: str) -> dict[str, Any]:
    """What a config says of the network of a finished run, and that it begins with that run's weights."""
    found = opened(init).config
    same = {name: getattr(found, name) for name in ("model", "options", "match")}
    return same | {"init": known(init)}
