"""Distillation: a student learns what finished runs say of the very view of a face that it sees itself.

Hinton, Vinyals & Dean 2015 (arXiv 1503.02531); that teachers and student must see the same varied, blended view, for
long: Beyer et al. 2022, "Knowledge distillation: a good teacher is patient and consistent".
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from mien.core.config import Augmentation, Distillation, KnownRun
from mien.core.images import LabelledImages
from mien.core.teachers import run_of
from mien.training import quick, stored
from mien.training.batches import Batch
from mien.training.evaluate import check_fits, network_of
from mien.training.machine import COMPILED, Machine
from mien.training.objective import Objective
from mien.training.processes import ALONE, Processes

# What the teachers say of a batch: logits, float32 (t, b, k).
Said = Callable[[Batch], torch.Tensor]


def taught(
    how: Distillation,
    augmentation: Augmentation,
    labels: Objective,
    faces: LabelledImages,
    machine: Machine,
    processes: Processes = ALONE,
) -> "Taught":
    """The objective of a student on these training faces: the labels' beside what the teachers say.

    Teachers, or what they said of stored views, are read here. Raises RunError where one of them is missing or not
    the one that the config names, ConfigError where it was made for other faces, classes or variations.
    """
    said: Said = (
        Live(networks(how.teachers, faces, machine), machine, processes)
        if how.stored is None
        else Remembered(stored.read(how, how.stored, augmentation, faces).to(machine.device))
    )
    return Taught(how, labels, said)


def networks(teachers: Sequence[KnownRun], faces: LabelledImages, machine: Machine) -> list[nn.Module]:
    """The teachers' networks, ready to predict these faces; RunError or ConfigError where one of them cannot."""
    runs = [run_of(teacher) for teacher in teachers]
    for run in runs:
        check_fits(run.environment, faces, run.name)
    found = [network_of(run, machine.device).requires_grad_(False) for run in runs]
    return [quick.use(network) for network in found] if machine.layers == COMPILED else found


@dataclass(frozen=True)
class Live:
    """Teachers that are asked about every batch, in each process about its share of it."""

    networks: Sequence[nn.Module]
    machine: Machine
    processes: Processes = ALONE

    @torch.no_grad()
    def __call__(self, batch: Batch) -> torch.Tensor:
        """Logits float32 (t, b, k) of the very inputs."""
        inputs = batch.inputs.contiguous(memory_format=torch.channels_last)
        with self.machine.autocast():
            said = torch.stack([network(inputs) for network in self.networks]).float()  # (t, o, k)
        return self.processes.joined(said.transpose(0, 1), len(batch.labels)).transpose(0, 1)


@dataclass(frozen=True)
class Remembered:
    """What teachers said of stored views, logits float16 (v, n, t, k)."""

    scores: torch.Tensor

    def __call__(self, batch: Batch) -> torch.Tensor:
        """Logits float32 (t, b, k) of the views in the batch, before pairs of them are blended."""
        return self.scores[batch.views, batch.rows].float().transpose(0, 1)


@dataclass(frozen=True)
class Taught:
    """(1 - alpha) times the labels' loss + alpha T^2 KL(teachers || student), all probabilities at temperature T.

    T^2 keeps the size of the second gradient as T varies (Hinton et al. 2015, section 2.1). The teachers'
    probabilities are averaged.
    """

    how: Distillation
    labels: Objective
    said: Said

    def __call__(self, logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        """The loss of a batch, in nats; of logits (b, members, k) the sum of the members' losses."""
        alpha, temperature = self.how.alpha, self.how.temperature
        wanted = self._wanted(batch)
        if logits.ndim == 3:  # members all learn the same
            wanted = wanted.unsqueeze(1).expand_as(logits)
        found = functional.log_softmax(logits / temperature, dim=-1)
        divergence = functional.kl_div(found, wanted, reduction="none").sum() / len(logits)
        return (1 - alpha) * self.labels(logits, batch) + alpha * temperature**2 * divergence

    def _wanted(self, batch: Batch) -> torch.Tensor:
        """The mean of the teachers' softened probabilities, float32 (b, k)."""
        wanted = (self.said(batch) / self.how.temperature).softmax(2).mean(0)
        if self.how.stored is None or batch.blended is None:
            return wanted
        # nobody has seen the blended faces: the answers are blended as labels are (Zhang et al. 2018)
        return batch.blended.faces(wanted)
