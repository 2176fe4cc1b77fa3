"""Distil pocket from finished runs, in pieces: the same command again goes on until it leaves with code 0.

    python scripts/distil_pocket.py --data fer2013.csv --teachers runs/mixed --out runs/pocket-first
    python scripts/distil_pocket.py --data fer2013.csv --teachers runs/mixed --init runs/pocket-first \\
        --varied less --epochs 26 --seed 1 --out runs/pocket-second
    python scripts/distil_pocket.py --data fer2013.csv --teachers runs/trunk --init runs/pocket-second \\
        --varied less --epochs 30 --seed 2 --out runs/pocket-third
    python scripts/distil_pocket.py --data fer2013.csv --teachers runs/trunk --init runs/pocket-third \\
        --varied hardly --epochs 5 --seed 3 --out runs/pocket-fourth
    python scripts/distil_pocket.py --data fer2013.csv --teachers runs/trunk --init runs/pocket-fourth \\
        --varied hardly --rate 0.1 --epochs 9 --seed 4 --out runs/pocket-fifth
    python scripts/distil_pocket.py --data fer2013.csv --teachers runs/trunk --init runs/pocket-fourth \\
        --varied hardly --rate 0.06 --alpha 0.5 --epochs 9 --seed 5 --out runs/pocket-fifth-2
    mien average runs/pocket-fourth runs/pocket-fifth runs/pocket-fifth-2 --out runs/pocket-mean
    python scripts/measure_statistics.py runs/pocket-mean --data fer2013.csv --out runs/pocket-measured
    python scripts/ship_weights.py runs/pocket-measured pocket --data fer2013.csv --numbers int8 --most-bytes 225000

The recipe is `trunk` of mien.core.config, without mixup. Each training goes on from the one before, on faces less
varied. Where teachers are slow, store_scores.py asks them once and --scores takes what they said. Exit code 3: the
minutes are over and epochs are left.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from pieces import HARDLY, arguments, asked_for, ended, read_faces, train_piece

from mien.core.config import Augmentation, recipe
from mien.core.teachers import known, taught_by
from mien.training.stored import stored_scores


@dataclass(frozen=True)
class Way:
    """How far faces are varied, and what goes with it.

    rate   the highest learning rate
    alpha  the teachers' share of the loss; the rest is the labels'
    """

    augmentation: Augmentation
    rate: float
    alpha: float
    ema: float


WAYS = {
    "much": Way(recipe("trunk").augmentation, 0.15, 0.9, 0.998),
    "less": Way(Augmentation(shift=4.0, rotation=12.0, scale=0.12, erase=0.25), 0.12, 0.9, 0.998),
    "hardly": Way(HARDLY, 0.05, 0.7, 0.995),
}


def main() -> int:
    """One piece."""
    parser = arguments(__doc__, epochs=70)
    parser.add_argument("--teachers", nargs="+", required=True, help="directories of finished runs")
    parser.add_argument("--varied", choices=WAYS, default="much", help="how far faces are (default much)")
    parser.add_argument("--rate", type=float, help="the highest learning rate (default: WAYS says it)")
    parser.add_argument(
        "--alpha", type=float, help="share of the teachers in the loss (default: WAYS says it)"
    )
    parser.add_argument("--temperature", type=float, default=2.0)
    parser.add_argument("--scores", type=Path, help="folder that store_scores.py made of these teachers")
    parser.add_argument("--model", default="pocket", help="with its choices, such as pocket:dropout=0.2")
    parser.add_argument("--init", type=Path, help="the training before: go on from it")
    asked = parser.parse_args()
    way = WAYS[asked.varied]
    rate = way.rate if asked.rate is None else asked.rate
    alpha = way.alpha if asked.alpha is None else asked.alpha
    how = taught_by(asked.teachers, alpha=alpha, temperature=asked.temperature)
    if asked.scores is not None:
        how = replace(how, stored=stored_scores(asked.scores))
    # a network this small under-fits: it needs no blending, and less decay
    config = replace(
        asked_for(asked, asked.model),
        distillation=how,
        init=known(asked.init) if asked.init else None,
        augmentation=way.augmentation,
        learning_rate=rate,
        ema=way.ema,
        warmup=0.1,
        mixup=0.0,
        weight_decay=5e-4,
    )
    return train_piece(config, read_faces(asked.data), asked.out, asked.minutes)


if __name__ == "__main__":
    ended(main)
