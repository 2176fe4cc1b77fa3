"""What a network says of faces, and how often that is their label."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn
from torch.nn import functional

from mien.analysis.metrics import Evaluation, evaluation
from mien.core.config import TrainConfig
from mien.core.errors import ConfigError, RunError
from mien.core.images import VAL, LabelledImages, Parts
from mien.core.predictions import Predictions
from mien.core.rundir import WEIGHTS, RunDir
from mien.models import registry
from mien.training.batches import Faces
from mien.training.checkpoint import weights_into
from mien.training.machine import Machine

TestTime = Literal["none", "flip"]


@torch.inference_mode()
def logits(network: nn.Module, faces: Faces, machine: Machine, tta: TestTime = "none") -> torch.Tensor:
    """Logits float32 (n, k) on the CPU; with "flip", logs of the mean probabilities of a face and its mirror image."""
    network.eval()
    found = []
    with machine.autocast():
        for inputs, _ in faces.in_order():
            one = network(_laid_out(inputs)).float()
            if tta == "flip":
                mirrored = network(_laid_out(inputs.flip(3))).float()
                one = ((one.softmax(1) + mirrored.softmax(1)) / 2).log()
            found.append(one.cpu())
    return torch.cat(found)


def loss_and_accuracy(network: nn.Module, faces: Faces, machine: Machine) -> tuple[float, float]:
    """Mean cross-entropy in nats, and the share of faces whose most probable class is their label."""
    found = logits(network, faces, machine)
    labels = faces.labels.cpu()
    return float(functional.cross_entropy(found, labels)), float((found.argmax(1) == labels).float().mean())


def predict(
    network: nn.Module,
    faces: LabelledImages,
    machine: Machine,
    *,
    part: str,
    run: str,
    tta: TestTime = "none",
) -> Predictions:
    """Class probabilities of faces, joined to them by id."""
    probs = logits(network, Faces.of(faces, machine.device), machine, tta).double().softmax(1)
    return Predictions(
        probs=probs.float().numpy(),
        labels=faces.labels,
        ids=faces.ids,
        classes=faces.classes,
        split=part,
        run=run,
    )


def network_of(run: RunDir, device: torch.device, weights: str = WEIGHTS) -> nn.Module:
    """A run's network with its chosen weights, ready to predict; RunError where they are missing or damaged."""
    about = run.environment
    config = run.config
    network = registry.build(
        config.model, config.options, match=config.match, side=about["side"], classes=len(about["classes"])
    )
    weights_into(network, run.read(weights), f"run {run.path}: {weights}")
    return laid_out(network, device).eval()


def laid_out(network: nn.Module, device: torch.device) -> nn.Module:
    """The network on a device, its filters in channels-last order, which convolutions are fastest in."""
    moved: nn.Module = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return moved


def evaluate(
    run: RunDir | Path | str,
    faces: LabelledImages | None = None,
    *,
    part: str = VAL,
    tta: TestTime = "none",
    save: bool = True,
) -> Evaluation:
    """Measure a run on faces, or on a part of the data that it was trained with; a finished run keeps the predictions.

    Raises ConfigError where the faces' classes or size differ from the run's; DataError where the part is missing.
    """
    run = run if isinstance(run, RunDir) else RunDir.open(run)
    if tta not in ("none", "flip"):
        raise ConfigError(f"tta: expected none or flip, got {tta}")
    machine = Machine.chosen(replace(run.config, device="auto"))
    if faces is None:
        faces = training_parts(run)[part]
    _check_fits(run.environment, faces, run.name)
    predictions = predict(network_of(run, machine.device), faces, machine, part=part, run=run.name, tta=tta)
    if save and run.finished:  # of an unfinished run they would soon be wrong
        run.save_predictions(predictions, _saved_name(run, faces, part, tta))
    return evaluation(predictions)


def _saved_name(run: RunDir, faces: LabelledImages, part: str, tta: TestTime) -> str:
    """The part, for the run's own faces; with the beginning of their digest for others, so that none is replaced."""
    own = run.environment["digest"].get(part) == faces.digest
    return "-".join([part, *([] if own else [faces.digest[:8]]), *([] if tta == "none" else [tta])])


def training_parts(run: RunDir, faces: LabelledImages | None = None) -> Parts:
    """The parts of the data that a run was trained with, read again, or these faces split in the same way.

    Raises RunError where the data that its config names is not what it was trained on.
    """
    parts, _ = read_parts(run.config, faces)
    if faces is None:
        check_same_data(run, parts)
    return parts


def read_parts(config: TrainConfig, faces: LabelledImages | None = None) -> tuple[Parts, int]:
    """Faces, or else what the config names, in the parts that it names; and how many bad places were left out."""
    from mien.data.load import read
    from mien.data.splits import split

    left_out = 0
    if faces is None:
        loaded = read(config.data, skip_bad=config.skip_bad)
        faces, left_out = loaded.faces, loaded.bad.total
    return split(faces, config.split, seed=config.seed), left_out


def check_same_data(run: RunDir, parts: Parts) -> None:
    """RunError where a part of the data is not the one that the run was trained with."""
    for name, digest in run.environment["digest"].items():
        if parts[name].digest != digest:
            raise RunError(
                f"run {run.path}: the {name} faces of {parts.train.source} are not those that it was trained with; "
                "name the right data, or train anew"
            )


def _check_fits(about: dict[str, Any], faces: LabelledImages, name: str) -> None:
    if list(faces.classes) != about["classes"]:
        raise ConfigError(
            f"{faces.source}: has the classes {', '.join(faces.classes)}; "
            f"run {name} was trained on {', '.join(about['classes'])}"
        )
    if faces.side != about["side"]:
        raise ConfigError(
            f"{faces.source}: has faces of {faces.side} pixels; run {name} takes {about['side']}"
        )


def _laid_out(inputs: torch.Tensor) -> torch.Tensor:
    return inputs.contiguous(memory_format=torch.channels_last)
