"""Make trunk from nothing, in pieces: the same command again goes on until it leaves with code 0.

    python scripts/make_trunk.py --data fer2013.csv --out runs/trunk-0 --minutes 9
    python scripts/ship_weights.py runs/trunk-0/trunk trunk --data fer2013.csv

Two networks of different shape learn from the labels (wide, mixed). Each is given fewer filters and trained on by the
labels and by its whole self (lean-wide, lean-mixed), then for three epochs on faces that are hardly varied, like those
that it is to read (sharp-wide, sharp-mixed), and those are joined: trunk. Each is a run in the folder --out. --epochs
counts those of the first two; the lean ones take half as many. Exit code 3: the minutes are over and epochs are left.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pieces import UNFINISHED, arguments, asked_for, ended, read_faces, train_piece

import mien
from mien.core import spec
from mien.core.config import Augmentation, TrainConfig
from mien.core.images import LabelledImages
from mien.core.rundir import CONFIG, RunDir
from mien.core.teachers import known, taught_by

WIDE = "trunk"
MIXED = "trunk:stem=16,halve=stride,widths=32/64/128/256,blocks=1/1/1/1,head=288,dropout=0.3"
HARDLY = Augmentation(shift=2.0, rotation=4.0, scale=0.04)
SHAPES = {"wide": "0/0/112/80", "mixed": "0/0/0/112/96"}


def main() -> int:
    """One piece."""
    parser = arguments(__doc__, epochs=80)
    parser.add_argument("--wide", default=WIDE, help="the first network")
    parser.add_argument("--mixed", default=MIXED, help="the second network")
    for name, ranks in SHAPES.items():
        parser.add_argument(f"--{name}-ranks", default=ranks, help="filters that its layers keep; 0: all")
    asked = parser.parse_args()
    end = time.monotonic() + 60 * asked.minutes
    faces = read_faces(asked.data)
    asked.out.mkdir(parents=True, exist_ok=True)
    for out, config in _trainings(asked):
        if _finished(out, config):
            continue
        if time.monotonic() > end:
            return UNFINISHED
        print(f"-- {out.name}", flush=True)
        code = train_piece(config, faces, out, (end - time.monotonic()) / 60)
        if code:
            return code
    _join(asked.out, faces)
    return 0


def _trainings(asked: argparse.Namespace) -> Iterator[tuple[Path, TrainConfig]]:
    """Where each training lies and what it is, in their order; each is made when those before it are finished."""
    out, half = asked.out, replace(asked_for(asked, asked.wide), epochs=max(asked.epochs // 2, 1))
    half = replace(half, batch_size=max(asked.batch_size // 2, 2), learning_rate=0.05, warmup=0.1)
    for name in SHAPES:
        yield out / name, asked_for(asked, getattr(asked, name))
    for name in SHAPES:
        yield out / f"lean-{name}", (lean := _lean(half, asked, name, whole=out / name))
        yield out / f"sharp-{name}", _sharp(lean, out / f"lean-{name}")


def _lean(half: TrainConfig, asked: argparse.Namespace, name: str, *, whole: Path) -> TrainConfig:
    """Half of the filters, trained on by the labels and by the whole network, half and half."""
    model, options = spec.parse(getattr(asked, name))
    return replace(
        half,
        model=model,
        options={**options, "ranks": getattr(asked, f"{name}_ranks")},
        distillation=taught_by([whole], alpha=0.5),
        init=known(whole),
    )


def _sharp(lean: TrainConfig, taught: Path) -> TrainConfig:
    """Slowly on from where the lean network stands, taught by what it was, on faces that are hardly varied."""
    return replace(
        lean,
        epochs=3,
        learning_rate=0.01,
        ema=0.99,
        mixup=0.0,
        augmentation=HARDLY,
        distillation=taught_by([taught], alpha=0.7),
        init=known(taught),
    )


def _join(out: Path, faces: LabelledImages) -> None:
    """Both last networks as one run, made where it is not there yet."""
    joined = out / "trunk"
    if not (joined.exists() and RunDir.open(joined).finished):
        mien.join([out / f"sharp-{shape}" for shape in SHAPES], joined, faces=faces)


def _finished(out: Path, config: TrainConfig) -> bool:
    """Whether this very training is done; one of other choices is left to who trains, who says so."""
    return (out / CONFIG).is_file() and (run := RunDir.open(out)).finished and run.config == config


if __name__ == "__main__":
    ended(main)
