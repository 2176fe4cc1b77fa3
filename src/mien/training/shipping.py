"""From a finished run to a network that is handed on: fewer bytes, measured anew, with its card."""

import copy
import json
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import torch
from torch import nn

from mien.analysis.metrics import evaluation
from mien.analysis.model_card import BegunWith, Measured, ModelCard, TrainedOn, WeightsFile
from mien.analysis.temperature import temperature
from mien.core.command import spec_text, train_command
from mien.core.config import KnownRun, StoredScores, TrainConfig
from mien.core.errors import ConfigError, RunError
from mien.core.identical import also_in
from mien.core.images import TEST, TRAIN, VAL, LabelledImages, Parts
from mien.core.network_about import NetworkAbout
from mien.core.rundir import CONFIG, COSTS, ENVIRONMENT, HISTORY, INT8, NETWORK, RunDir
from mien.core.shipped import CARD, CARD_TEXT, card, names, opened
from mien.core.teachers import run_of
from mien.data.drawn import draw
from mien.data.of_run import own_parts
from mien.models._blocks import count_parameters
from mien.training import eight_bits
from mien.training.batches import normalise
from mien.training.evaluate import laid_out, network_of, predict
from mien.training.export import PROOF_FACES, check_says_the_same, network_about, proof_path, shipped_about
from mien.training.machine import Machine
from mien.training.onnx_graph import onnx_bytes
from mien.training.views import TestTime

Known = TypeVar("Known", KnownRun, StoredScores)

NUMBERS = ("float16", "float32", "int8")
DRAWN_FACES = 8
VIEWS: tuple[TestTime, ...] = ("none", "flip", "flip+shift")


def ship(
    run: RunDir | Path | str,
    out: Path | str,
    *,
    commit: str,
    faces: LabelledImages | None = None,
    numbers: str = "float16",
    most_bytes: int | None = None,
) -> ModelCard:
    """Write a finished run's network to the directory `out`, as mien.core.shipped opens it, and return its card.

    What is there already is replaced file by file, the card last. The figures are those of the rounded weights on
    the validation part, computed in float32; the test part is not looked at. A network that comes with mien, by its
    name, is shipped again in other numbers. What predicts in its place (mien.core.rundir.INT8) is removed: it was made
    of other weights, and mien export makes it anew.

    commit      of the code that ships it
    faces       in place of the data that the run names
    numbers     "float16", "float32" or "int8", which the weights are rounded to; int8 leaves small ones in float16
    most_bytes  that the file of the network may take

    Raises RunError where the run is not finished, the data has changed, the weights do not fit the numbers or the
    bytes, or the file says something else than the network; nothing is written then.
    """
    source = opened(run)
    if not (source.finished or source.has(CARD)):
        raise RunError(f"run {source.path} is not finished: go on with mien train --resume {source.path}")
    parts = own_parts(source, faces)
    network = _rounded(source, numbers)
    begun_with = _told_before(source) if source.has(CARD) else _begun_with(source.config)
    # figures are to come out alike on every processor, so it predicts in float32
    shown = replace(_without_places(source.config), precision="float32", device="auto", threads=0)
    measured = _measured(network, shown, parts, Path(out).name)
    about = network_about(source, measured[0].temperature)
    if source.has(CARD):  # its weights stay those of the run that it was
        about = replace(about, weights=shipped_about(source).weights)
    content = _content(network, source, about, most_bytes)
    target = _copied(source, Path(out), shown, content)
    card = _card(source, target, network, parts, measured, begun_with, commit, numbers)
    target.write(CARD_TEXT, card.to_markdown().encode())
    target.write(CARD, card.to_json().encode())
    return card


def _rounded(run: RunDir, numbers: str) -> nn.Module:
    """The chosen epoch's network in these numbers; RunError where one of them is too large for them."""
    if numbers not in NUMBERS:
        raise ConfigError(f"numbers: expected {' or '.join(NUMBERS)}, got {numbers}")
    network = network_of(run, torch.device("cpu"))
    for name, values in network.state_dict().items():
        if values.is_floating_point():
            values.copy_(_nearest(values, numbers))
        if not values.isfinite().all():
            raise RunError(f"run {run.path}: {name} holds a number that {numbers} cannot hold; ship float32")
    return network


