"""How right finished runs are together: the mean of their probabilities, for each of them and each set of them.

    python bench/teachers.py runs/trunk-0 runs/trunk-1 --data fer2013.csv --tta flip

For choosing teachers: a student can hope for little more than what they say together. Figures are of the validation
part.
"""

import argparse
from itertools import combinations

import numpy as np
import torch

import mien
from mien.core.images import VAL
from mien.core.shipped import opened
from mien.data.splits import split
from mien.training import quick
from mien.training.evaluate import laid_out, network_of, predict
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
    found = {}
    for name in asked.runs:
        network = laid_out(network_of(opened(name), torch.device("cpu")), machine.device).eval()
        network = network if machine.why_torch else quick.use(network)
        found[name] = predict(
            network, faces, machine, part=VAL, run=name, tta=checked(asked.tta)
        ).probs.astype(np.float64)
    for count in range(1, len(found) + 1):
        for names in combinations(found, count):
            together = np.mean([found[name] for name in names], axis=0)
            right = float((together.argmax(axis=1) == faces.labels).mean())
            loss = float(-np.log(together[np.arange(len(faces)), faces.labels]).mean())
            print(f"{100 * right:6.2f} %  log-loss {loss:.4f}  {' + '.join(names)}")


if __name__ == "__main__":
    main()
