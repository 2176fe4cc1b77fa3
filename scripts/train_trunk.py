"""Train trunk, or a sibling that teaches, in pieces: the same command again goes on until it leaves with code 0.

    python scripts/train_trunk.py --data fer2013.csv --minutes 9 --seed 0 --out runs/trunk-0

Exit code 3: the minutes are over and epochs are left. The recipe is `trunk` of mien.core.config.
"""

from dataclasses import replace
from pathlib import Path

from pieces import arguments, ended, read_faces, train_piece

import mien
from mien.core import spec


def main() -> int:
    """One piece."""
    parser = arguments(__doc__, epochs=mien.recipe("trunk").epochs)
    parser.add_argument("--model", default="trunk", help="with its choices, such as trunk:activation=silu")
    asked = parser.parse_args()
    model, options = spec.parse(asked.model)
    config = replace(
        mien.recipe("trunk", model=model, options=options),
        data=Path(asked.data).name,
        epochs=asked.epochs,
        batch_size=asked.batch_size,
        seed=asked.seed,
        threads=asked.threads,
    )
    return train_piece(config, read_faces(asked.data), asked.out, asked.minutes)


if __name__ == "__main__":
    ended(main)
