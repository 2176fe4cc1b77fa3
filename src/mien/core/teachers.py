"""Finished runs as teachers of another run, known again by the digest of their weights."""

from collections.abc import Iterable
from pathlib import Path

from mien.core.config import Distillation, Teacher
from mien.core.errors import RunError
from mien.core.rundir import RunDir
from mien.core.shipped import opened


def taught_by(
    runs: Iterable[RunDir | Path | str], *, alpha: float = 0.9, temperature: float = 2.0
) -> Distillation:
    """These finished runs as teachers, for TrainConfig(distillation=...); networks that come with mien go by name.

    Raises RunError where one is not a run or not finished, ConfigError where a share or a temperature is impossible.
    """
    return Distillation(teachers=tuple(map(_teacher, runs)), alpha=alpha, temperature=temperature)


def run_of(teacher: Teacher) -> RunDir:
    """The run of a teacher; RunError where it is missing or its weights are others than they were."""
    run = opened(teacher.path)
    if run.weights_digest != teacher.digest:
        raise RunError(
            f"teacher {teacher.path}: its weights are not those that the student began with; "
            "put them back, or train a student anew"
        )
    return run


def _teacher(run: RunDir | Path | str) -> Teacher:
    found = opened(run)
    if len(found.history) < found.config.epochs:
        raise RunError(
            f"{found.path} cannot teach yet: {len(found.history)} of {found.config.epochs} epochs are done; "
            f"go on with: mien train --resume {found.path}"
        )
    # as it was given: a student that moves to another machine with its teachers finds them where they were
    return Teacher(path=str(run.path if isinstance(run, RunDir) else run), digest=found.weights_digest)
