"""Where the seconds of mien's training step go, and how seconds and memory grow with the faces.

    python bench/step_profile.py [--data fer2013.csv] [--faces 6400] [--model cnn] [--recipe default] [--epochs 3]

mien.train itself, with clocks around its pieces, on a quarter, half and all of the faces, a process each. The first
epoch is not counted, nor is what comes between epochs: validating and writing. With --operators, instead: the operators
of torch that a step is made of, in a quarter of the faces.
"""

import argparse
import functools
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from train_throughput import write_faces
from training_contestants import peak_bytes

from mien.core.config import TrainConfig, recipe
from mien.core.history import Epoch, History
from mien.models import registry
from mien.training import batches, fit, mixup, objective, optim
from mien.training.progress import Plan, Progress

VARIED, BATCHES, NETWORK = "varying the faces", "making batches", "network, loss and gradients"
OPTIMISER, AVERAGED = "optimiser", "averaged weights"
REST = "bookkeeping: order, rate, counting"  # what the clocks of the others leave
BETWEEN = "between epochs"
PIECES = (VARIED, BATCHES, NETWORK, OPTIMISER, AVERAGED, REST)
OVERHEAD = (VARIED, BATCHES, REST)
SHARES = (0.25, 0.5, 1.0)
SHOWN = 16  # operators


class Clocks(Progress):
    """Seconds by piece; each moment belongs to the innermost piece that is running."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._running, self._last = [REST], time.perf_counter()

    def _charge(self) -> None:
        now = time.perf_counter()
        self.seconds[self._running[-1]] += now - self._last
        self._last = now

    def enter(self, piece: str) -> None:
        """From now on."""
        self._charge()
        self._running.append(piece)

    def leave(self) -> None:
        """Back to what it was part of."""
        self._charge()
        self._running.pop()

    def watch(self, owner: Any, name: str, piece: str) -> None:
        """Put a clock around a function of a class or a module."""
        inner: Callable[..., Any] = getattr(owner, name)

        @functools.wraps(inner)
        def timed(*args: Any, **kwargs: Any) -> Any:
            self.enter(piece)
            try:
                return inner(*args, **kwargs)
            finally:
                self.leave()

        setattr(owner, name, timed)

    def begin(self, plan: Plan) -> None:
        """Remember where epochs end."""
        self._steps = plan.steps

    def step(self, epoch: int, done: int, accuracy: float) -> None:  # noqa: ARG002
        """Validating and writing come after the last one."""
        if done == self._steps:
            self.enter(BETWEEN)

    def epoch(self, epoch: Epoch, history: History) -> None:  # noqa: ARG002
        """Forget the first, which warmed up."""
        self.leave()
        if epoch.epoch == 1:
            self.seconds.clear()


class Operators(Progress):
    """Seconds by operator of torch in the second epoch, each without the operators that it calls."""

    def __init__(self) -> None:
        self._profile = torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU])
        self.seconds: dict[str, float] = {}

    def begin(self, plan: Plan) -> None:
        """Remember where epochs end."""
        self._steps = plan.steps

    def epoch(self, epoch: Epoch, history: History) -> None:  # noqa: ARG002
        """The first one warmed up."""
        if epoch.epoch == 1:
            self._profile.start()

    def step(self, epoch: int, done: int, accuracy: float) -> None:  # noqa: ARG002
        """Stop with the last step, before validating."""
        if epoch == 2 and done == self._steps:
            self._profile.stop()
            averages = self._profile.key_averages()
            self.seconds = {one.key: one.self_cpu_time_total / 1e6 for one in averages}


def watch_training(clocks: Clocks, config: TrainConfig) -> None:
    """Clocks around the pieces of the training loop."""
    optimizer = torch.optim.AdamW if config.optimizer == "adamw" else torch.optim.SGD
    clocks.watch(batches, "augment", VARIED)
    clocks.watch(fit, "blend", VARIED)
    clocks.watch(mixup.Blend, "faces", VARIED)
    clocks.watch(batches.Faces, "varied", BATCHES)
    clocks.watch(type(registry.build(config.model)), "forward", NETWORK)
    clocks.watch(objective.Labels, "__call__", NETWORK)
    clocks.watch(torch.Tensor, "backward", NETWORK)
    clocks.watch(optimizer, "step", OPTIMISER)
    clocks.watch(optimizer, "zero_grad", OPTIMISER)
    clocks.watch(optim.Averaged, "update", AVERAGED)


def train(faces: str, progress: Progress, given: argparse.Namespace) -> None:
    """mien.train on this archive, as it is; the run is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        fit.train(config_of(faces, given), out=Path(folder) / "run", progress=progress)


