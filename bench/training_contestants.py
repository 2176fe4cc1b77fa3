"""The contestants of bench/train_throughput.py, which starts this file: each trains the report's CNN, by turns.

Their Pythons differ, and Keras' has no mien: only the standard library is imported here, all else where it is used.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

PRODUCT_SIDE = 2048
PRODUCT_OPERATIONS = PRODUCT_SIDE**2 * (2 * PRODUCT_SIDE - 1)
LEARNING_RATE, MOMENTUM = 0.01, 0.9


@dataclass(frozen=True, kw_only=True)
class Task:
    """What every contestant is given.

    faces    archive of images uint8 (n, side, side), labels (n,) and usage (n,), "train" or "val"
    folder   where runs may be written
    network  CnnOptions as a dict, with the shares of dropout of its blocks under "shares"
    """

    faces: str
    folder: str
    batch: int
    threads: int
    classes: int
    mean: float
    deviation: float
    network: dict[str, Any]


class Turns:
    """A contestant's side: waits for a number of steps on stdin and answers with their seconds when they are done."""

    def __init__(self) -> None:
        self._answers = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)  # whatever a library prints must not be taken for an answer
        self.about: dict[str, Any] = {}
        self.finish: Callable[[], object] = lambda: None  # waits for what was only begun
        self._wait()

    def _wait(self) -> None:
        asked = sys.stdin.readline()
        if not asked:
            raise SystemExit
        self._left, self.started = int(asked), time.perf_counter()

    def step(self) -> None:
        """A step is done; sleeps until the next turn where it was the last one of this turn."""
        self._left -= 1
        if not self._left:
            self.finish()
            seconds = time.perf_counter() - self.started
            self.answer(self.about | {"seconds": seconds, "peak": peak_bytes()})
            self._wait()

    def answer(self, values: dict[str, Any]) -> None:
        """One line of JSON to the process that asked."""
        print(json.dumps(values), file=self._answers, flush=True)


