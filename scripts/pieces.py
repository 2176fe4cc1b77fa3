"""What the training scripts share: faces from anywhere, and training in pieces of a few minutes that resume.

The scripts take mien from src/ beside them and need torch, numpy, Pillow and safetensors, nothing else.
"""

import argparse
import csv
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

import numpy as np  # noqa: E402

import mien  # noqa: E402
from mien.core import spec  # noqa: E402
from mien.core.config import Augmentation, TrainConfig  # noqa: E402
from mien.core.errors import DataError, RunError  # noqa: E402
from mien.core.history import Epoch, History  # noqa: E402
from mien.core.images import LabelledImages, Uint8  # noqa: E402
from mien.core.labels import EXPRESSIONS  # noqa: E402
from mien.core.rundir import CONFIG, RunDir  # noqa: E402
from mien.training.progress import Plan, Progress  # noqa: E402

UNFINISHED = 3  # exit code: the same command again goes on
SHEETS = {"Training": "training.png", "PublicTest": "publictest.png", "PrivateTest": "privatetest.png"}
SIDE = 48
HARDLY = Augmentation(shift=2.0, rotation=4.0, scale=0.04)  # faces nearly as those that are to be read
MARGIN = 1.2  # the next epoch or view may take so much longer than the longest so far


class Enough(Exception):
    """The minutes of this piece are over; every finished epoch is on disk."""


class Minutes:
    """Whether what comes next still fits; asked once before each of several works that take about as long."""

    def __init__(self, minutes: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock, self.end = clock, clock() + 60 * minutes
        self.asked, self.longest = clock(), 0.0

    def over(self) -> bool:
        """True where another work as long as the longest so far would not end in time."""
        now = self.clock()
        self.longest, self.asked = max(self.longest, now - self.asked), now
        return now + MARGIN * self.longest > self.end


class Piece(Progress):
    """Prints a line an epoch, and ends the piece before an epoch that would not fit in its minutes."""

    def __init__(self, minutes: Minutes) -> None:
        self.minutes, self.epochs = minutes, 0

    def begin(self, plan: Plan) -> None:
        """The plan, in two lines."""
        self.epochs = plan.epochs
        print(f"{plan.run}: {plan.model}, {plan.parameters}; {plan.machine}", flush=True)
        print(f"{plan.data}; from epoch {plan.first_epoch} of {plan.epochs}", flush=True)

    def epoch(self, epoch: Epoch, history: History) -> None:
        """One line; Enough where the next epoch would not fit."""
        print(
            f"{epoch.epoch}/{self.epochs}  train {epoch.train_loss:.3f} {epoch.train_accuracy:.4f}  "
            f"val {epoch.val_loss:.3f} {epoch.val_accuracy:.4f}  best {history.best.val_accuracy:.4f}  "
            f"{epoch.seconds:.1f} s",
            flush=True,
        )
        if self.minutes.over() and epoch.epoch < self.epochs:
            raise Enough


def arguments(text: str | None, *, epochs: int, batch: int = 256) -> argparse.ArgumentParser:
    """The choices that the training scripts share."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data", required=True, help="folder of PNG sheets and labels.csv, or what mien reads"
    )
    parser.add_argument("--out", required=True, type=Path, help="the run's directory; what is there goes on")
    parser.add_argument("--minutes", type=float, default=9.0, help="of this piece (default 9)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=epochs, help=f"in all (default {epochs})")
    parser.add_argument("--batch-size", type=int, default=batch, help=f"faces per step (default {batch})")
    parser.add_argument("--threads", type=int, default=0, help="of the processor; 0: as torch chooses")
    return parser


def asked_for(asked: argparse.Namespace, network: str) -> TrainConfig:
    """The recipe `trunk` for a network named with its choices, with what `arguments` asked for."""
    model, options = spec.parse(network)
    return mien.recipe(
        "trunk",
        model=model,
        options=options,
        data=Path(asked.data).name,
        epochs=asked.epochs,
        batch_size=asked.batch_size,
        seed=asked.seed,
        threads=asked.threads,
    )


def train_piece(config: TrainConfig, faces: LabelledImages, out: Path, minutes: float) -> int:
    """Train for so many minutes, from where the last piece ended; 0 where all is done, else UNFINISHED.

    Raises RunError where `out` holds a run of other choices.
    """
    piece = Piece(Minutes(minutes))
    try:
        if (out / CONFIG).is_file():
            run = RunDir.open(out)
            if run.config != config:
                raise RunError(f"{out} holds a run of other choices; give the same ones, or another --out")
            mien.resume(run, faces, progress=piece)
        else:
            mien.train(config, faces, out=out, progress=piece)
    except Enough:
        print("this piece is over; the same command goes on", flush=True)
        return UNFINISHED
    best = RunDir.open(out).history.best
    print(f"finished: best epoch {best.epoch}, val accuracy {best.val_accuracy:.4f}", flush=True)
    return 0


def read_faces(data: str) -> LabelledImages:
    """Faces of a folder with the sheets of FER2013 and labels.csv, or of anything that mien reads."""
    folder = Path(data)
    return _sheets(folder) if (folder / "labels.csv").is_file() else mien.load(data)


def _sheets(folder: Path) -> LabelledImages:
    """Faces with the ids, labels and parts that they have in fer2013.csv: tiles row by row, labels.csv in their order.

    Raises DataError where a sheet has fewer tiles than labels.csv has rows of its part.
    """
    with (folder / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    usages = np.array([row["usage"] for row in rows])
    pixels = np.empty((len(rows), SIDE, SIDE), dtype=np.uint8)
    for usage in dict.fromkeys(usages.tolist()):
        mine = usages == usage
        pixels[mine] = _tiles(folder / SHEETS[usage], int(mine.sum()))
    return LabelledImages(
        pixels=pixels,
        labels=np.array([int(row["emotion"]) for row in rows]),
        ids=np.array([row["row"] for row in rows], dtype=np.str_),
        classes=EXPRESSIONS,
        split=usages.astype(np.str_),
        source=str(folder),
    )


def _tiles(path: Path, count: int) -> Uint8:
    from PIL import Image

    with Image.open(path) as image:
        sheet = np.asarray(image.convert("L"))
    down, across = sheet.shape[0] // SIDE, sheet.shape[1] // SIDE
    tiles = sheet[: down * SIDE, : across * SIDE].reshape(down, SIDE, across, SIDE).swapaxes(1, 2)
    if down * across < count:
        raise DataError(f"{path}: expected {count} faces of {SIDE}x{SIDE} pixels, got {down * across}")
    return tiles.reshape(-1, SIDE, SIDE)[:count]


def ended(work: Callable[[], int]) -> None:
    """Leave with the work's exit code; what the user can mend is one line and exit code 2."""
    try:
        sys.exit(work())
    except mien.MienError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
