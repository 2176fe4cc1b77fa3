"""Out-of-fold predictions: as many networks as folds, each of which is asked about the faces that it did not see."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from mien import __version__
from mien.analysis.duplicates import redundant
from mien.analysis.folds import fold_of_each
from mien.analysis.same_pictures import same_pictures
from mien.core.config import Augmentation, TrainConfig
from mien.core.errors import ConfigError, RunError
from mien.core.folds import OUT_OF_FOLD, Folds
from mien.core.images import VAL, LabelledImages
from mien.core.predictions import Predictions
from mien.core.rundir import CONFIG, FOLD_OF, FOLDS_ABOUT, LOCK, TEMPORARY, RunDir
from mien.data.fold_parts import fold_parts, fold_split, foldable, folds_csv
from mien.data.load import read
from mien.data.splits import OFFICIAL
from mien.models import registry
from mien.training.evaluate import network_of, predict
from mien.training.fit import RUNS, resume, train
from mien.training.machine import Machine
from mien.training.progress import Progress
from mien.training.views import TestTime

# What the last epoch says of a fold, over the views that training has shown it; val is what the best epoch on it says.
LAST = "val-last"


class FoldsProgress(Progress):
    """Hears of every fold too, and shows nothing."""

    def shared_out(self, about: dict[str, Any], bad: int) -> None:
        """The faces have their folds: what folds.json says of them, and how many bad places were left out."""

    def fold(self, number: int, folds: int) -> None:
        """A fold begins, goes on, or is found finished."""

    def judged(self, number: int, accuracy: float) -> None:
        """The last epoch's accuracy on the faces that a fold held out."""


def train_folds(
    config: TrainConfig,
    faces: LabelledImages | None = None,
    *,
    folds: int = 5,
    out: Path | str | None = None,
    progress: FoldsProgress | None = None,
) -> Folds:
    """Train a network for each fold on the other folds, and join what each says of the faces that it did not see.

    All faces but the data's own test part are shared out, each class evenly, identical and nearly identical pictures
    together. A fold is predicted by its last epoch: the best one is chosen by the very labels that are in doubt. Where
    training mirrors and moves the faces, probabilities are averaged over such views, by which far more wrong labels are
    found (docs/audit.md).
    Folds are ordinary runs <out>/fold-1 and so on; what was interrupted goes on when it is asked for again.

    faces  in place of what config.data names, which is then only told
    out    by default the unfinished runs/<model>-folds-<number> of the same choices and faces, or the next free one

    Raises ConfigError for choices that make no sense, DataError where faces cannot be read, RunError where `out` holds
    something else.
    """
    _check(config, folds)
    bad = 0
    if faces is None:
        loaded = read(config.data, skip_bad=config.skip_bad)
        faces, bad = loaded.faces, loaded.bad.total
    told = progress or FoldsProgress()
    wanted = _Wanted(config, folds, foldable(faces))
    begun = _begun(Path(out) if out else _default(wanted), wanted)
    with begun.folder.locked():
        told.shared_out(begun.about, bad)
        return begun if begun.finished else _finish(begun, wanted, faces, told)


def _check(config: TrainConfig, folds: int) -> None:
    """What can be refused before anything is read."""
    registry.options(config.model, config.options, match=config.match)
    if folds < 2:
        raise ConfigError(f"folds: expected from 2 to the number of different faces, got {folds}")
    if config.split != OFFICIAL:
        raise ConfigError(f"--split {config.split}: folds are their own split; leave it out")


@dataclass(frozen=True)
class _Wanted:
    """What is asked for; faces are those that are shared out."""

    config: TrainConfig
    folds: int
    faces: LabelledImages

    def about(self) -> dict[str, Any]:
        """What tells these folds from others, as folds.json keeps it."""
        values: dict[str, Any] = {
            "folds": self.folds,
            "epoch": self.config.epochs,
            "views": views_of(self.config.augmentation),
            "data": {"source": self.faces.source, "faces": len(self.faces), "digest": self.faces.digest},
            "config": asdict(self.config),
        }
        return values

    def other_than(self, about: dict[str, Any]) -> tuple[str, Any, Any] | None:
        """The first choice that other folds made differently: its name, theirs, ours."""
        if about["folds"] != self.folds:
            return "folds", about["folds"], self.folds
        theirs = TrainConfig.from_json(json.dumps(about["config"]))
        for one in fields(TrainConfig):
            pair = getattr(theirs, one.name), getattr(self.config, one.name)
            if pair[0] != pair[1]:
                return one.name, *pair
        digests = about["data"]["digest"], self.faces.digest
        return None if digests[0] == digests[1] else ("faces of digest", digests[0][:12], digests[1][:12])


def _default(wanted: _Wanted) -> Path:
    """The folder of unfinished folds of the same choices and faces, or a new one."""
    name = f"{wanted.config.model}-folds"
    for path in sorted(RUNS.glob(f"{name}-*"), reverse=True):
        if Folds.there(path) and not Folds(path).finished and not wanted.other_than(Folds(path).about):
            return path
    return RunDir.next_free(RUNS, name)