def _nearest(values: torch.Tensor, numbers: str) -> torch.Tensor:
    """The nearest that these numbers hold."""
    if numbers == "int8" and eight_bits.fits(array := values.numpy()):
        return torch.from_numpy(eight_bits.nearest(array))
    return values if numbers == "float32" else values.half()


def _content(network: nn.Module, run: RunDir, about: NetworkAbout, most_bytes: int | None) -> bytes:
    """The network as ONNX, after proof that it says the same; RunError where it does not, or takes too many bytes."""
    content = onnx_bytes(network, about)
    if most_bytes is not None and len(content) > most_bytes:
        raise RunError(f"run {run.path}: its network takes {len(content):,} bytes, more than {most_bytes:,}")
    check_says_the_same(run, network, content, PROOF_FACES)
    return content


def _copied(source: RunDir, out: Path, config: TrainConfig, content: bytes) -> RunDir:
    """The run without its checkpoint and predictions, and without what only means something where it was trained."""
    out.mkdir(parents=True, exist_ok=True)
    target = RunDir(out)
    for name in (HISTORY, COSTS):
        target.write(name, source.read(name))
    environment = {name: value for name, value in source.environment.items() if name != "platform"}
    target.write(ENVIRONMENT, (json.dumps(environment, indent=2) + "\n").encode())
    for path in (out / INT8, proof_path(out / INT8)):
        path.unlink(missing_ok=True)
    target.write(NETWORK, content)
    target.write(CONFIG, config.to_json().encode())
    return target


def _without_places(config: TrainConfig) -> TrainConfig:
    """The same choices, data, suspects and teachers named without the folders in which they lay."""
    how = config.distillation
    if how is not None:
        stored = how.stored and _placeless(how.stored)
        how = replace(how, teachers=tuple(map(_placeless, how.teachers)), stored=stored)
    data = config.data if config.data.startswith("drawn") else Path(config.data).name
    without = config.without and Path(config.without).name
    return replace(
        config,
        data=data,
        distillation=how,
        without=without,
        init=config.init and _placeless(config.init),
        joined=tuple(map(_placeless, config.joined)),
    )


def _placeless(known: Known) -> Known:
    """Known by its name alone."""
    return replace(known, path=Path(known.path).name)


def _card(
    source: RunDir,
    target: RunDir,
    network: nn.Module,
    parts: Parts,
    measured: tuple[Measured, ...],
    begun_with: tuple[BegunWith, ...],
    commit: str,
    numbers: str,
) -> ModelCard:
    config, environment = _without_places(source.config), source.environment
    content = target.read(NETWORK)
    return ModelCard(
        name=target.name,
        model=spec_text(config.model, config.options),
        parameters=count_parameters(network).with_statistics,
        multiplications=int(source.costs.forward.multiplications),
        file=WeightsFile(
            name=NETWORK, bytes=len(content), sha256=sha256(content).hexdigest(), numbers=numbers
        ),
        command=_own_command(source, target.name),
        recipe=card(source)["recipe"] if source.has(CARD) else asdict(config),
        commit=commit,
        data=TrainedOn(
            name=Path(config.data).name,
            classes=tuple(environment["classes"]),
            parts=_part_names(parts),
            faces=environment["faces"],
            digest=environment["digest"],
        ),
        best_epoch=source.history.best.epoch,
        history=tuple(source.history.to_rows()),
        measured=measured,
        begun_with=begun_with,
        drawn=drawn_scores(target),
    )


def _begun_with(config: TrainConfig, *, gone: bool = False) -> tuple[BegunWith, ...]:
    """The runs that it builds on, each after its own; a network that comes with mien is had by its name.

    gone  they may be missing, and are left out then: of who taught, nothing is in the weights
    """
    found: dict[str, BegunWith] = {}  # by name: members may have begun with the same run
    taught = config.distillation.teachers if config.distillation else ()
    others = filter(None, (config.init, *config.joined))
    for known, may_be_gone in (*((each, True) for each in taught), *((each, gone) for each in others)):
        if known.path in names():
            continue
        try:
            run = run_of(known)
        except RunError:
            if may_be_gone:
                continue
            raise
        own = () if run.has(CARD) else (*_begun_with(run.config, gone=may_be_gone), _begun(run))
        told = own or _told_by_card(run)
        found |= {one.name: one for one in told if one.name not in found}
    return tuple(found.values())


