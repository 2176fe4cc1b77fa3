"""Finished runs that another run builds on, known again by the digest of their weights."""

from collections.abc import Iterable
from pathlib import Path

from mien.core.config import Distillation, KnownRun
from mien.core.errors import RunError
from mien.core.rundir import RunDir
from mien.core.shipped import opened


def taught_by(
    runs: Iterable[RunDir | Path | str], *, alpha: float = 0.9, temperature: float = 2.0
) -> Distillation:
    """These finished runs as teachers, for TrainConfig(distillation=...); networks that come with mien go by name.

    Raises RunError where one is not a run or not finished, ConfigError where a share or a temperature is impossible.
    """
    return Distillation(teachers=tuple(map(known, runs)), alpha=alpha, temperature=temperature)


def run_of(run: KnownRun) -> RunDir:
    """That run; RunError where it is missing or its weights are others than they were."""
    found = opened(run.path)
    if found.weights_digest != run.digest:
        raise RunError(
            f"{run.path}: its weights are not those that the run which builds on them began with; "
            "put them back, or train anew"
        )
    return found


def known(run: RunDir | Path | str) -> KnownRun:
    """This finished run, or network that comes with mien, for TrainConfig(init=...); RunError where it is neither."""
    found = opened(run)
    if len(found.history) < found.config.epochs:
        raise RunError(
            f"{found.path} is not finished: {len(found.history)} of {found.config.epochs} epochs are done; "
            f"go on with: mien train --resume {found.path}"
        )
    # as it was given: a run that moves to another machine with those that it builds on finds them where they were
    return KnownRun(path=str(run.path if isinstance(run, RunDir) else run), digest=found.weights_digest)
