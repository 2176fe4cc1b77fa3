"""What the lab asks of its CNN beyond its predictions: how it stands corruptions, and what it looks at."""

import sys

import mien
from mien.core.errors import MienError
from mien.core.images import Parts
from mien.core.rundir import EXPLANATION, STRESS, RunDir

# 71 passes over so many faces take about 25 s for the report's CNN on two cores, as 1,000 took 94 s.
STRESS_FACES = 250


def examine(run: RunDir, parts: Parts) -> None:
    """Keep stress.json and explain.json in a finished run, where they are not there yet.

    What cannot be measured is said and left out: it must not cost the report of hours of training.
    """
    for name, file, measure in (("stress", STRESS, _stress), ("explain", EXPLANATION, _explain)):
        if run.has(file):
            continue
        try:
            measure(run, parts)
        except MienError as error:
            print(f"{name}   left out: {error}", file=sys.stderr)


def _stress(run: RunDir, parts: Parts) -> None:
    mien.stress(run, parts, count=STRESS_FACES, progress=lambda kind: _tell("stress", kind))


def _explain(run: RunDir, parts: Parts) -> None:
    mien.explain(run, parts, progress=lambda step: _tell("explain", step))


def _tell(name: str, step: str) -> None:
    print(f"{name}   {step}", file=sys.stderr, flush=True)