def _begun(run: RunDir) -> BegunWith:
    return BegunWith(
        name=run.name,
        command=_command(run.config, run.name),
        best_epoch=run.history.best.epoch,
        history=tuple(run.history.to_rows()),
    )


def _told_by_card(run: RunDir) -> tuple[BegunWith, ...]:
    """Of a network that came with another version of mien: what it began with may be gone, its card is not."""
    old = card(run)
    own = replace(_begun(run), command=_own_command(run, run.name))
    return (*_told_before(run), replace(own, commit=old["commit"]))


def _told_before(run: RunDir) -> tuple[BegunWith, ...]:
    """What the card of a network that comes with mien says it began with, by the code of its time."""
    old = card(run)
    before = (BegunWith(**one) for one in old.get("begun_with", ()))
    return tuple(replace(one, commit=one.commit or old["commit"]) for one in before)


def _own_command(run: RunDir, name: str) -> str:
    """Makes a run anew as runs/<name>: as its card has it, where it came with mien, for it was shipped in float32."""
    if not run.has(CARD):
        return _command(run.config, name)
    old = card(run)
    command: str = old["command"].replace(f" --out runs/{old['name']}", f" --out runs/{name}")
    return command


def _command(config: TrainConfig, name: str) -> str:
    """Makes it anew as runs/<name>, from the runs of their names beside it where it builds on some."""
    placed = replace(
        _without_places(config),
        init=config.init and _beside(config.init),
        joined=tuple(map(_beside, config.joined)),
    )
    if config.distillation and placed.distillation:
        teachers = tuple(map(_beside, config.distillation.teachers))
        placed = replace(placed, distillation=replace(placed.distillation, teachers=teachers))
    return train_command(placed, f"runs/{name}")


def _beside(run: KnownRun) -> KnownRun:
    return run if run.path in names() else replace(run, path=f"runs/{Path(run.path).name}")


def drawn_scores(run: RunDir) -> tuple[tuple[float, ...], ...]:
    """What a network says of the first drawn faces, so that it can be known again without data; on the CPU.

    Probabilities with six decimals, one row a face; none where it takes faces of another size.
    """
    faces = draw(DRAWN_FACES, seed=0).faces
    if faces.side != run.environment["side"]:
        return ()
    network = network_of(run, torch.device("cpu"))
    with torch.inference_mode():
        scores = network(normalise(torch.tensor(faces.pixels))).double().softmax(1)
    return tuple(tuple(round(score, 6) for score in row) for row in scores.tolist())


def _part_names(parts: Parts) -> dict[str, str]:
    """The parts as the data itself calls them; those that have no single name there are left out."""
    spelled = {
        part: set(faces.split.tolist()) for part in (TRAIN, VAL, TEST) if (faces := getattr(parts, part))
    }
    names = {part: str(found.pop()) for part, found in spelled.items() if len(found) == 1}
    # where FER2013 comes without its last part, the card still says that it was not looked at
    return ({TEST: "PrivateTest"} if names.get(VAL) == "PublicTest" else {}) | names


def _measured(network: nn.Module, config: TrainConfig, parts: Parts, name: str) -> tuple[Measured, ...]:
    """Figures of the shipped weights on the validation part, one for each set of views."""
    machine = Machine.chosen(config)
    leaked = also_in(parts.val.pixels, parts.train.pixels)
    here = laid_out(copy.deepcopy(network), machine.device).eval()
    found = []
    for tta in VIEWS:
        predictions = predict(here, parts.val, machine, part=VAL, run=name, tta=tta)
        figures = evaluation(predictions, leaked)
        found.append(Measured(tta=tta, temperature=temperature(predictions), figures=figures))
    return tuple(found)
