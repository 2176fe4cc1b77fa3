"""Make trunk from nothing, in pieces: the same command again goes on until it leaves with code 0.

    python scripts/make_trunk.py --data fer2013.csv --out runs/trunk-0 --minutes 9
    python scripts/ship_weights.py runs/trunk-0/trunk trunk --data fer2013.csv --numbers int8
    mien export trunk src/mien/weights/trunk/int8.onnx --int8 --data fer2013.csv

Two networks of different shape learn from the labels (wide, mixed). Each is given fewer filters and trained on by the
labels and by its whole self (lean-wide, lean-mixed), the wide one once more by both (again-wide). Then come slow epochs
on faces that are hardly varied, like those that are to be read, taught by what came before (sharp, longer, last); the
wide one's last three, which differ in their seeds, are averaged (mean-wide) and joined with last-mixed: trunk. Each is
a run in the folder --out. --epochs counts those of the first two; STEPS says how many the others take. Exit code 3: the
minutes are over and epochs are left.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pieces import HARDLY, UNFINISHED, arguments, asked_for, ended, read_faces, train_piece

import mien
from mien.core import spec
from mien.core.config import TrainConfig
from mien.core.images import LabelledImages
from mien.core.rundir import CONFIG, RunDir
from mien.core.teachers import known, taught_by

WIDE = "trunk"
MIXED = "trunk:stem=16,halve=stride,widths=32/64/128/256,blocks=1/1/1/1,head=288,dropout=0.3"
RANKS = {"wide": "0/0/112/80", "mixed": "0/0/0/112/96"}


@dataclass(frozen=True)
class Step:
    """A training that goes on from another one.

    init      the training whose weights it begins with, of its own shape
    teachers  the trainings that teach it
    alpha     their share of the loss; the rest is the labels'
    rate      the highest learning rate
    share     of --epochs that it takes; 0: it takes `epochs`
    epochs    on faces that are hardly varied
    """

    name: str
    init: str
    teachers: tuple[str, ...]
    alpha: float
    rate: float
    share: float = 0.0
    epochs: int = 0

    @property
    def shape(self) -> str:
        """Which of the two shapes it has."""
        return self.name.rpartition("-")[2]


AVERAGED = ("last-wide", "last2-wide", "last3-wide")
STEPS = (
    Step("lean-wide", "wide", ("wide",), 0.5, 0.05, share=0.5),
    Step("lean-mixed", "mixed", ("mixed",), 0.5, 0.05, share=0.5),
    Step("again-wide", "lean-wide", ("lean-wide", "lean-mixed"), 0.5, 0.05, share=0.4),
    Step("sharp-wide", "lean-wide", ("lean-wide",), 0.7, 0.01, epochs=3),
    Step("sharp-mixed", "lean-mixed", ("lean-mixed",), 0.7, 0.01, epochs=4),
    Step("longer-wide", "sharp-wide", ("lean-wide", "again-wide"), 0.7, 0.02, epochs=6),
    Step("other-wide", "again-wide", ("lean-wide", "again-wide"), 0.7, 0.02, epochs=6),
    *(Step(name, "longer-wide", ("longer-wide", "other-wide"), 0.7, 0.02, epochs=6) for name in AVERAGED),
    Step("last-mixed", "sharp-mixed", ("sharp-mixed", "last-wide"), 0.7, 0.02, epochs=6),
)
JOINED, SHARES = ("mean-wide", "last-mixed"), "0.7/0.3"


def main() -> int:
    """One piece."""
    parser = arguments(__doc__, epochs=80)
    parser.add_argument("--wide", default=WIDE, help="the first network")
    parser.add_argument("--mixed", default=MIXED, help="the second network")
    for name, ranks in RANKS.items():
        parser.add_argument(f"--{name}-ranks", default=ranks, help="filters that its layers keep; 0: all")
    asked = parser.parse_args()
    end = time.monotonic() + 60 * asked.minutes
    faces = read_faces(asked.data)
    asked.out.mkdir(parents=True, exist_ok=True)
    for name, config in _trainings(asked):
        if _finished(asked.out / name, config):
            continue
        if time.monotonic() > end:
            return UNFINISHED
        print(f"-- {name}", flush=True)
        code = train_piece(config, faces, asked.out / name, (end - time.monotonic()) / 60)
        if code:
            return code
    _join(asked.out, faces)
    return 0


def _trainings(asked: argparse.Namespace) -> Iterator[tuple[str, TrainConfig]]:
    """Each training, by its name, in their order; each is made when those before it are finished."""
    whole = {shape: asked_for(asked, getattr(asked, shape)) for shape in RANKS}
    yield from whole.items()
    for step in STEPS:
        yield step.name, _step(whole[step.shape], asked, step)


def _step(whole: TrainConfig, asked: argparse.Namespace, step: Step) -> TrainConfig:
    """The training of a step, from that of the network before it was given fewer filters."""
    model, options = spec.parse(getattr(asked, step.shape))
    config = replace(
        whole,
        model=model,
        options={**options, "ranks": getattr(asked, f"{step.shape}_ranks")},
        batch_size=max(asked.batch_size // 2, 2),
        epochs=step.epochs or max(round(step.share * asked.epochs), 1),
        learning_rate=step.rate,
        warmup=0.1,
        seed=asked.seed + STEPS.index(step),  # other views of the faces than the steps before it saw
        distillation=taught_by([asked.out / name for name in step.teachers], alpha=step.alpha),
        init=known(asked.out / step.init),
    )
    return replace(config, ema=0.995, mixup=0.0, augmentation=HARDLY) if step.epochs else config


def _join(out: Path, faces: LabelledImages) -> None:
    """The mean of the wide networks, and trunk, made where they are not there yet."""
    mean, joined = out / "mean-wide", out / "trunk"
    if not _made(mean):
        mien.average([out / name for name in AVERAGED], mean, faces=faces)
    if not _made(joined):
        mien.join([out / name for name in JOINED], joined, faces=faces, shares=SHARES)


def _made(path: Path) -> bool:
    return path.exists() and RunDir.open(path).finished


def _finished(out: Path, config: TrainConfig) -> bool:
    """Whether this very training is done; one of other choices is left to who trains, who says so."""
    return (out / CONFIG).is_file() and (run := RunDir.open(out)).finished and run.config == config


if __name__ == "__main__":
    ended(main)
