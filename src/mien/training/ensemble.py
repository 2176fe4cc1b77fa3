"""Networks that were trained apart, side by side as one."""

import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mien.analysis.shares import fitted_shares
from mien.core import spec
from mien.core.config import EQUAL, FITTED, TrainConfig
from mien.core.images import VAL, LabelledImages
from mien.core.predictions import Predictions
from mien.core.rundir import RunDir
from mien.models import registry
from mien.models.ensemble import EnsembleOptions, member_text
from mien.training.evaluate import laid_out, network_of, predict
from mien.training.machine import Machine
from mien.training.made import Runs, made_of, written


def join(
    runs: Runs,
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
    found, read, config = made_of("join", runs, faces)
    options: dict[str, Any] = {"of": tuple(_member(run.config) for run in found)}
    config = replace(config, model="ensemble", options=options, match=None)
    machine = Machine.chosen(config)
    if shares == FITTED:
        shares = fitted_shares([_said(run, read.parts.val, machine) for run in found])
    if shares != EQUAL:
        options["shares"] = shares
        config = replace(config, options=spec.values("ensemble", EnsembleOptions, options))
    return written(_network(config, found, machine.device), config, read, machine, out, began)


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
