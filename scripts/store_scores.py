"""Ask teachers once what they say of so many views of every training face, in pieces; students then need no teacher.

    python scripts/store_scores.py --data fer2013.csv --teachers runs/trunk-0 runs/trunk-1 --views 32 --out scores

Exit code 3: the minutes are over and views are missing; the same command goes on. The views are those of the recipe
`trunk`. It takes 2 bytes a teacher, view, face and class: 13 MB for one teacher and 32 views of FER2013.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from pieces import UNFINISHED, Minutes, ended, read_faces

import mien
from mien.core.teachers import taught_by
from mien.data.splits import split
from mien.training.distil import networks
from mien.training.machine import Machine
from mien.training.stored import describe, make


def main() -> int:
    """One piece."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", required=True, help="folder of PNG sheets and labels.csv, or what mien reads"
    )
    parser.add_argument("--teachers", nargs="+", required=True, help="directories of finished runs")
    parser.add_argument("--out", required=True, type=Path, help="folder of the scores")
    parser.add_argument("--views", type=int, default=32, help="of each face (default 32)")
    parser.add_argument("--seed", type=int, default=0, help="that the views follow from")
    parser.add_argument("--minutes", type=float, default=9.0, help="of this piece (default 9)")
    parser.add_argument("--threads", type=int, default=0, help="of the processor; 0: as torch chooses")
    asked = parser.parse_args()
    minutes = Minutes(asked.minutes)
    config = replace(mien.recipe("trunk"), threads=asked.threads)
    train, how = split(read_faces(asked.data)).train, taught_by(asked.teachers)
    machine = Machine.chosen(config).with_layers(config.layers)
    about = describe(how, config.augmentation, train, views=asked.views, seed=asked.seed)
    missing = make(
        asked.out,
        about,
        networks(how.teachers, train, machine),
        config.augmentation,
        train,
        machine,
        enough=minutes.over,
    )
    if missing:
        print(f"{missing} of {asked.views} views are missing; the same command goes on")
        return UNFINISHED
    print(f"finished: {asked.views} views in {asked.out}")
    return 0


if __name__ == "__main__":
    ended(main)
