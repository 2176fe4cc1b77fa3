"""How right finished runs are together: the mean of their probabilities, for each of them and each set of them.

    python bench/teachers.py runs/trunk-0 runs/trunk-1 --data fer2013.csv --tta flip

For choosing teachers: a student can hope for little more than what they say together. Figures are of the validation
part.
"""

import argparse
from itertools import combinations

import numpy as np

import mien
from mien.analysis.metrics import log_loss
from mien.core.images import VAL
from mien.core.teachers import taught_by
from mien.data.splits import split
from mien.training.distil import networks
from mien.training.evaluate import predict
from mien.training.machine import Machine
from mien.training.views import checked


def main() -> None:
    """Print a line a set, the smallest sets first."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", help="finished runs, or names of networks that come with mien")
    parser.add_argument("--data", required=True)
    parser.add_argument("--tta", default="flip", help="none, flip or flip+shift")
    asked = parser.parse_args()
    faces = split(mien.load(asked.data)).val
    machine = Machine.chosen(mien.recipe("trunk", precision="float32")).with_layers("auto")
    said = {
        name: predict(network, faces, machine, part=VAL, run=name, tta=checked(asked.tta)).probs
        for name, network in zip(
            asked.runs, networks(taught_by(asked.runs).teachers, faces, machine), strict=True
        )
    }
    for count in range(1, len(said) + 1):
        for names in combinations(said, count):
            together = np.mean([said[name] for name in names], axis=0)
            right = float((together.argmax(axis=1) == faces.labels).mean())
            print(
                f"{100 * right:6.2f} %  log-loss {log_loss(together, faces.labels):.4f}  {' + '.join(names)}"
            )


if __name__ == "__main__":
    main()
