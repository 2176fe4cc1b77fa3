"""Measure BatchNorm's statistics of a finished run anew on all its training faces, as they are, into a copy of the run.

    python scripts/measure_statistics.py runs/trunk-0 --data fer2013.csv --out runs/trunk-0-measured

For runs that were trained with --statistics 0, or before there were any: they kept the averages of varied faces.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from pieces import ended, read_faces

from mien.core.errors import RunError
from mien.core.rundir import CONFIG, COSTS, ENVIRONMENT, HISTORY, WEIGHTS, WITHOUT, RunDir
from mien.core.teachers import taught_by
from mien.data.of_run import check_same_data, parts_of
from mien.training.batches import Faces
from mien.training.checkpoint import weights_to_bytes
from mien.training.distil import networks
from mien.training.evaluate import predict_held_out
from mien.training.machine import Machine
from mien.training.statistics import measure, unvaried

KEPT = (CONFIG, ENVIRONMENT, COSTS, HISTORY, WITHOUT)  # all else belongs to the old statistics


def main() -> int:
    """The whole of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="directory of a finished run")
    parser.add_argument("--data", required=True, help="its data")
    parser.add_argument("--out", required=True, type=Path, help="directory of the new run, not there yet")
    asked = parser.parse_args()
    if asked.out.exists():
        raise RunError(f"{asked.out} is there already; choose another --out")
    run = RunDir.open(asked.run)
    parts = parts_of(run.config, read_faces(asked.data), run.path).parts
    check_same_data(run, parts)
    config = replace(run.config, statistics=len(parts.train))
    machine = Machine.chosen(replace(config, device="auto")).with_layers(config.layers)
    [network] = networks(taught_by([str(asked.run)]).teachers, parts.train, machine)
    faces = Faces.of(parts.train, machine.device)
    measure(network, unvaried(faces, len(faces), mirrored=config.augmentation.flip), machine)
    asked.out.mkdir(parents=True)
    new = RunDir(asked.out)
    for name in filter(run.has, KEPT):
        new.write(name, config.to_json().encode() if name == CONFIG else run.read(name))
    new.write(WEIGHTS, weights_to_bytes(network, {"epoch": run.history.best.epoch, "model": config.model}))
    predict_held_out(new, network, parts, machine)
    return 0


if __name__ == "__main__":
    ended(main)
