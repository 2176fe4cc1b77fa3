"""Training: labelled faces and a config in, a run directory out."""

import copy
import math
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from mien.core.command import train_command
from mien.core.config import TrainConfig
from mien.core.errors import ConfigError, RunError
from mien.core.history import Epoch, History
from mien.core.images import TEST, VAL, LabelledImages
from mien.core.rundir import CHECKPOINT, ENVIRONMENT, HISTORY, WEIGHTS, RunDir
from mien.data.of_run import PartsRead
from mien.models import registry
from mien.models._blocks import count_parameters
from mien.training import optim, quick, randomness, statistics
from mien.training.batches import Batch, Faces, made_smaller, steps_per_epoch
from mien.training.begin import first_network, fresh_network
from mien.training.checkpoint import state_into, state_to_bytes, weights_to_bytes
from mien.training.distil import taught
from mien.training.evaluate import laid_out, loss_and_accuracy, network_of, predict_held_out
from mien.training.machine import COMPILED, TORCH, Machine
from mien.training.mixup import blend
from mien.training.objective import Labels, Objective
from mien.training.preparing import describe, epochs_left, found_by_all
from mien.training.processes import Processes, current
from mien.training.progress import Plan, Progress

RUNS = Path("runs")


def train(
    config: TrainConfig,
    faces: LabelledImages | None = None,
    *,
    out: Path | str | None = None,
    progress: Progress | None = None,
) -> RunDir:
    """Train a network and predict the held-out parts; returns the run, complete on disk.

    Under torchrun every process calls this alike; they share each batch, and the first writes (docs/distributed.md).

    faces  in place of what config.data names
    out    the run's directory, which must not exist; by default the next free runs/<model>-<number>

    Raises DataError, ConfigError and RunError where data, config or directory cannot be used.
    """
    if config.joined:
        raise ConfigError(
            "joined: runs are joined by mien join and averaged by mien average; nothing is trained then"
        )
    # wrong choices are found before data is read
    registry.options(config.model, config.options, match=config.match)
    processes = current()
    path = processes.first(lambda: Path(out) if out else RunDir.next_free(RUNS, config.model))
    with processes.guarded(path):
        found, machine = found_by_all(config, faces, path, processes, config.layers)
        train_faces = found.parts.train
        objective = processes.everyone(lambda: _objective(config, train_faces, machine, processes))
        network = processes.everyone(lambda: first_network(config, train_faces))
        run = processes.first(lambda: RunDir.create(path, config))
        with _locked(run, processes):
            processes.first(lambda: describe(run, machine, network, found))
            told = _told(progress, processes)
            return _Fit(run, config, found, machine, network, objective, told, processes).go()


def resume(
    run: RunDir | Path | str, faces: LabelledImages | None = None, *, progress: Progress | None = None
) -> RunDir:
    """Go on with a run that was interrupted, to the same end as if it had not been; a finished one stays as it is.

    It may go on in another number of processes than it began with, and where there is no C compiler for the layers that
    it began with: to the same end, to rounding.

    faces  in place of what the run's config names, where it was trained on faces given in Python

    Raises RunError where another process trains in it or its data has changed since.
    """
    path = run.path if isinstance(run, RunDir) else Path(run)
    processes = current()
    run, config = processes.first(lambda: (opened := RunDir.open(path), opened.config))
    if config.joined and not run.finished:
        raise RunError(f"{path}: making it was interrupted; again: {train_command(config, str(path))}")
    with processes.guarded(path), _locked(run, processes):
        layers = processes.first(lambda: _layers_so_far(run))
        found, machine = found_by_all(config, faces, path, processes, layers)
        train_faces = found.parts.train
        checkpoint = processes.first(lambda: run.read(CHECKPOINT) if run.has(CHECKPOINT) else None)
        # what it began with may be gone once its own first epoch is on disk
        begin = first_network if checkpoint is None else fresh_network
        network = processes.everyone(lambda: begin(config, train_faces))
        left = processes.first(lambda: epochs_left(run, machine, network, found))
        # a finished student needs its teachers no more
        objective: Objective = Labels(config.label_smoothing)
        if left:
            objective = processes.everyone(lambda: _objective(config, train_faces, machine, processes))
        elif checkpoint is None:  # joined, or a copy without its checkpoint
            return run
        told = _told(progress, processes)
        fit = _Fit(run, config, found, machine, network, objective, told, processes)
        if checkpoint is not None:
            fit.restore(checkpoint)
        return fit.go()


