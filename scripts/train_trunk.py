"""Train trunk, or a sibling that teaches, in pieces: the same command again goes on until it leaves with code 0.

    python scripts/train_trunk.py --data fer2013.csv --minutes 9 --seed 0 --out runs/trunk-0

Exit code 3: the minutes are over and epochs are left. The recipe is `trunk` of mien.core.config.
"""

from pieces import arguments, asked_for, ended, read_faces, train_piece

import mien


def main() -> int:
    """One piece."""
    parser = arguments(__doc__, epochs=mien.recipe("trunk").epochs)
    parser.add_argument("--model", default="trunk", help="with its choices, such as trunk:activation=silu")
    asked = parser.parse_args()
    config = asked_for(asked, asked.model)
    return train_piece(config, read_faces(asked.data), asked.out, asked.minutes)


if __name__ == "__main__":
    ended(main)
