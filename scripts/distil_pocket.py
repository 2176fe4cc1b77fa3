"""Distil pocket from finished runs, in pieces: the same command again goes on until it leaves with code 0.

    python scripts/distil_pocket.py --data fer2013.csv --teachers runs/trunk-0 runs/trunk-1 --out runs/pocket-0

Where teachers are slow, store_scores.py asks them once and --scores takes what they said.
Exit code 3: the minutes are over and epochs are left. The recipe is `trunk` of mien.core.config, without mixup.
"""

from dataclasses import replace
from pathlib import Path

from pieces import arguments, asked_for, ended, read_faces, train_piece

from mien.core.teachers import taught_by
from mien.training.stored import stored_scores


def main() -> int:
    """One piece."""
    parser = arguments(__doc__, epochs=400)
    parser.add_argument("--teachers", nargs="+", required=True, help="directories of finished runs")
    parser.add_argument("--alpha", type=float, default=0.9, help="share of the teachers in the loss")
    parser.add_argument("--temperature", type=float, default=2.0)
    parser.add_argument("--scores", type=Path, help="folder that store_scores.py made of these teachers")
    parser.add_argument("--model", default="pocket", help="with its choices, such as pocket:dropout=0.2")
    asked = parser.parse_args()
    how = taught_by(asked.teachers, alpha=asked.alpha, temperature=asked.temperature)
    if asked.scores is not None:
        how = replace(how, stored=stored_scores(asked.scores))
    # a network this small under-fits: it needs no blending, and less decay
    config = replace(asked_for(asked, asked.model), distillation=how, mixup=0.0, weight_decay=5e-4)
    return train_piece(config, read_faces(asked.data), asked.out, asked.minutes)


if __name__ == "__main__":
    ended(main)