def _begun(path: Path, wanted: _Wanted) -> Folds:
    """The folder with its folds.csv and folds.json, made or found; RunError where it holds something else.

    Where nothing was trained yet, as choices turned out to be wrong, it may be taken for others.
    """
    if Folds.there(path) and any(path.glob(f"*/{CONFIG}")):
        other = wanted.other_than(Folds(path).about)
        if other:
            raise RunError(
                f"{path} holds folds with {other[0]} {other[1]}, not {other[2]}; give the same choices, or another "
                "--out"
            )
        return Folds(path)
    if path.is_file() or (path.is_dir() and any(_foreign(entry) for entry in path.iterdir())):
        raise RunError(f"{path} exists already and holds no folds; choose another --out")
    groups = same_pictures(wanted.faces.pixels)
    assigned = fold_of_each(groups, wanted.faces.labels, wanted.folds, seed=wanted.config.seed)
    return _written(Folds(path), wanted, groups, folds_csv(wanted.faces.ids, assigned).encode())


def _foreign(entry: Path) -> bool:
    """Whether it is not what is left of folds that were never trained."""
    return entry.name not in (FOLD_OF, FOLDS_ABOUT, LOCK) and entry.suffix != TEMPORARY


def _written(folds: Folds, wanted: _Wanted, groups: np.ndarray[Any, Any], table: bytes) -> Folds:
    """folds.csv, then folds.json, by which it is known that the folder is whole."""
    try:
        folds.path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{folds.path}: cannot be made ({error.strerror}); choose another --out") from error
    folds.folder.write(FOLD_OF, table)
    kept_together = {"groups": len(np.unique(groups)), "redundant": redundant(groups)}
    about = wanted.about() | {
        "mien": __version__,
        "same": kept_together,
        "assignment": sha256(table).hexdigest(),
    }
    folds.folder.write_json(FOLDS_ABOUT, about)
    return folds


def _finish(begun: Folds, wanted: _Wanted, faces: LabelledImages, told: FoldsProgress) -> Folds:
    """Train what is missing, ask each fold's last epoch, and join the answers."""
    found = []
    for number, run in enumerate(begun.runs, start=1):
        told.fold(number, wanted.folds)
        trained = _trained(run.path, _of_fold(wanted, number), faces, told)
        found.append(_last_epoch(trained, faces))
        told.judged(number, _accuracy(found[-1]))
    joined = _joined(found, wanted.faces, begun.folder.name)
    accuracies = {"all": _accuracy(joined), "folds": [_accuracy(one) for one in found]}
    begun.folder.write_json(FOLDS_ABOUT, begun.about | {"accuracy": accuracies})
    begun.folder.save_predictions(joined, OUT_OF_FOLD)
    return begun


def _of_fold(wanted: _Wanted, number: int) -> TrainConfig:
    """A fold's own choices: its parts, and the last epoch's weights kept."""
    config = wanted.config
    kept = (
        config.keep_every if config.keep_every and config.epochs % config.keep_every == 0 else config.epochs
    )
    return replace(config, split=fold_split(number, wanted.folds), keep_every=kept)


def _trained(path: Path, config: TrainConfig, faces: LabelledImages, told: Progress) -> RunDir:
    """A fold's finished run, trained, resumed, or as it was found; RunError where it is another run."""
    if not (path / CONFIG).exists():
        return train(config, faces, out=path, progress=told)
    run = RunDir.open(path)
    if run.config != config:
        raise RunError(f"{path} holds a run of other choices than the folds around it; move it away")
    return run if run.finished else resume(run, faces, progress=told)


def views_of(augmentation: Augmentation) -> TestTime:
    """The views that are averaged: those that training has shown.

    >>> views_of(Augmentation()), views_of(Augmentation(shift=0)), views_of(Augmentation(flip=False))
    ('flip+shift', 'flip', 'none')
    """
    if not augmentation.flip:
        return "none"
    return "flip+shift" if augmentation.shift > 0 else "flip"


def _last_epoch(run: RunDir, faces: LabelledImages) -> Predictions:
    """What the last epoch says of the faces that a run held out, asked once."""
    if not run.has_predictions(LAST):
        config = run.config
        machine = Machine.chosen(config)
        network = network_of(run, machine.device, run.epoch_weights(config.epochs))
        held_out = fold_parts(faces, config.split, run.path).val
        tta = views_of(config.augmentation)
        run.save_predictions(predict(network, held_out, machine, part=VAL, run=run.name, tta=tta), LAST)
    return run.predictions(LAST)


def _joined(found: Sequence[Predictions], faces: LabelledImages, name: str) -> Predictions:
    """All folds' predictions in the order of the faces; RunError where they are not of these faces, each once."""
    probs, labels, ids = (
        np.concatenate([getattr(one, field) for one in found]) for field in ("probs", "labels", "ids")
    )
    place = {face_id: row for row, face_id in enumerate(ids.tolist())}
    rows = [place.get(face_id, -1) for face_id in faces.ids.tolist()]
    if len(place) != len(ids) or -1 in rows or len(rows) != len(ids):
        raise RunError(
            f"{name}: the folds together do not predict each of the {len(faces):,} faces once; train anew"
        )
    return Predictions(
        probs=probs[rows],
        labels=labels[rows],
        ids=ids[rows],
        classes=faces.classes,
        split=OUT_OF_FOLD,
        run=name,
    )


def _accuracy(predictions: Predictions) -> float:
    return float(np.mean(predictions.predicted == predictions.labels))
