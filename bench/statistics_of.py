"""What BatchNorm's statistics should be measured on: accuracy of finished runs with those of training faces shown so.

    python bench/statistics_of.py runs/trunk-0 runs/trunk-1 --data fer2013.csv

"kept" are the run's own. Figures are of the validation part, with a mirror image (flip).
"""

import argparse
import copy
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch

import mien
from mien.analysis.metrics import log_loss
from mien.core.config import Augmentation
from mien.core.images import VAL
from mien.core.teachers import taught_by
from mien.data.splits import split
from mien.training import augment
from mien.training.batches import EVALUATION_BATCH, Faces
from mien.training.distil import networks
from mien.training.evaluate import predict
from mien.training.machine import Machine
from mien.training.statistics import measure, unvaried

COUNT = 4096
RECIPE = mien.recipe("trunk")
VARIED = replace(RECIPE.augmentation, erase=0.0)
SHOWN = {
    "kept": None,
    "as they are": None,
    "varied, bicubic": VARIED,
    "varied, bilinear": VARIED,
    "varied, bilinear, erased": RECIPE.augmentation,
}


def varied(faces: Faces, how: Augmentation) -> Iterator[torch.Tensor]:
    """COUNT faces, varied, as network input."""
    rows = np.arange(COUNT) * len(faces) // COUNT
    uniform = augment.numbers(0, 1, rows)
    for start in range(0, COUNT, EVALUATION_BATCH):
        some = slice(start, start + EVALUATION_BATCH)
        yield faces.varied(rows[some], uniform[some], how)


def main() -> None:
    """Print a line for each run and each way."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", help="finished runs")
    parser.add_argument("--data", required=True)
    asked = parser.parse_args()
    parts = split(mien.load(asked.data))
    machine = Machine.chosen(RECIPE).with_layers("auto")
    faces = Faces.of(parts.train, machine.device)
    teachers = taught_by(asked.runs).teachers
    for name, network in zip(asked.runs, networks(teachers, parts.val, machine), strict=True):
        for shown, how in SHOWN.items():
            mine = copy.deepcopy(network)
            augment.RESAMPLING = "bilinear" if "bilinear" in shown else "bicubic"
            if shown != "kept":
                measure(mine, varied(faces, how) if how else unvaried(faces, COUNT, mirrored=True), machine)
            probs = predict(mine, parts.val, machine, part=VAL, run=name, tta="flip").probs
            right = float((probs.argmax(axis=1) == parts.val.labels).mean())
            loss = log_loss(probs, parts.val.labels)
            print(f"{100 * right:6.2f} %  log-loss {loss:.4f}  {name}, {shown}", flush=True)


if __name__ == "__main__":
    main()
