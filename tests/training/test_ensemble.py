"""Ensembles: trained together each member is trained as alone; joined, they say what they said apart."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load

import mien
from mien.analysis.shares import fitted_shares
from mien.core.command import train_command
from mien.core.config import Distillation, KnownRun, TrainConfig
from mien.core.errors import ConfigError, RunError
from mien.core.images import VAL
from mien.core.rundir import WEIGHTS, RunDir
from mien.core.shipped import opened
from mien.models.ensemble import member_text
from mien.training.batches import Batch
from mien.training.distil import Remembered, Taught
from mien.training.mixup import Blend
from mien.training.objective import Labels
from mien.training.shipping import ship
from tests.conftest import small_faces

SHAPE = {"stem": 4, "widths": (8, 8), "blocks": (1, 1), "head": 8, "dropout": 0.0}
ONE = TrainConfig(
    model="trunk",
    options=SHAPE,
    epochs=2,
    batch_size=32,
    threads=1,
    precision="float32",
    mixup=0.2,
    keep_every=1,
)


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> list[RunDir]:
    """Finished runs that differ in their seed."""
    folder = tmp_path_factory.mktemp("apart")
    return [
        mien.train(replace(ONE, seed=seed), small_faces(), out=folder / f"seed-{seed}") for seed in (0, 1, 2)
    ]


def test_a_member_is_trained_as_alone(apart, tmp_path) -> None:
    of = (member_text("trunk", SHAPE),) * 2
    both = mien.train(
        replace(ONE, model="ensemble", options={"of": of}), small_faces(), out=tmp_path / "both"
    )
    last = "epochs/0002.safetensors"
    alone, together = load(apart[0].read(last)), load(both.read(last))
    for name, value in alone.items():  # the first member draws the same weights from the same seed
        assert torch.equal(together[f"members.0.{name}"], value), name
    assert not torch.equal(together["members.0.stem.0.weight"], together["members.1.stem.0.weight"])


@pytest.mark.parametrize("blended", [None, Blend(torch.tensor([2, 0, 1, 3]), 0.8)])
def test_the_loss_of_members_is_the_sum_of_theirs(blended) -> None:
    random = torch.Generator().manual_seed(0)
    logits = torch.randn(4, 3, 5, generator=random)
    rows = torch.arange(4)
    batch = Batch(inputs=torch.zeros(4, 1, 2, 2), labels=rows, rows=rows, blended=blended, views=0 * rows)
    how = Distillation(teachers=(KnownRun(path="a", digest=""),), alpha=0.6)
    taught = Taught(how, Labels(0.1), Remembered(torch.randn(1, 4, 1, 5, generator=random)))
    for objective in (Labels(0.1), taught):
        wanted = sum(float(objective(logits[:, member], batch)) for member in range(3))
        assert float(objective(logits, batch)) == pytest.approx(wanted, rel=1e-5)


def test_joined_runs_say_the_mean_of_their_logits(apart, tmp_path) -> None:
    run = mien.join(apart, tmp_path / "joined", faces=small_faces())
    said = np.stack([np.log(each.predictions(VAL).probs.astype(np.float64)) for each in apart])
    wanted = np.exp(said.mean(0))
    wanted /= wanted.sum(1, keepdims=True)
    found = run.predictions(VAL)
    assert found.probs == pytest.approx(wanted, abs=1e-5)
    assert run.has_predictions("test")
    assert run.finished
    [row] = run.history.epochs
    right = (wanted.argmax(1) == found.labels).mean()
    assert (row.val_accuracy, row.learning_rate) == (pytest.approx(right), 0.0)
    assert row.val_loss == pytest.approx(-np.log(wanted[range(len(wanted)), found.labels]).mean(), abs=1e-5)
    assert mien.evaluate(run, mien.split(small_faces()), save=False).accuracy == pytest.approx(right)
    assert [one.digest for one in run.config.joined] == [each.weights_digest for each in apart]
    assert TrainConfig.from_json(run.config.to_json()) == run.config
    words = [str(each.path) for each in apart]
    assert train_command(run.config, "out").split() == ["mien", "join", *words, "--out", "out"]
    before = run.read(WEIGHTS)
    assert mien.resume(run, small_faces()).read(WEIGHTS) == before
    with pytest.raises(ConfigError, match="mien join"):
        mien.train(run.config, small_faces(), out=tmp_path / "again")
    (run.path / "history.csv").unlink()  # as a kill leaves it
    with pytest.raises(RunError, match=f"making it was interrupted; again: mien join .* --out {run.path}"):
        mien.resume(run, small_faces())
    assert run.read(WEIGHTS) == before
    assert mien.join(apart, run.path, faces=small_faces()).finished
    assert run.read(WEIGHTS) == before
    with pytest.raises(RunError, match="exists already"):
        mien.join(apart, run.path, faces=small_faces())


def test_shares_are_fitted_on_validation_faces_or_given(apart, tmp_path) -> None:
    run = mien.join(apart, tmp_path / "joined", faces=small_faces(), shares="fitted")
    shares = fitted_shares([each.predictions(VAL) for each in apart])
    assert run.config.options["shares"] == pytest.approx(shares, abs=0.011)
    shares = run.config.options["shares"]
    logs = [np.log(each.predictions(VAL).probs.astype(np.float64)) for each in apart]
    wanted = np.exp(np.tensordot(shares, logs, 1))
    assert run.predictions(VAL).probs == pytest.approx(wanted / wanted.sum(1, keepdims=True), abs=1e-5)
    said = "/".join(map(str, shares))
    assert train_command(run.config, "out").endswith(f" --shares {said} --out out")
    card = ship(
        run, tmp_path / "small", commit="c", faces=small_faces()
    )  # with proof that the file says the same
    assert f",shares={said}" in card.model
    assert f" --shares {said} --out " in card.command
    given = mien.join(apart, tmp_path / "given", faces=small_faces(), shares=said)
    assert given.config == run.config
    assert given.predictions(VAL).probs == pytest.approx(run.predictions(VAL).probs)
    with pytest.raises(ConfigError, match=r"expected 3 shares of at least 0 with the sum 1, got 0\.5/0\.5"):
        mien.join(apart, tmp_path / "out", faces=small_faces(), shares=(0.5, 0.5))
    with pytest.raises(ConfigError, match="shares: expected a number, got most"):
        mien.join(apart, tmp_path / "out", faces=small_faces(), shares="most")
    assert not (tmp_path / "out").exists()


def test_networks_of_different_kinds_are_joined(apart, tmp_path) -> None:
    fitted = replace(ONE, model="dnn", options={"hidden": (4, 4)}, match="pocket", epochs=1)
    dnn = mien.train(fitted, small_faces(), out=tmp_path / "dnn")
    run = mien.join([dnn, apart[0]], tmp_path / "joined", faces=small_faces())
    assert run.environment["parameters"]["with_statistics"] == sum(
        each.environment["parameters"]["with_statistics"] for each in (dnn, apart[0])
    )
    assert run.finished


def test_a_joined_run_is_shipped_with_the_runs_that_made_it(apart, tmp_path, monkeypatch) -> None:
    run = mien.join(apart[:2], tmp_path / "joined", faces=small_faces())
    card = ship(run, tmp_path / "weights/small", commit="c", faces=small_faces())
    assert [one.name for one in card.begun_with] == ["seed-0", "seed-1"]
    assert card.command == "mien join runs/seed-0 runs/seed-1 --out runs/small"
    text = (tmp_path / "weights/small/card.md").read_text()
    block = text.split("```")[1].strip().splitlines()
    best = [each.history.best.epoch for each in apart[:2]]
    assert [line.split("  # ")[1:] for line in block] == [[f"epoch {one} of 2"] for one in best] + [[]]
    assert block[-1] == card.command
    monkeypatch.setattr("mien.core.shipped.FOLDER", tmp_path / "weights")
    shipped = opened("small")
    assert shipped.config.joined[0].path == "seed-0"
    found = mien.evaluate(shipped, mien.split(small_faces()), save=False)
    assert found.accuracy == pytest.approx(card.measured[0].figures.accuracy)


@pytest.mark.parametrize("others", [1, 0])
def test_a_member_that_comes_with_mien_is_had_by_its_name(apart, tmp_path, monkeypatch, others) -> None:
    monkeypatch.setattr("mien.core.shipped.FOLDER", tmp_path / "weights")
    ship(apart[0], tmp_path / "weights/small", commit="c", faces=small_faces())
    run = mien.join(["small", apart[1] if others else "small"], tmp_path / "joined", faces=small_faces())
    card = ship(run, tmp_path / "weights/pair", commit="c", faces=small_faces())
    assert len(card.begun_with) == others
    assert card.command.startswith("mien join small ")


def test_what_cannot_be_joined_is_said(apart, tmp_path: Path) -> None:
    faces = small_faces()
    with pytest.raises(ConfigError, match="two finished runs or more, got 1"):
        mien.join(apart[:1], tmp_path / "out", faces=faces)
    pair = mien.join(apart[:2], tmp_path / "pair", faces=faces)
    with pytest.raises(ConfigError, match="not another ensemble"):
        mien.join([apart[0], pair], tmp_path / "out", faces=faces)
    with pytest.raises(RunError, match="are not those that it was trained with"):
        mien.join(apart, tmp_path / "out", faces=small_faces(seed=1))
    with pytest.raises(RunError, match="exists already"):
        mien.join(apart, apart[0].path, faces=faces)
    assert not (tmp_path / "out").exists()
