"""Measure BatchNorm's statistics of a finished run anew on all its training faces, as they are; writes another run.

    python scripts/measure_statistics.py runs/trunk-0 --data fer2013.csv --out runs/trunk-0-measured

For runs of versions before 0.2, which kept the running averages of varied faces.
"""

import argparse
import shutil
from dataclasses import replace
from pathlib import Path

from pieces import ended, read_faces

from mien.core.rundir import WEIGHTS, RunDir
from mien.data.splits import split
from mien.training.batches import Faces
from mien.training.checkpoint import weights_to_bytes
from mien.training.evaluate import network_of
from mien.training.machine import Machine
from mien.training.statistics import measure


LEFT = ("predictions", "last.safetensors", "network.onnx", "card.*")  # what belongs to the old statistics


def main() -> int:
    """The whole of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="directory of a finished run")
    parser.add_argument("--data", required=True, help="its data")
    parser.add_argument("--out", required=True, type=Path, help="directory of the new run, not there yet")
    asked = parser.parse_args()
    run = RunDir.open(asked.run)
    machine = Machine.chosen(replace(run.config, device="auto"))
    network, faces = network_of(run, machine.device), split(read_faces(asked.data)).train
    measure(
        network,
        Faces.of(faces, machine.device),
        machine,
        count=len(faces),
        mirrored=run.config.augmentation.flip,
    )
    shutil.copytree(asked.run, asked.out, ignore=shutil.ignore_patterns(*LEFT))
    RunDir.open(asked.out).write(
        WEIGHTS, weights_to_bytes(network, {"epoch": run.history.best.epoch, "model": run.config.model})
    )
    return 0


if __name__ == "__main__":
    ended(main)
