"""Networks that were trained apart, side by side as one."""

import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch import nn

from mien.analysis.metrics import log_loss
from mien.analysis.shares import fitted_shares
from mien.core import spec
from mien.core.config import EQUAL, FITTED, TrainConfig
from mien.core.errors import ConfigError
from mien.core.history import Epoch, History
from mien.core.images import TEST, VAL, LabelledImages
from mien.core.predictions import Predictions
from mien.core.rundir import HISTORY, WEIGHTS, RunDir
from mien.core.shipped import opened
from mien.core.teachers import known
from mien.data.of_run import check_same_data, parts_of
from mien.models import registry
from mien.models.ensemble import EnsembleOptions, member_text
from mien.training.batches import Faces
from mien.training.checkpoint import weights_to_bytes
from mien.training.evaluate import laid_out, loss_and_accuracy, network_of, predict
from mien.training.fit import RUNS
from mien.training.machine import Machine
from mien.training.preparing import describe

MEASURED = 4096  # training faces at most


def join(
    runs: Sequence[RunDir | Path | str],
    out: Path | str | None = None,
    *,
    faces: LabelledImages | None = None,
    shares: str | Sequence[float] = EQUAL,
) -> RunDir:
    """A new run in the directory `out`, which must not exist: an ensemble of the networks of these runs.

    Nothing is trained: every member keeps its chosen epoch's weights, and logits are averaged. The runs may differ in
    all but their data. The history has one row: its training figures are those of at most 4,096 training faces, evenly
    spaced, as they are, its seconds those of joining.

    out     by default the next free runs/<model>-<number>
    faces   in place of what the runs' data names
    shares  "equal"; "fitted": those by which the labels of the validation faces are likeliest, of two decimals
            (mien.analysis.shares); or one number a run, with the sum 1, also as text: "0.6/0.4"

    Raises ConfigError where there are fewer than two runs, one is an ensemble itself, or the shares are impossible;
    RunError where one is missing or not finished, was trained on other data, or `out` exists.
    """
    began = time.perf_counter()
    found = [opened(run) for run in runs]
    config = _config(found, runs)
    read = parts_of(config, faces, found[0].path)
    for run in found:
        check_same_data(run, read.parts)
    machine = Machine.chosen(config)
    if shares == FITTED:
        shares = fitted_shares([_said(run, read.parts.val, machine) for run in found])
    if shares != EQUAL:
        options = {**config.options, "shares": shares}
        config = replace(config, options=spec.values("ensemble", EnsembleOptions, options))
    network = _network(config, found, machine.device)
    new = RunDir.create(Path(out) if out else RunDir.next_free(RUNS, config.model), config)
    describe(new, machine, network, read)
    some = Faces.of(read.parts.train, machine.device).part(
        slice(None, None, -(-len(read.parts.train) // MEASURED))
    )
    train_loss, train_accuracy = loss_and_accuracy(network, some, machine)
    new.write(WEIGHTS, weights_to_bytes(network, {"epoch": 1, "model": config.model}))
    for part in (VAL, TEST):
        if (asked := getattr(read.parts, part)) is not None:
            new.save_predictions(predict(network, asked, machine, part=part, run=new.name), part)
    said = new.predictions(VAL)
    row = Epoch(
        epoch=1,
        train_loss=train_loss,
        train_accuracy=train_accuracy,
        val_loss=log_loss(said.probs, said.labels),
        val_accuracy=float((said.probs.argmax(axis=1) == said.labels).mean()),
        learning_rate=0.0,
        seconds=time.perf_counter() - began,
    )
    new.write(HISTORY, History((row,)).to_csv().encode())
    return new


def _config(found: Sequence[RunDir], runs: Sequence[RunDir | Path | str]) -> TrainConfig:
    """What the joined run is: the data and machine of the first, the network of all."""
    if len(found) < 2:
        raise ConfigError(f"mien join: expected two finished runs or more, got {len(found)}")
    first = found[0].config
    return TrainConfig(
        data=first.data,
        split=first.split,
        skip_bad=first.skip_bad,
        without=first.without,
        without_reasons=first.without_reasons,
        model="ensemble",
        options={"of": tuple(_member(run.config) for run in found)},
        epochs=1,
        joined=tuple(known(run) for run in runs),
        seed=first.seed,
        precision=first.precision,
        device="auto",
    )


def _member(config: TrainConfig) -> str:
    """Its network as an ensemble names it; where its width was fitted, with all choices."""
    if config.match is None:
        return member_text(config.model, config.options)
    return member_text(
        config.model, asdict(registry.options(config.model, config.options, match=config.match))
    )


def _said(run: RunDir, faces: LabelledImages, machine: Machine) -> Predictions:
    return predict(network_of(run, machine.device), faces, machine, part=VAL, run=run.name)


def _network(config: TrainConfig, found: Sequence[RunDir], device: torch.device) -> nn.Module:
    """The members side by side, ready to predict."""
    about = found[0].environment
    network = registry.build(config.model, config.options, side=about["side"], classes=len(about["classes"]))
    members = network.get_submodule("members")
    for member, run in zip(members.children(), found, strict=True):
        member.load_state_dict(network_of(run, torch.device("cpu")).state_dict())
    return laid_out(network, device).eval()
