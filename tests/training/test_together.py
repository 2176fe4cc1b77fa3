"""Several processes against one: the same sums, gradients and masks, the same runs, and clear ends."""

import os
import shutil
import signal
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load
from torch import nn

import mien
from mien.core.config import NO_AUGMENTATION, Distillation, KnownRun
from mien.core.errors import ConfigError, DataError, MissingExtra, RunError
from mien.core.rundir import CHECKPOINT, WEIGHTS, RunDir
from mien.models._blocks import Dropout, Part, torch_mask
from mien.training import fit
from mien.training.processes import ALONE, current
from mien.training.shared_batch_norm import share_batch_norms
from tests.conftest import small_faces
from tests.training.several import run_together

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs forkserver and kill -9")

ROWS, CHANNELS = 7, 3  # 7 rows are 3, 2 and 2 in three processes
CNN = {"filters": (4, 8), "kernels": (3, 3), "padding": ("same", "same"), "dense": (16,)}
# A small rate: at a larger one the rounding of the first steps grows, however the same numbers are added up.
CONFIG = mien.TrainConfig(
    model="cnn", options=CNN, epochs=3, batch_size=31, learning_rate=0.01, precision="float32", threads=1
)
# In float32 after some steps, of the norm of a tensor: where rounding moves a value over a kink of an activation,
# single entries move further. With statistics, masks or means of their own, processes differ by 1e-1 and more.
RTOL = 3e-4


