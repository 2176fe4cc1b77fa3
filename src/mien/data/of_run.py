"""The faces that a run was trained with, read again and split in the same way; needs no torch."""

from dataclasses import dataclass, replace
from pathlib import Path

from mien.core.config import TrainConfig
from mien.core.errors import RunError
from mien.core.images import LabelledImages, Parts
from mien.core.left_out import LeftOut
from mien.core.rundir import WITHOUT, RunDir
from mien.data.fold_parts import fold_parts, is_fold
from mien.data.load import read
from mien.data.splits import split


@dataclass(frozen=True, kw_only=True)
class PartsRead:
    """The parts that a config names.

    bad      places of the data that could not be read and were left out
    without  who is left out of the training part, or None
    missed   how many faces of the training part that were
    """

    parts: Parts
    bad: int
    without: LeftOut | None = None
    missed: int = 0


def training_parts(
    run: RunDir, faces: LabelledImages | None = None, *, naming: LeftOut | None = None
) -> Parts:
    """The parts of the data that a run was trained with, read again, or these faces split in the same way.

    Of other faces than the run's own none is left out for being a suspect: their ids mean other pictures.

    naming  faces that are to be left out of a measurement, and must be among the data

    Raises RunError where the data that its config names is not what it was trained on.
    """
    is_own = faces is None
    faces = read(run.config.data, skip_bad=run.config.skip_bad).faces if faces is None else faces
    if naming is not None:
        naming.check_known(faces)
    if is_own:
        return own_parts(run, faces)
    whole = _split(run.config, faces, run.path)
    if run.config.without is None:
        return whole
    own = _trained_without(whole, _left_out(run.config, run.path))
    return own if own.train.digest == run.environment["digest"]["train"] else whole


def own_parts(run: RunDir, faces: LabelledImages | None = None) -> Parts:
    """The parts of the very data that a run was trained with: these faces, or else what its config names.

    Raises RunError where they are not what it was trained on.
    """
    parts = parts_of(run.config, faces, run.path).parts
    check_same_data(run, parts)
    return parts


def parts_of(config: TrainConfig, faces: LabelledImages | None = None, run: Path | None = None) -> PartsRead:
    """Faces, or else what the config names, in the parts that it names, without the suspects that it leaves out.

    run  the directory of the run, whose own copy of the suspects counts once it has one

    Raises DataError where a suspect is not among the faces.
    """
    bad = 0
    if faces is None:
        loaded = read(config.data, skip_bad=config.skip_bad)
        faces, bad = loaded.faces, loaded.bad.total
    whole = _split(config, faces, run)
    if config.without is None:
        return PartsRead(parts=whole, bad=bad)
    without = _left_out(config, run)
    without.check_known(faces)
    parts = _trained_without(whole, without)
    return PartsRead(parts=parts, bad=bad, without=without, missed=len(whole.train) - len(parts.train))


def _split(config: TrainConfig, faces: LabelledImages, run: Path | None) -> Parts:
    if is_fold(config.split):
        return fold_parts(faces, config.split, run)
    return split(faces, config.split, seed=config.seed)


def _left_out(config: TrainConfig, run: Path | None) -> LeftOut:
    """From the run's own copy of the suspects where there is one: the file itself may have been replaced since."""
    kept = run is not None and RunDir(run).has(WITHOUT)
    return LeftOut.read(run / WITHOUT if run and kept else str(config.without), config.without_reasons)


def _trained_without(parts: Parts, without: LeftOut) -> Parts:
    """The training part alone gets smaller, so that runs with and without suspects are measured on the same faces."""
    return replace(parts, train=parts.train.select(~without.among(parts.train.ids)))


def check_same_data(run: RunDir, parts: Parts) -> None:
    """RunError where a part of the data is not the one that the run was trained with."""
    for name, digest in run.environment["digest"].items():
        if parts[name].digest != digest:
            raise RunError(
                f"run {run.path}: the {name} faces of {parts.train.source} are not those that it was trained with; "
                "name the right data, or train anew"
            )
