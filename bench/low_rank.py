"""What a finished trunk loses where some of its layers get fewer filters, before any training makes up for it.

    python bench/low_rank.py runs/trunk-0 0/0/112/80 0/0/64/48 --data fer2013.csv

For choosing ranks. A line for the run and each set of ranks; figures are of the validation part, with the mirror image.
"""

import argparse
from dataclasses import replace

import torch

import mien
from mien.analysis.metrics import evaluation
from mien.core.images import VAL
from mien.core.shipped import opened
from mien.core.teachers import known
from mien.data.splits import split
from mien.models._blocks import count_parameters
from mien.training import statistics
from mien.training.batches import Faces
from mien.training.begin import first_network
from mien.training.evaluate import laid_out, predict
from mien.training.machine import Machine


def main() -> None:
    """Print a line for the run as it is, and one for each set of ranks."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", help="a finished run of trunk or pocket")
    parser.add_argument("ranks", nargs="+", help="of each stage and the last convolution, such as 0/0/112/80")
    parser.add_argument("--data", required=True)
    asked = parser.parse_args()
    parts = split(mien.load(asked.data))
    run = opened(asked.run)
    config = replace(run.config, init=known(asked.run), precision="float32", device="cpu")
    machine = Machine.chosen(config)
    faces = Faces.of(parts.train, torch.device("cpu"))
    for ranks in ("", *asked.ranks):
        options = config.options | ({"ranks": ranks} if ranks else {})
        network = laid_out(first_network(replace(config, options=options), parts.train), machine.device)
        seen = statistics.unvaried(faces, 4096, mirrored=config.augmentation.flip)
        statistics.measure(network, seen, machine)
        found = evaluation(predict(network, parts.val, machine, part=VAL, run=run.name, tta="flip"))
        print(
            f"{ranks or 'as it is':<16} {count_parameters(network).with_statistics:>9,} parameters  "
            f"{100 * found.accuracy:.2f} %  log-loss {found.log_loss:.4f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