def values(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * 3 + 20


def normalised(layer, own, ramp):
    """Output, gradients and statistics of a BatchNorm; the loss weights every value by a ramp."""
    own.requires_grad_()
    out = layer(own)
    (out * ramp).sum().backward()
    bn = next(layer.children())
    return [each.detach().numpy() for each in (out, own.grad, bn.weight.grad, bn.bias.grad)], [
        bn.running_mean.numpy(),
        bn.running_var.numpy(),
    ]


def sums_and_errors():
    """What the processes agree on, and what each is told where one of them fails."""
    these = current()
    own = torch.arange(ROWS, dtype=torch.float32)[these.share(ROWS)].requires_grad_()
    whole = these.joined(own, ROWS)
    (whole**2).sum().backward()
    layer = nn.Sequential(nn.BatchNorm2d(CHANNELS))
    share_batch_norms(layer)
    share = these.share(ROWS)
    batch, ramp = values(ROWS, CHANNELS, 2, 2), values(ROWS, CHANNELS, 2, 2, seed=1)
    return {
        "whole": whole.tolist(),
        "gradient": own.grad.tolist(),
        "first": these.first(lambda: these.rank + 10),
        "everyone": these.everyone(lambda: these.rank),
        "errors": [
            said(lambda: these.first(lambda: fail(DataError("no data")))),
            said(lambda: these.everyone(lambda: fail(RunError("full")) if these.rank == 1 else None)),
            said(
                lambda: these.everyone(lambda: fail(MissingExtra("x", "lab", "y")) if these.is_first else 0)
            ),
            said(lambda: these.check_same({"one": "1", "data": str(these.rank == 2)})),
            said(lambda: these.take(torch.device("cuda"))),
        ],
        "normalised": normalised(layer, batch[share].clone(), ramp[share]),
        "words": these.has_the_word(),
    }


def fail(error):
    raise error


def said(work):
    try:
        return work()
    except (DataError, RunError, ConfigError, MissingExtra) as error:
        return f"{type(error).__name__}: {error}"


@pytest.fixture(scope="module")
def three():
    return run_together(3, sums_and_errors)


def test_rows_are_joined_and_gradients_pass_to_the_own_ones(three):
    for heard in three:
        assert heard["whole"] == list(range(ROWS))
    assert [heard["gradient"] for heard in three] == [[0, 2, 4], [6, 8], [10, 12]]


def test_the_first_works_for_all_and_all_for_themselves(three):
    assert [heard["first"] for heard in three] == [10, 10, 10]
    assert [heard["everyone"] for heard in three] == [0, 1, 2]
    assert sorted(heard["words"] for heard in three) == [False, False, True]


def test_an_error_in_one_is_one_in_all(three):
    for rank, heard in enumerate(three):
        first, second, third, differing, gpu = heard["errors"]
        assert first == "DataError: no data"
        assert second == "RunError: full (in process 2 of 3)"
        assert third.startswith("MissingExtra: y needs x, which is not installed")
        assert differing.startswith("ConfigError: the data of process 3 of 3 differ from those of the first")
        assert gpu.startswith(
            f"ConfigError: device: process {rank + 1} of this machine has no GPU of its own"
        )


def test_a_shared_batch_norm_is_that_of_the_whole_batch(three):
    layer = nn.Sequential(nn.BatchNorm2d(CHANNELS))
    batch, ramp = values(ROWS, CHANNELS, 2, 2), values(ROWS, CHANNELS, 2, 2, seed=1)
    (out, gradient, of_weight, of_bias), statistics = normalised(layer, batch, ramp)
    theirs = [heard["normalised"][0] for heard in three]
    for place, whole in ((0, out), (1, gradient)):
        joined = np.concatenate([each[place] for each in theirs])
        assert joined == pytest.approx(whole, rel=1e-4, abs=1e-5)
    for place, whole in ((2, of_weight), (3, of_bias)):
        assert sum(each[place] for each in theirs) == pytest.approx(whole, rel=1e-4, abs=1e-4)
    for heard in three:
        for mine, whole in zip(heard["normalised"][1], statistics, strict=True):
            assert mine == pytest.approx(whole, rel=1e-5)


def test_a_part_of_a_batch_is_dropped_as_in_the_whole():
    batch = values(ROWS, CHANNELS, 5).requires_grad_()
    layer, nothing = Dropout(0.4), Dropout(0.4).eval()
    torch.manual_seed(3)
    whole = layer(batch)
    for start, stop in ((0, 3), (3, 5), (5, 7)):
        layer.part = Part(start, stop, ROWS)
        torch.manual_seed(3)
        assert torch.equal(layer(batch[start:stop]), whole[start:stop])
        assert nothing(batch) is batch
        torch.manual_seed(3)
        theirs = nn.functional.dropout(torch.ones_like(batch), 0.4)
        torch.manual_seed(3)
        assert torch.equal(torch_mask(batch[start:stop], layer.part, 0.4), theirs[start:stop])


def trained(config, out):
    """A run in each process; how it ended as each sees it."""
    run = mien.train(config, small_faces(), out=out)
    return run.path, run.history.epochs[-1].val_loss


def assert_same(one: RunDir, two: RunDir):
    """Networks, averaged networks, histories and predictions, to rounding."""
    mine, theirs = (load(run.read(CHECKPOINT)) for run in (one, two))
    assert mine.keys() == theirs.keys()
    for name, tensor in mine.items():
        if not name.startswith("optimizer"):
            assert float((theirs[name] - tensor).float().norm()) <= RTOL * float(tensor.float().norm()), name
    for part in ("val", "test"):
        assert (one.predictions(part).ids == two.predictions(part).ids).all()
        assert two.predictions(part).probs == pytest.approx(one.predictions(part).probs, abs=RTOL)
    for mine, theirs in zip(one.history.epochs, two.history.epochs, strict=True):
        assert theirs.train_loss == pytest.approx(mine.train_loss, rel=RTOL)
        assert theirs.val_loss == pytest.approx(mine.val_loss, rel=RTOL)


@pytest.mark.parametrize(
    "changes",
    [
        {"mixup": 0.4},
        {
            "model": "dnn",
            # under BatchNorm some biases' gradients are nothing but rounding, which Adam makes steps of
            "options": {"hidden": (16,), "batch_norm": False},
            "optimizer": "adamw",
            "learning_rate": 1e-3,
            "ema": 0.0,
            "epochs": 2,
            "batch_size": 21,
        },
        {
            "model": "ensemble",
            "options": {
                "of": ("trunk+stem=4+widths=8+blocks=1+head=4+squeeze=0+activation=silu", "dnn+hidden=8")
            },
            "epochs": 2,
            "learning_rate": 0.1,
        },
    ],
    ids=["cnn with mixup", "dnn with adamw", "an ensemble"],
)
def test_two_processes_train_as_one(tmp_path, changes):
    config = replace(CONFIG, **changes)
    one = mien.train(config, small_faces(), out=tmp_path / "one")
    found = run_together(2, trained, config, tmp_path / "two")
    two = RunDir.open(tmp_path / "two")
    assert found == [(two.path, two.history.epochs[-1].val_loss)] * 2
    assert_same(one, two)
    assert (one.environment["processes"], two.environment["processes"]) == (1, 2)


def test_two_students_of_live_teachers_learn_as_one(tmp_path):
    plain = replace(CONFIG, model="dnn", options={"hidden": (8,)}, epochs=1)
    teacher = mien.train(plain, small_faces(), out=tmp_path / "teacher")
    how = Distillation(teachers=(KnownRun(path=str(teacher.path), digest=teacher.weights_digest),))
    config = replace(plain, distillation=how, mixup=0.4, epochs=2, augmentation=NO_AUGMENTATION)
    one = mien.train(config, small_faces(), out=tmp_path / "one")
    run_together(2, trained, config, tmp_path / "two")
    assert_same(one, RunDir.open(tmp_path / "two"))


def killed_in_second_epoch(config, out):
    """The second process is killed in the middle of the second epoch; what the first one says then."""
    steps = []
    step = fit._Fit._step

    def counted(self, batch, side):
        steps.append(batch)
        if current().rank == 1 and len(steps) == self.steps + 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return step(self, batch, side)

    fit._Fit._step = counted
    return said(lambda: mien.train(config, small_faces(), out=out))


def test_a_killed_process_ends_all_and_both_ways_to_go_on_end_alike(tmp_path):
    path = tmp_path / "run"
    first, second = run_together(2, killed_in_second_epoch, CONFIG, path)
    assert second == -signal.SIGKILL
    assert first == (
        f"RunError: {path}: another process of this training was killed or ended by itself, so all end; finished "
        f"epochs are safe. Go on with: torchrun --nproc-per-node 2 -m mien train --resume {path}"
    )
    assert len(RunDir.open(path).history) == 1
    shutil.copytree(path, tmp_path / "copy")
    run_together(2, resumed, path)
    run_together(2, trained, CONFIG, tmp_path / "unbroken")
    unbroken = RunDir.open(tmp_path / "unbroken")
    assert RunDir.open(path).read(WEIGHTS) == unbroken.read(WEIGHTS)
    assert_same(unbroken, mien.resume(tmp_path / "copy", small_faces()))


def resumed(path):
    mien.resume(path, small_faces())


def refusals(taken):
    """What each process is told of choices that cannot be."""
    few, plain = small_faces(30, classes=2), replace(CONFIG, model="dnn", options={"hidden": (4,)})
    own = small_faces(seed=current().rank)
    new = taken.with_name("new")
    return [
        said(lambda: mien.train(plain, small_faces(), out=taken)),
        said(lambda: mien.train(plain, own, out=new)),
        said(lambda: mien.train(replace(plain, batch_size=2), few, out=new)),
        said(lambda: mien.resume(new, few)),
        new.exists(),
    ]


def test_what_cannot_be_is_said_in_every_process_and_leaves_no_directory(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "notes.txt").touch()
    for taken, differing, few, missing, exists in run_together(3, refusals, tmp_path / "run"):
        assert taken.startswith(f"RunError: {tmp_path / 'run'} exists already")
        assert differing.startswith("ConfigError: the training faces of process 2 of 3 differ")
        assert few.startswith("ConfigError: 3 processes share batches of 2 faces: start fewer")
        assert missing.startswith(f"RunError: {tmp_path / 'new'} is not a run")
        assert not exists


def test_without_torchruns_word_there_is_one_process(monkeypatch):
    for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    assert current() is ALONE
    monkeypatch.setenv("WORLD_SIZE", "8")  # as some schedulers set it for themselves
    assert current() is ALONE
