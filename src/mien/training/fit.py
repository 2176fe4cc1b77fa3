"""Training: labelled faces and a config in, a run directory out."""

import copy
import math
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from mien.core.config import TrainConfig
from mien.core.errors import ConfigError, RunError
from mien.core.history import Epoch, History
from mien.core.images import TEST, VAL, LabelledImages, Parts
from mien.core.rundir import CHECKPOINT, COSTS, ENVIRONMENT, HISTORY, WEIGHTS, WITHOUT, RunDir
from mien.costing import cost
from mien.data.of_run import PartsRead, check_same_data, parts_of
from mien.models import registry
from mien.models._blocks import count_parameters
from mien.training import optim, randomness
from mien.training.batches import Batch, Faces, steps_per_epoch
from mien.training.begin import first_network, fresh_network
from mien.training.checkpoint import state_into, state_to_bytes, weights_to_bytes
from mien.training.distil import taught
from mien.training.evaluate import laid_out, loss_and_accuracy, network_of, predict
from mien.training.machine import Machine
from mien.training.mixup import blend
from mien.training.objective import Labels, Objective
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

    faces  in place of what config.data names
    out    the run's directory, which must not exist; by default the next free runs/<model>-<number>

    Raises DataError, ConfigError and RunError where data, config or directory cannot be used.
    """
    registry.options(
        config.model, config.options, match=config.match
    )  # wrong choices are found before data is read
    path = Path(out) if out else RunDir.next_free(RUNS, config.model)
    found = _parts(config, faces, path)
    machine = Machine.chosen(config)
    objective = _objective(config, found.parts.train, machine)
    network = first_network(config, found.parts.train)
    run = RunDir.create(path, config)
    with run.locked():
        _describe(run, machine, network, found)
        return _Fit(run, config, found, machine, network, objective, progress or Progress()).go()


def resume(
    run: RunDir | Path | str, faces: LabelledImages | None = None, *, progress: Progress | None = None
) -> RunDir:
    """Go on with a run that was interrupted, to the same end as if it had not been; a finished one stays as it is.

    faces  in place of what the run's config names, where it was trained on faces given in Python

    Raises RunError where another process trains in it or its data has changed since.
    """
    run = run if isinstance(run, RunDir) else RunDir.open(run)
    config = run.config
    with run.locked():
        found = _parts(config, faces, run.path)
        parts, machine = found.parts, Machine.chosen(config)
        # what it began with may be gone once its own first epoch is on disk
        begin = fresh_network if run.has(CHECKPOINT) else first_network
        network = begin(config, parts.train)
        if run.has(ENVIRONMENT):
            check_same_data(run, parts)
        _describe(run, machine, network, found)
        left = config.epochs - len(run.history)
        # a finished student needs its teachers no more
        objective = _objective(config, parts.train, machine) if left else Labels(config.label_smoothing)
        fit = _Fit(run, config, found, machine, network, objective, progress or Progress())
        if run.has(CHECKPOINT):
            fit.restore()
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
    ) -> None:
        parts = found.parts
        self.run, self.config, self.parts, self.machine = run, config, parts, machine
        self.found, self.objective, self.progress = found, objective, progress
        self.network = laid_out(network, machine.device)
        self.optimizer = optim.optimizer(self.network, config)
        self.averaged = (
            optim.Averaged(self.network, copy.deepcopy(self.network), config.ema) if config.ema else None
        )
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
        self._predict_held_out()
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
        taught = self.config.distillation
        batches = self.train_faces.shuffled(
            self.config.batch_size,
            self.config.augmentation,
            seed=self.config.seed,
            epoch=epoch,
            stored=taught.stored if taught else None,
        )
        seen = 0
        for step, batch in enumerate(batches):
            rate = self._set_learning_rate((epoch - 1) * self.steps + step)
            count = len(batch.labels)
            batch_loss, batch_hits = self._step(
                batch.blended_by(blend(self.config, epoch, step, batch.labels))
            )
            loss, hits, seen = loss + batch_loss * count, hits + batch_hits, seen + count
            self.progress.step(epoch, step + 1, float(hits) / seen)
        if not math.isfinite(float(loss)):
            raise RunError(
                f"{self.run.path}: epoch {epoch} diverged, its loss is {float(loss)}; train anew with a lower "
                f"--learning-rate than {self.config.learning_rate}"
            )
        val_loss, val_accuracy = loss_and_accuracy(self.judged, self.val_faces, self.machine)
        return Epoch(
            epoch=epoch,
            train_loss=float(loss) / seen,
            train_accuracy=float(hits) / seen,
            val_loss=val_loss,
            val_accuracy=val_accuracy,
            learning_rate=rate,
            seconds=time.perf_counter() - started,
        )

    def _step(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """One step of the optimiser; returns the plain cross-entropy and the number of right answers."""
        self.optimizer.zero_grad(set_to_none=True)
        with self.machine.autocast():
            logits = self.network(batch.inputs.contiguous(memory_format=torch.channels_last))  # (b, k)
        logits = logits.float()
        self.objective(logits, batch).backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        if self.averaged:
            self.averaged.update()
        logits = logits.detach()
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

    def restore(self) -> None:
        """Be as after the last epoch on disk."""
        content = self.run.read(CHECKPOINT)
        about = state_into(self._networks(), self.optimizer, content, f"run {self.run.path}: {CHECKPOINT}")
        self.history = History.from_rows(about["history"])
        if self.averaged:
            self.averaged.updates = about["updates"]
        self._keep_derived()  # a kill may have come between the checkpoint and these

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
        for part in wanted:
            found = predict(best, self.parts[part], self.machine, part=part, run=self.run.name)
            self.run.save_predictions(found, part)

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
        )


def _parts(config: TrainConfig, faces: LabelledImages | None, run: Path) -> PartsRead:
    found = parts_of(config, faces, run)
    count = len(found.parts.train)
    if count < config.batch_size:
        raise ConfigError(f"batch_size: expected at most the {count} training faces, got {config.batch_size}")
    return found


def _objective(config: TrainConfig, faces: LabelledImages, machine: Machine) -> Objective:
    labels = Labels(config.label_smoothing)
    if config.distillation is None:
        return labels
    return taught(config.distillation, config.augmentation, labels, faces, machine)


def _describe(run: RunDir, machine: Machine, network: nn.Module, found: PartsRead) -> None:
    """Whom it leaves out, what its network costs, and what it runs on and with, where that is not there yet."""
    parts = found.parts
    if found.without is not None and not run.has(WITHOUT):  # a copy: the next audit may replace the file
        run.write(WITHOUT, Path(found.without.path).read_bytes())
    if not run.has(COSTS):
        shape = (1, parts.train.side, parts.train.side)
        costs = cost(copy.deepcopy(network), shape)  # a copy: counting runs the network once
        run.write_json(COSTS, replace(costs, network=run.config.model).to_dict())
    if not run.has(ENVIRONMENT):
        run.write_json(ENVIRONMENT, _environment(machine, network, parts) | _left_out(found))


def _environment(machine: Machine, network: nn.Module, parts: Parts) -> dict[str, Any]:
    count = count_parameters(network)
    sizes = {name: len(faces) for name in ("train", VAL, TEST) if (faces := getattr(parts, name)) is not None}
    return machine.environment() | {
        "classes": list(parts.train.classes),
        "side": parts.train.side,
        "faces": sizes,
        "digest": {name: parts[name].digest for name in sizes},
        "parameters": {"trainable": count.trainable, "with_statistics": count.with_statistics},
    }


def _left_out(found: PartsRead) -> dict[str, Any]:
    """Which suspects were left out, by the digest of the file that names them; nothing where none were."""
    if found.without is None:
        return {}
    return {"without": {"digest": found.without.digest, "faces": found.missed}}
