"""A run's network under every corruption of the frozen set, on faces that it did not learn from."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from mien.analysis.stressed import Sample, Stress, stressed
from mien.core.errors import ConfigError
from mien.core.images import VAL, Ints, LabelledImages, Parts
from mien.core.predictions import Predictions
from mien.core.rundir import STRESS, RunDir
from mien.core.shipped import opened
from mien.data.corruptions import CORRUPTIONS, FROZEN, SET, STRENGTHS, corrupted, set_digest
from mien.data.of_run import training_parts
from mien.training.evaluate import check_fits, faces_of, network_of, predict
from mien.training.machine import Machine

FACES = 1000


def stress(
    run: RunDir | Path | str,
    faces: LabelledImages | Parts | None = None,
    *,
    part: str = VAL,
    count: int = FACES,
    seed: int = 0,
    save: bool = True,
    progress: Callable[[str], object] = str,
) -> Stress:
    """Accuracy, log-loss and calibration of a run under fourteen corruptions at five strengths each.

    faces     other faces, or other data in parts, in place of the data that the run names
    count     how many faces of the part are measured, chosen by the seed; 0 or more than it has: all of them
    seed      decides which faces, and the random numbers of every corruption
    save      write stress.json into the run, once it is finished (the weights of others still change)
    progress  called with the name of each corruption before it is measured; by default nothing is told

    Raises ConfigError where the faces' classes or size differ from the run's, or count is below 0; DataError where
    the part is missing or no clean face is named right.
    """
    run = opened(run)
    if count < 0:
        raise ConfigError(f"faces: expected 0 (all) or more, got {count}")
    whole = faces_of(training_parts(run) if faces is None else faces, part)
    check_fits(run.environment, whole, run.name)
    rows = sampled(len(whole), count, seed)
    sample = whole.select(rows)
    predicted = _predicting(run, part)
    clean = predicted(sample)
    found = {}
    for name in CORRUPTIONS:
        progress(name)
        found[name] = [predicted(_worse(sample, name, strength, seed, rows)) for strength in STRENGTHS]
    meaning = {name: (each.unit, each.amounts) for name, each in CORRUPTIONS.items()}
    result = stressed(run.name, _about(run, sample, part, len(whole), seed), clean, found, meaning)
    if save and run.finished:
        run.write_json(STRESS, result.to_dict())
    return result


def _predicting(run: RunDir, part: str) -> Callable[[LabelledImages], Predictions]:
    """What the run's network says of faces."""
    machine = Machine.chosen(replace(run.config, device="auto"))
    network = network_of(run, machine.device)
    return lambda faces: predict(network, faces, machine, part=part, run=run.name)


def _worse(faces: LabelledImages, name: str, strength: int, seed: int, rows: Ints) -> LabelledImages:
    return replace(faces, pixels=corrupted(faces.pixels, name, strength, seed=seed, rows=rows))


def sampled(of: int, count: int, seed: int) -> Ints:
    """Rows of so many faces by lot, rising; all of them where 0 or more than there are is asked for.

    >>> sampled(5, 0, seed=0).tolist(), len(sampled(500, 20, seed=1))
    ([0, 1, 2, 3, 4], 20)
    """
    if count == 0 or count >= of:
        return np.arange(of)
    return np.sort(np.random.default_rng(seed).choice(of, count, replace=False))


def _about(run: RunDir, sample: LabelledImages, part: str, of: int, seed: int) -> Sample:
    return Sample(
        part=part,
        faces=len(sample),
        of=of,
        seed=seed,
        digest=sample.digest,
        name=SET,
        set_digest=set_digest(),
        as_frozen=set_digest() == FROZEN,
        weights=run.weights_digest,
    )