def config_of(faces: str, given: argparse.Namespace) -> TrainConfig:
    """What is trained."""
    return recipe(
        given.recipe,
        data=faces,
        model=given.model,
        epochs=given.epochs,
        batch_size=given.batch,
        threads=given.threads,
        device="cpu",
    )


def measure(faces: str, given: argparse.Namespace) -> dict[str, Any]:
    """Seconds by piece and epoch, and the peak, of training in this process."""
    clocks = Clocks()
    watch_training(clocks, config_of(faces, given))
    train(faces, clocks, given)
    counted = given.epochs - 1
    return {
        "seconds": {piece: clocks.seconds[piece] / counted for piece in PIECES},
        "peak": peak_bytes(),
    }


def measured_apart(given: argparse.Namespace, folder: Path, count: int) -> tuple[int, dict[str, Any]]:
    """So many faces, or all that there are, and what `measure` finds in a process that reads no others."""
    path = folder / f"{count}.npz"
    write_faces(path, given.data, given.batch, count)
    command = [sys.executable, "-W", "ignore", __file__, *sys.argv[1:], "--measure", str(path)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    with np.load(path) as archive:
        written = int((archive["usage"] == "train").sum())
    return written, json.loads(done.stdout)


def print_pieces(seconds: dict[str, float], steps: int) -> None:
    """The pieces of a step and their shares of it."""
    whole = sum(seconds.values())
    print("| piece of a step | ms | share |\n|---|---|---|")
    for piece in PIECES:
        print(f"| {piece} | {1e3 * seconds[piece] / steps:.2f} | {seconds[piece] / whole:.1%} |")
    overhead = sum(seconds[piece] for piece in OVERHEAD) / whole
    print(f"| all | {1e3 * whole / steps:.2f} | |\n\n{', '.join(OVERHEAD)}: together {overhead:.1%}.\n")


def print_growth(found: dict[int, dict[str, Any]]) -> None:
    """Seconds and memory beside the faces, and the straight line through the memory."""
    print("| faces | seconds an epoch | ms a face | peak MiB |\n|---|---|---|---|")
    for count, one in found.items():
        seconds = sum(one["seconds"].values())
        print(f"| {count:,} | {seconds:.2f} | {1e3 * seconds / count:.3f} | {one['peak'] / 2**20:.0f} |")
    a_face, constant = np.polyfit(list(found), [one["peak"] for one in found.values()], 1)
    print(f"\nPeak memory: {constant / 2**20:.0f} MiB and {a_face:.0f} bytes a face.")


def print_operators(given: argparse.Namespace, folder: Path) -> None:
    """The operators that take most of a step, and what is left for all others."""
    path, operators = folder / "faces.npz", Operators()
    write_faces(path, given.data, given.batch, round(given.faces * SHARES[0]))
    train(str(path), operators, given)
    whole = sum(operators.seconds.values())
    most = sorted(operators.seconds.items(), key=lambda one: -one[1])[:SHOWN]
    print("| operator | share of a step |\n|---|---|")
    for name, seconds in [*most, ("all others", whole - sum(seconds for _, seconds in most))]:
        print(f"| {name} | {seconds / whole:.1%} |")


def parsed() -> argparse.Namespace:
    """The arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default="drawn", help="whatever mien reads")
    parser.add_argument("--faces", type=int, default=6400, help="training faces of the largest measurement")
    parser.add_argument("--model", default="cnn")
    parser.add_argument("--recipe", default="default")
    parser.add_argument("--epochs", type=int, default=3, help="the first of them is not counted")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--measure", help="train on this archive in this process, and print JSON")
    parser.add_argument("--operators", action="store_true", help="the operators of torch instead")
    given = parser.parse_args()
    if given.epochs < 2 or given.faces * SHARES[0] < given.batch:
        parser.error("expected at least 2 epochs, and faces for four batches")
    return given


def main() -> None:
    """Print both tables; or, with --measure, one measurement."""
    given = parsed()
    if given.measure:
        print(json.dumps(measure(given.measure, given)))
        return
    with tempfile.TemporaryDirectory() as folder:
        if given.operators:
            print_operators(given, Path(folder))
            return
        found = dict(measured_apart(given, Path(folder), round(given.faces * share)) for share in SHARES)
    most = max(found)
    print_pieces(found[most]["seconds"], most // given.batch)
    print_growth(found)


if __name__ == "__main__":
    main()
