"""Training the report's CNN: mien beside a plain PyTorch loop, Keras on TensorFlow and Keras on JAX, in one run.

    python -m venv keras && keras/bin/pip install keras tensorflow-cpu jax
    python bench/train_throughput.py --keras-python keras/bin/python [--data fer2013.csv] [--steps 12] [--rounds 5]

Each contestant is what a user would write, in a process of its own (bench/training_contestants.py): mien.train with a
Progress that counts steps, a loop over a DataLoader, model.fit with a callback that counts steps. All have the same
faces, batches, network, threads and kind of optimiser (SGD with Nesterov momentum). They take turns: one does so many
steps, the others sleep; figures are medians over the rounds. The first turn is not counted: it imports, reads, builds
and compiles. Takes about 8 GiB.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch
from training_contestants import (
    CONTESTANTS,
    KERAS_AS_IT_COMES,
    PRODUCT_OPERATIONS,
    PRODUCT_SIDE,
    PRODUCTS,
    Task,
)

import mien
from mien.core.config import TrainConfig
from mien.core.images import PIXEL_MEAN, PIXEL_STD
from mien.data.splits import split
from mien.models import registry
from mien.models._blocks import count_parameters
from mien.models.cnn import DROPOUT, CnnOptions
from mien.training.machine import Machine

VALIDATED = 256  # faces that mien validates on between epochs, which is not timed


@dataclass
class Entry:
    """A contestant's process, and what it took: its first turn, which is not counted, and the counted ones."""

    name: str
    process: subprocess.Popen[str]
    errors: IO[str]
    first: dict[str, Any] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    peak: int = 0

    def turn(self, steps: int) -> dict[str, Any]:
        """So many steps, and what they took; the end of everything where the process has died."""
        assert self.process.stdin
        assert self.process.stdout
        print(steps, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            self.errors.seek(0)
            raise SystemExit(f"{self.name} ended without an answer:\n{self.errors.read()[-2000:]}")
        found: dict[str, Any] = json.loads(answer)
        self.peak = found.get("peak", 0)
        return found

    @property
    def is_missing(self) -> bool:
        """Whether a package that it needs is not installed."""
        return "missing" in self.first

    def rate(self, steps: int) -> float:
        """Steps a second, median over the rounds."""
        return steps / statistics.median(self.seconds)


def start(name: str, task: Task, keras_python: str) -> Entry:
    """The contestant's process, which sleeps until its first turn."""
    python = keras_python if CONTESTANTS[name].is_keras else sys.executable
    script = str(Path(__file__).with_name("training_contestants.py"))
    errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - open as long as the process
    settings = {"OMP_NUM_THREADS": str(task.threads), "CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}
    process = subprocess.Popen(
        [python, "-W", "ignore", script, name, json.dumps(asdict(task))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        env=os.environ | settings,
    )
    return Entry(name, process, errors)


def write_faces(path: Path, data: str, batch: int, most: int | None = None) -> tuple[str, ...]:
    """Training faces in whole batches, so that no step is smaller than another, and some to validate; the classes."""
    parts = split(mien.load(data))
    train, val = parts.train, parts.val.select(np.arange(min(VALIDATED, len(parts.val))))
    whole = min(len(train), most or len(train)) // batch * batch
    if not whole:
        raise SystemExit(f"{data}: expected at least {batch} training faces, got {len(train)}")
    np.savez(
        path,
        images=np.concatenate([train.pixels[:whole], val.pixels]),
        labels=np.concatenate([train.labels[:whole], val.labels]),
        usage=np.array(["train"] * whole + ["val"] * len(val)),
        classes=np.array(train.classes),
    )
    return train.classes


def task_of(given: argparse.Namespace, folder: Path) -> Task:
    """What all contestants get."""
    faces, options = folder / "faces.npz", CnnOptions()
    classes = write_faces(faces, given.data, given.batch)
    return Task(
        faces=str(faces),
        folder=str(folder),
        batch=given.batch,
        threads=given.threads,
        classes=len(classes),
        mean=PIXEL_MEAN,
        deviation=PIXEL_STD,
        network=asdict(options) | {"shares": DROPOUT[options.dropout]},
    )


def check_parameters(entries: list[Entry]) -> int:
    """The parameters of mien's network, running statistics counted; ends the run where another's has not as many."""
    expected = count_parameters(registry.build("cnn")).with_statistics
    for entry in entries:
        if entry.first.get("parameters", expected) != expected:
            raise SystemExit(
                f"{entry.name}: expected {expected:,} parameters, got {entry.first['parameters']:,}"
            )
    return expected


def compete(task: Task, given: argparse.Namespace, precision: str) -> list[Entry]:
    """Every contestant that can run here, after all its turns."""
    wanted = [
        name for name, one in CONTESTANTS.items() if one.precision != "bfloat16" or precision == "bfloat16"
    ]
    entries = [start(name, task, given.keras_python) for name in wanted]
    try:
        for entry in entries:
            entry.first = entry.turn(given.steps)
            said = "not installed" if entry.is_missing else f"first turn {entry.first['seconds']:.1f} s"
            print(f"{entry.name}: {said}", file=sys.stderr)
        check_parameters(entries)
        for _ in range(given.rounds):
            for entry in entries:
                if not entry.is_missing:
                    entry.seconds.append(entry.turn(given.steps)["seconds"])
    finally:
        for entry in entries:
            entry.process.communicate()  # closes its stdin, by which it ends
            entry.errors.close()
    return entries


HEADERS = (
    "what trains",
    "numbers",
    "faces/s",
    "lowest to highest",
    "of the best",
    f"of {KERAS_AS_IT_COMES}",
    "of the matrix product",
    "first turn, s",
    "peak MiB",
)


@dataclass(frozen=True, kw_only=True)
class Results:
    """The finished contestants by name, and what their steps were made of."""

    entries: dict[str, Entry]
    steps: int
    batch: int
    precision: str

    def rows(self) -> list[tuple[str, ...]]:
        """The cells of HEADERS, a row for everything that trains or could not."""
        return [
            self._row(name, self.precision if one.precision == "auto" else one.precision)
            for name, one in CONTESTANTS.items()
            if name not in PRODUCTS.values()
        ]

    def _row(self, name: str, numbers: str) -> tuple[str, ...]:
        entry = self.entries.get(name)
        if entry is None:
            return (name, numbers, "no bfloat16 instructions here", *[""] * (len(HEADERS) - 3))
        if not entry.seconds:
            return (name, numbers, f"not installed ({entry.first['missing']})", *[""] * (len(HEADERS) - 3))
        rates = [self.batch * self.steps / seconds for seconds in entry.seconds]
        return (
            name,
            numbers,
            f"{self.faces_a_second(entry):.0f}",
            f"{min(rates):.0f} to {max(rates):.0f}",
            f"{entry.rate(self.steps) / self._best():.2f}",
            self._beside_keras(entry),
            f"{self._share(entry, numbers):.2f}",
            f"{entry.first['seconds']:.1f}",
            f"{entry.peak / 2**20:.0f}",
        )

    def faces_a_second(self, entry: Entry) -> float:
        """The median over the rounds."""
        return self.batch * entry.rate(self.steps)

    def product_rate(self, numbers: str) -> float:
        """Operations a second of the matrix product in this number format."""
        return PRODUCT_OPERATIONS * self.entries[PRODUCTS[numbers]].rate(self.steps)

    def _best(self) -> float:
        rivals = set(self.entries) - set(PRODUCTS.values())
        return max(self.entries[name].rate(self.steps) for name in rivals if self.entries[name].seconds)

    def _beside_keras(self, entry: Entry) -> str:
        keras = self.entries[KERAS_AS_IT_COMES]
        return f"{entry.rate(self.steps) / keras.rate(self.steps):.2f}" if keras.seconds else ""

    def _share(self, entry: Entry, numbers: str) -> float:
        operations = mien.cost("cnn", training=True, batch=self.batch).operations
        return operations * entry.rate(self.steps) / self.product_rate(numbers)


def heading(results: Results, given: argparse.Namespace) -> str:
    """What the table was measured with."""
    versions = {entry.first["version"] for entry in results.entries.values() if "version" in entry.first}
    products = [
        f"{results.product_rate(numbers) / 1e9:.0f} GFLOP/s in {numbers}"
        for numbers, name in PRODUCTS.items()
        if name in results.entries
    ]
    return (
        f"{given.data}, batches of {given.batch}, {given.threads} threads, rounds: {given.rounds} of {given.steps} "
        f"steps, {check_parameters(list(results.entries.values())):,} parameters in every network.\n"
        f"Matrix product of {PRODUCT_SIDE} x {PRODUCT_SIDE}: {', '.join(products)}.\n"
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, mien {mien.__version__}, "
        f"{', '.join([f'torch {torch.__version__}', *sorted(versions)])}.\n"
    )


def parsed() -> argparse.Namespace:
    """The arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keras-python", default=sys.executable, help="a Python that has Keras")
    parser.add_argument("--data", default="drawn", help="whatever mien reads: faces that are trained on")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--steps", type=int, default=12, help="in a turn")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def main() -> None:
    """Measure and print the table; how far it is goes to stderr."""
    given = parsed()
    chosen = Machine.chosen(TrainConfig(device="cpu")).precision
    precision = str(chosen).removeprefix("torch.")
    with tempfile.TemporaryDirectory() as folder:
        entries = compete(task_of(given, Path(folder)), given, precision)
    results = Results(
        entries={entry.name: entry for entry in entries},
        steps=given.steps,
        batch=given.batch,
        precision=precision,
    )
    print(heading(results, given))
    for cells in (HEADERS, ("---",) * len(HEADERS), *results.rows()):
        print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
