"""Distil pocket from finished runs, in pieces: the same command again goes on until it leaves with code 0.

    python scripts/distil_pocket.py --data fer2013.csv --teachers runs/mixed --out runs/pocket-first
    python scripts/distil_pocket.py --data fer2013.csv --teachers runs/mixed --init runs/pocket-first \\
        --epochs 26 --seed 1 --out runs/pocket-second
    python scripts/measure_statistics.py runs/pocket-second --data fer2013.csv --out runs/pocket-measured
    python scripts/ship_weights.py runs/pocket-measured pocket --data fer2013.csv --numbers int8 --most-bytes 225000

The recipe is `trunk` of mien.core.config, without mixup; the second training, which --init asks for, goes on from the
first on faces less varied. Where teachers are slow, store_scores.py asks them once and --scores takes what they said.
Exit code 3: the minutes are over and epochs are left.
"""

from dataclasses import replace
from pathlib import Path

from pieces import arguments, asked_for, ended, read_faces, train_piece

from mien.core.config import Augmentation
from mien.core.teachers import known, taught_by
from mien.training.stored import stored_scores

LESS_VARIED = Augmentation(shift=4.0, rotation=12.0, scale=0.12, erase=0.25)


def main() -> int:
    """One piece."""
    parser = arguments(__doc__, epochs=70, batch=128)
    parser.add_argument("--teachers", nargs="+", required=True, help="directories of finished runs")
    parser.add_argument("--alpha", type=float, default=0.9, help="share of the teachers in the loss")
    parser.add_argument("--temperature", type=float, default=2.0)
    parser.add_argument("--scores", type=Path, help="folder that store_scores.py made of these teachers")
    parser.add_argument("--model", default="pocket", help="with its choices, such as pocket:dropout=0.2")
    parser.add_argument(
        "--init", type=Path, help="the first training's run: go on from it, on faces less varied"
    )
    asked = parser.parse_args()
    how = taught_by(asked.teachers, alpha=asked.alpha, temperature=asked.temperature)
    if asked.scores is not None:
        how = replace(how, stored=stored_scores(asked.scores))
    # a network this small under-fits: it needs no blending, and less decay
    config = replace(
        asked_for(asked, asked.model),
        distillation=how,
        learning_rate=0.15,
        warmup=0.1,
        mixup=0.0,
        weight_decay=5e-4,
    )
    if asked.init is not None:
        config = replace(config, init=known(asked.init), learning_rate=0.12, augmentation=LESS_VARIED)
    return train_piece(config, read_faces(asked.data), asked.out, asked.minutes)


if __name__ == "__main__":
    ended(main)