class _Fit:
    """A run between its epochs: network, optimiser, averaged weights, history."""

    def __init__(
        self,
        run: RunDir,
        config: TrainConfig,
        found: PartsRead,
        machine: Machine,
        network: nn.Module,
        objective: Objective,
        progress: Progress,
        processes: Processes,
    ) -> None:
        parts = found.parts
        self.run, self.config, self.parts, self.machine = run, config, parts, machine
        self.found, self.objective, self.progress, self.processes = found, objective, progress, processes
        self.network = laid_out(network, machine.device)
        if machine.layers == COMPILED:
            quick.use(self.network, alone=processes.size == 1)
        self.optimizer = optim.optimizer(self.network, config)
        self.averaged = (
            optim.Averaged(self.network, copy.deepcopy(self.network), config.ema) if config.ema else None
        )
        self.runner = processes.runner(self.network)
        self.history = History()
        self.train_faces = Faces.of(parts.train, machine.device)
        self.val_faces = Faces.of(parts.val, machine.device)
        self.steps = steps_per_epoch(len(parts.train), config.batch_size)

    @property
    def judged(self) -> nn.Module:
        """The network that is evaluated and kept: the averaged one, where there is one."""
        return self.averaged.copy if self.averaged else self.network

    def go(self) -> RunDir:
        """All epochs that are left, then the predictions of the held-out parts."""
        self.progress.begin(self._plan())
        for epoch in range(len(self.history) + 1, self.config.epochs + 1):
            self._keep(self._epoch(epoch))
            self.progress.epoch(self.history.epochs[-1], self.history)
        self.processes.first(self._predict_held_out)
        self.progress.end(self.history)
        return self.run

    def _epoch(self, epoch: int) -> Epoch:
        """One pass over the training faces and one over the validation faces."""
        started = time.perf_counter()
        # dropout draws from torch's generator; seeding it by epoch makes a resumed run go on alike
        torch.manual_seed(randomness.key(self.config.seed, epoch))
        self.network.train()
        loss = hits = torch.zeros((), device=self.machine.device)
        rate = 0.0
        taught, how = self.config.distillation, self.config.augmentation
        batches = self.train_faces.shuffled(
            self.config.batch_size,
            how.hardly() if self.config.is_late(epoch) else how,
            seed=self.config.seed,
            epoch=epoch,
            stored=taught.stored if taught else None,
            blends=partial(blend, self.config, epoch),
            processes=self.processes,
        )
        seen = 0
        side = self.config.early_side if epoch <= self.config.early_epochs else 0
        for step, batch in enumerate(batches):
            rate = self._set_learning_rate((epoch - 1) * self.steps + step)
            count = len(batch.labels)
            batch_loss, batch_hits = self._step(batch, side)
            loss, hits, seen = loss + batch_loss * count, hits + batch_hits, seen + count
            self.progress.step(epoch, step + 1, float(hits) / seen)
        if not math.isfinite(float(loss)):
            raise RunError(
                f"{self.run.path}: epoch {epoch} diverged, its loss is {float(loss)}; train anew with a lower "
                f"--learning-rate than {self.config.learning_rate}"
            )
        if self.config.statistics:
            unvaried = statistics.unvaried(
                self.train_faces, self.config.statistics, mirrored=self.config.augmentation.flip
            )
            statistics.measure(self.judged, unvaried, self.machine)
        val_loss, val_accuracy = loss_and_accuracy(self.judged, self.val_faces, self.machine, self.processes)
        return Epoch(
            epoch=epoch,
            train_loss=float(loss) / seen,
            train_accuracy=float(hits) / seen,
            val_loss=val_loss,
            val_accuracy=val_accuracy,
            learning_rate=rate,
            seconds=time.perf_counter() - started,
        )

    def _step(self, batch: Batch, side: int) -> tuple[torch.Tensor, torch.Tensor]:
        """One step of the optimiser; returns the plain cross-entropy and the number of right answers.

        side  pixels a side of the faces that the network is shown, where it is not 0; teachers see the batch as it is
        """
        self.optimizer.zero_grad(set_to_none=True)
        inputs = made_smaller(batch.inputs, side).contiguous(memory_format=torch.channels_last)
        with self.machine.autocast():
            logits = self.runner(inputs, len(batch.labels))  # (b, k), or (b, members, k)
        # each process's gradient is of its own faces; the mean over the processes is to be the sum of these
        (self.objective(logits, batch) * self.processes.size).backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        if self.averaged:
            self.averaged.update()
        logits = logits.detach() if logits.ndim == 2 else logits.detach().mean(1)
        # against the plain labels, without smoothing, partners and teachers, as validation is measured
        plain = functional.cross_entropy(logits, batch.labels)
        return plain, (logits.argmax(1) == batch.labels).sum()

    def _set_learning_rate(self, step: int) -> float:
        rate = optim.learning_rate(self.config, step / max(self.steps * self.config.epochs - 1, 1))
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        return rate

    def _keep(self, epoch: Epoch) -> None:
        """The epoch on disk. The checkpoint comes first: all else can be made from it again."""
        self.history = self.history.plus(epoch)
        self.processes.first(self._write_state)

    def _write_state(self) -> None:
        about = {"history": self.history.to_rows(), "updates": self.averaged.updates if self.averaged else 0}
        self.run.write(CHECKPOINT, state_to_bytes(self._networks(), self.optimizer, about))
        self._keep_derived()

    def _keep_derived(self) -> None:
        """What follows from the last epoch: history.csv, and its weights if they are the best or asked for."""
        epoch = self.history.epochs[-1]
        if self.history.best == epoch:
            self.run.write(WEIGHTS, self._weights())
        if self.config.keep_every and epoch.epoch % self.config.keep_every == 0:
            self.run.write(self.run.epoch_weights(epoch.epoch), self._weights())
        self.run.write(HISTORY, self.history.to_csv().encode())

    def _weights(self) -> bytes:
        return weights_to_bytes(
            self.judged, {"epoch": self.history.epochs[-1].epoch, "model": self.config.model}
        )

    def restore(self, content: bytes) -> None:
        """Be as after the last epoch on disk, of which this is the checkpoint."""
        about = state_into(self._networks(), self.optimizer, content, f"run {self.run.path}: {CHECKPOINT}")
        self.history = History.from_rows(about["history"])
        if self.averaged:
            self.averaged.updates = about["updates"]
        self.processes.first(self._keep_derived)  # a kill may have come between the checkpoint and these

    def _networks(self) -> dict[str, nn.Module]:
        return {"network": self.network} | ({"averaged": self.averaged.copy} if self.averaged else {})

    def _predict_held_out(self) -> None:
        """Predictions of the validation part and, once, of the test part, by the best epoch's weights."""
        wanted = [
            part for part in (VAL, TEST) if getattr(self.parts, part) and not self.run.has_predictions(part)
        ]
        if not wanted:
            return
        best = network_of(self.run, self.machine.device)
        predict_held_out(self.run, best, self.parts, self.machine, wanted)

    def _plan(self) -> Plan:
        sizes = {name: getattr(self.parts, name) for name in ("train", VAL, TEST)}
        return Plan(
            run=str(self.run.path),
            model=self.config.model,
            parameters=str(count_parameters(self.network)),
            machine=str(self.machine),
            data=f"{self.parts.train.source}: "
            + ", ".join(f"{len(faces):,} {name}" for name, faces in sizes.items() if faces)
            + (f"; {self.found.bad:,} bad places left out" if self.found.bad else "")
            + (
                f"; {self.found.missed:,} suspects left out of training"
                if self.found.without is not None
                else ""
            ),
            epochs=self.config.epochs,
            first_epoch=len(self.history) + 1,
            steps=self.steps,
            early_steps=self.config.early_epochs * self.steps,
            early_cost=(self.config.early_side / self.parts.train.side) ** 2 or 1.0,
        )


def _told(progress: Progress | None, processes: Processes) -> Progress:
    """Who hears of it: the first process's listener; the others' would hear the same."""
    return progress if progress and processes.is_first else Progress()


def _layers_so_far(run: RunDir) -> str:
    """What a run goes on with: torch's layers if it began with them; runs from before there were others did."""
    if run.has(ENVIRONMENT) and run.environment.get("layers", TORCH) == TORCH:
        return TORCH
    return run.config.layers


@contextmanager
def _locked(run: RunDir, processes: Processes) -> Iterator[None]:
    """The first process holds the run for all."""
    with ExitStack() as held:
        processes.first(lambda: held.enter_context(run.locked()))
        yield


def _objective(
    config: TrainConfig, faces: LabelledImages, machine: Machine, processes: Processes
) -> Objective:
    labels = Labels(config.label_smoothing)
    if config.distillation is None:
        return labels
    return taught(config.distillation, config.augmentation, labels, faces, machine, processes)