def peak_bytes() -> int:
    """Most resident memory of this process so far."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss counts the peak of the process that started this one in, too
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def train_mien(task: Task, turns: Turns, *, alike: bool = False) -> None:
    """mien.train with its default recipe; `alike` leaves out what the others do not do."""
    from dataclasses import replace

    from mien.core.config import NO_AUGMENTATION, TrainConfig
    from mien.training.fit import train
    from mien.training.progress import Plan, Progress

    class Counting(Progress):
        """Passes every step on; validating and writing between epochs is no step and is not counted."""

        def begin(self, plan: Plan) -> None:
            self.steps = plan.steps

        def step(self, epoch: int, done: int, accuracy: float) -> None:  # noqa: ARG002
            turns.step()
            if done == self.steps:
                self.paused = time.perf_counter()

        def epoch(self, *_: object) -> None:
            turns.started += time.perf_counter() - self.paused

    config = TrainConfig(
        data=task.faces, batch_size=task.batch, threads=task.threads, device="cpu", epochs=10**6
    )
    if alike:
        config = replace(config, augmentation=NO_AUGMENTATION, ema=0.0, label_smoothing=0.0, weight_decay=0.0)
    train(config, out=Path(task.folder) / f"mien-{os.getpid()}", progress=Counting())


def train_torch(task: Task, turns: Turns) -> None:
    """The loop of the tutorials: float32, a DataLoader over tensors, loss and accuracy kept."""
    import torch
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset

    torch.set_num_threads(task.threads)
    faces, labels = read_faces(task)
    data = TensorDataset(torch.from_numpy(faces)[:, None], torch.from_numpy(labels))
    loader = DataLoader(data, batch_size=task.batch, shuffle=True)
    network, parameters = torch_network()
    turns.about["parameters"] = parameters
    optimizer = torch.optim.SGD(network.parameters(), lr=LEARNING_RATE, momentum=MOMENTUM, nesterov=True)
    criterion = nn.CrossEntropyLoss()
    network.train()
    while True:
        running_loss, hits = 0.0, 0
        for inputs, targets in loader:
            optimizer.zero_grad()
            logits = network(inputs)
            loss = criterion(logits, targets)
            loss.backward()
            optimizer.step()
            running_loss += loss.item()
            hits += int((logits.argmax(1) == targets).sum())
            turns.step()


def torch_network() -> tuple[Any, int]:
    """The report's CNN of torch's own layers alone, and its parameters with running statistics."""
    from torch import nn

    from mien.models import registry
    from mien.models._blocks import count_parameters

    network = registry.build("cnn")
    for name in ("blocks", "head"):
        layers = getattr(network, name)
        plain = [nn.Dropout(layer.p) if isinstance(layer, nn.Dropout) else layer for layer in layers]
        setattr(network, name, nn.Sequential(*plain))
    return network, count_parameters(network).with_statistics


def train_keras(task: Task, turns: Turns, *, backend: str, policy: str = "") -> None:
    """model.fit on arrays; `policy` is Keras' dtype policy.

    jit_compile stays "auto", by which Keras leaves XLA out for TensorFlow on a processor: with it this network took
    four times as long (Keras 3.15, TensorFlow 2.21).
    """
    os.environ |= {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "2"}
    if backend == "tensorflow":
        threading = import_module("tensorflow").config.threading
        threading.set_intra_op_parallelism_threads(task.threads)
        threading.set_inter_op_parallelism_threads(task.threads)
    keras = import_module("keras")
    if policy:
        keras.config.set_dtype_policy(policy)
    faces, labels = read_faces(task)
    network = keras_network(keras, task, side=faces.shape[1])
    turns.about |= {
        "parameters": network.count_params(),
        "version": f"Keras {keras.version()} on {backend} {sys.modules[backend].__version__}",
    }
    network.compile(
        optimizer=keras.optimizers.SGD(LEARNING_RATE, momentum=MOMENTUM, nesterov=True),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    if backend == "jax":
        turns.finish = partial(wait_for_jax, network)
    network.fit(
        faces[..., None],
        labels,
        batch_size=task.batch,
        epochs=10**6,
        verbose=0,
        callbacks=[counting_callback(keras, turns)],
    )


def counting_callback(keras: Any, turns: Turns) -> Any:
    """Counts where the next batch begins: with a callback at its end Keras would wait for the figures of each step."""

    class Counting(keras.callbacks.Callback):  # type: ignore[misc]
        begun = False

        def on_train_batch_begin(self, *_: object, **__: object) -> None:
            if self.begun:
                turns.step()
            self.begun = True

    return Counting()


def wait_for_jax(network: Any) -> None:
    """Until the weights are there: JAX answers before it has computed them.

    Keras keeps them in lists of its own, into which JAX does not look, and between epochs in the network's variables.
    """
    kept = network._jax_state or {"all": [one.value for one in network.variables]}
    import_module("jax").block_until_ready([list(values) for values in kept.values()])


def keras_network(keras: Any, task: Task, *, side: int) -> Any:
    """The same layers in Keras, faces (n, side, side, 1) to logits (n, classes)."""
    layers, how = keras.layers, task.network
    network = keras.Sequential([keras.Input((side, side, 1))])

    def end(pool: bool, share: float) -> None:
        network.add(layers.LeakyReLU(negative_slope=how["slope"]))
        network.add(layers.BatchNormalization())
        if pool:
            network.add(layers.AveragePooling2D(2))
        network.add(layers.Dropout(share))

    for filters, kernel, padding, share in zip(
        how["filters"], how["kernels"], how["padding"], how["shares"], strict=True
    ):
        network.add(layers.Conv2D(filters, kernel, padding=padding))
        end(True, share)
    network.add(layers.Flatten())
    for width in how["dense"]:
        network.add(layers.Dense(width))
        end(False, how["dense_dropout"])
    network.add(layers.Dense(task.classes, dtype="float32"))
    return network


def multiply(task: Task, turns: Turns, *, precision: str) -> None:
    """No contestant but the measure: one step is a product of two square matrices."""
    import torch

    torch.set_num_threads(task.threads)
    left, right = (torch.randn(PRODUCT_SIDE, PRODUCT_SIDE).to(getattr(torch, precision)) for _ in range(2))
    while True:
        torch.matmul(left, right)
        turns.step()


def read_faces(task: Task) -> tuple[Any, Any]:
    """All training faces as normalised float32 (n, side, side), as these loops hold them, and labels int64 (n,)."""
    import numpy as np

    with np.load(task.faces) as archive:
        chosen = archive["usage"] == "train"
        pixels, labels = archive["images"][chosen], archive["labels"][chosen].astype(np.int64)
    faces = pixels.astype(np.float32)
    faces -= 255 * task.mean
    faces /= 255 * task.deviation
    return faces, labels


@dataclass(frozen=True)
class Contestant:
    """How it trains, in which Python, and in which number format; "auto" is what mien chooses here."""

    train: Callable[[Task, Turns], None]
    precision: str = "float32"
    is_keras: bool = False


KERAS_AS_IT_COMES = "Keras on TensorFlow"
PRODUCTS = {precision: f"matrix product, {precision}" for precision in ("float32", "bfloat16")}
CONTESTANTS = {
    "mien": Contestant(train_mien, "auto"),
    "mien, faces not varied, weights not averaged": Contestant(partial(train_mien, alike=True), "auto"),
    "PyTorch loop with a DataLoader": Contestant(train_torch),
    KERAS_AS_IT_COMES: Contestant(partial(train_keras, backend="tensorflow"), is_keras=True),
    "Keras on TensorFlow, mixed_bfloat16": Contestant(
        partial(train_keras, backend="tensorflow", policy="mixed_bfloat16"), "bfloat16", is_keras=True
    ),
    "Keras on JAX": Contestant(partial(train_keras, backend="jax"), is_keras=True),
} | {name: Contestant(partial(multiply, precision=kind), kind) for kind, name in PRODUCTS.items()}


def be_contestant(name: str, task: Task) -> None:
    """Train in this process, by turns, until stdin ends; answers "missing" where a package is not installed."""
    if hasattr(os, "sched_setaffinity"):  # JAX takes its number of threads from here alone
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: task.threads])
    turns = Turns()
    try:
        CONTESTANTS[name].train(task, turns)
    except ModuleNotFoundError as error:
        turns.answer({"missing": error.name})


if __name__ == "__main__":
    be_contestant(sys.argv[1], Task(**json.loads(sys.argv[2])))
