"""The faces that a run was trained with, read again and split in the same way; needs no torch."""

from mien.core.config import TrainConfig
from mien.core.errors import RunError
from mien.core.images import LabelledImages, Parts
from mien.core.rundir import RunDir
from mien.data.load import read
from mien.data.splits import split


def training_parts(run: RunDir, faces: LabelledImages | None = None) -> Parts:
    """The parts of the data that a run was trained with, read again, or these faces split in the same way.

    Raises RunError where the data that its config names is not what it was trained on.
    """
    parts, _ = read_parts(run.config, faces)
    if faces is None:
        check_same_data(run, parts)
    return parts


def read_parts(config: TrainConfig, faces: LabelledImages | None = None) -> tuple[Parts, int]:
    """Faces, or else what the config names, in the parts that it names; and how many bad places were left out."""
    left_out = 0
    if faces is None:
        loaded = read(config.data, skip_bad=config.skip_bad)
        faces, left_out = loaded.faces, loaded.bad.total
    return split(faces, config.split, seed=config.seed), left_out


def check_same_data(run: RunDir, parts: Parts) -> None:
    """RunError where a part of the data is not the one that the run was trained with."""
    for name, digest in run.environment["digest"].items():
        if parts[name].digest != digest:
            raise RunError(
                f"run {run.path}: the {name} faces of {parts.train.source} are not those that it was trained with; "
                "name the right data, or train anew"
            )
