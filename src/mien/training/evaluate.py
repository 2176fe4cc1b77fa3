"""What a network says of faces, and how often that is their label."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from mien.analysis.metrics import Evaluation, evaluation
from mien.core.errors import ConfigError, DataError
from mien.core.identical import also_in
from mien.core.images import TEST, TRAIN, VAL, Bools, LabelledImages, Parts
from mien.core.left_out import LeftOut
from mien.core.predictions import Predictions
from mien.core.rundir import NETWORK, RunDir
from mien.core.shipped import opened
from mien.data.of_run import training_parts
from mien.models import registry
from mien.training.batches import Faces
from mien.training.checkpoint import onnx_into, weights_into
from mien.training.machine import Machine
from mien.training.processes import ALONE, Processes
from mien.training.views import TestTime, checked, views


@torch.inference_mode()
def logits(network: nn.Module, faces: Faces, machine: Machine, tta: TestTime = "none") -> torch.Tensor:
    """Logits float32 (n, k) on the CPU; of several views of each face, logs of their mean probabilities."""
    network.eval()
    found = []
    with machine.autocast():
        for inputs, _ in faces.in_order():
            seen = [network(_laid_out(view)).float() for view in views(inputs, tta)]
            one = seen[0] if len(seen) == 1 else torch.stack(seen).softmax(2).mean(0).log()
            found.append(one.cpu())
    return torch.cat(found)


def loss_and_accuracy(
    network: nn.Module, faces: Faces, machine: Machine, processes: Processes = ALONE
) -> tuple[float, float]:
    """Mean cross-entropy in nats, and the share of faces whose most probable class is their label."""
    own = faces.part(processes.share(len(faces)))
    found = processes.joined(logits(network, own, machine), len(faces))
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


def predict_held_out(
    run: RunDir, network: nn.Module, parts: Parts, machine: Machine, names: Iterable[str] = (VAL, TEST)
) -> None:
    """Keep in the run what its network says of those held-out parts that there are."""
    for part in names:
        if (faces := getattr(parts, part)) is not None:
            run.save_predictions(predict(network, faces, machine, part=part, run=run.name), part)


def network_of(run: RunDir, device: torch.device, weights: str | None = None) -> nn.Module:
    """A run's network with its chosen weights, or those of a file in it, ready to predict.

    Raises RunError where they are missing or damaged.
    """
    weights = weights or run.weights_name
    about = run.environment
    config = run.config
    network = registry.build(
        config.model, config.options, match=config.match, side=about["side"], classes=len(about["classes"])
    )
    into = onnx_into if weights == NETWORK else weights_into
    into(network, run.read(weights), f"run {run.path}: {weights}")
    return laid_out(network, device).eval()


def laid_out(network: nn.Module, device: torch.device) -> nn.Module:
    """The network on a device, its filters in channels-last order, which convolutions are fastest in."""
    moved: nn.Module = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return moved


def evaluate(
    run: RunDir | Path | str,
    faces: LabelledImages | Parts | None = None,
    *,
    part: str = VAL,
    tta: TestTime = "none",
    save: bool = True,
    without: LeftOut | None = None,
) -> Evaluation:
    """Measure a run, or a shipped network by its name, on a part of its data; a finished run keeps the predictions.

    faces    other faces, or other data in parts, in place of the data that the run names. Where the training part
             is known, the accuracy is also given without the pictures that stand in it too
    tta      the views of a face that are averaged: "none", "flip" (and its mirror image), "flip+shift" (18 views)
    without  faces that are left out of the measurement; those of the run's own data must be among it

    Raises ConfigError where the faces' classes or size differ from the run's; DataError where the part is missing.
    """
    run, tta = opened(run), checked(tta)
    machine = Machine.chosen(replace(run.config, device="auto"))
    parts = training_parts(run, naming=without) if faces is None else faces
    chosen, leaked = _kept(*_chosen(parts, part), without)
    check_fits(run.environment, chosen, run.name)
    predictions = predict(network_of(run, machine.device), chosen, machine, part=part, run=run.name, tta=tta)
    if save and run.finished:  # of an unfinished run they would soon be wrong
        run.save_predictions(predictions, _saved_name(run, chosen, part, tta))
    return evaluation(predictions, leaked)


def _chosen(faces: LabelledImages | Parts, part: str) -> tuple[LabelledImages, Bools | None]:
    """The faces that are measured, and which of them stand in the training part too, where that is another part."""
    found = faces_of(faces, part)
    if isinstance(faces, LabelledImages) or part == TRAIN:
        return found, None
    return found, also_in(found.pixels, faces.train.pixels)


def faces_of(faces: LabelledImages | Parts, part: str) -> LabelledImages:
    """This part of data in parts; faces without parts are taken as they are."""
    return faces if isinstance(faces, LabelledImages) else faces[part]


def _kept(
    faces: LabelledImages, leaked: Bools | None, without: LeftOut | None
) -> tuple[LabelledImages, Bools | None]:
    """The faces that nobody wants left out, and which of them are leaked; DataError where none stays."""
    if without is None:
        return faces, leaked
    rows = ~without.among(faces.ids)
    if not rows.any():
        raise DataError(f"{without.path}: names all {len(faces):,} faces that are to be measured")
    return faces.select(rows), None if leaked is None else leaked[rows]


def _saved_name(run: RunDir, faces: LabelledImages, part: str, tta: TestTime) -> str:
    """The part, for the run's own faces; with the beginning of their digest for others, so that none is replaced."""
    own = run.environment["digest"].get(part) == faces.digest
    return "-".join([part, *([] if own else [faces.digest[:8]]), *([] if tta == "none" else [tta])])


def check_fits(about: dict[str, Any], faces: LabelledImages, name: str) -> None:
    """ConfigError where faces have other classes or another size than those that a run was trained with."""
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
