"""When a run computes with compiled layers, and what is said where it cannot."""

import pytest
import torch
from torch import nn

import mien
from mien.core.config import TrainConfig
from mien.training import compiled, quick, winograd
from mien.training.machine import COMPILED, TORCH, Machine
from mien.training.progress import Progress


class Heard(Progress):
    """Keeps the plan."""

    def begin(self, plan):
        self.plan = plan


SMALL = {"stem": 16, "widths": (16, 16), "blocks": (1, 1), "head": 16}


@pytest.fixture
def fresh(monkeypatch):
    """Nothing remembered of what could be compiled, before and after."""
    for remembered in (quick.why_not, compiled.library):
        remembered.cache_clear()
    yield monkeypatch
    for remembered in (quick.why_not, compiled.library):
        remembered.cache_clear()


def machine(wanted="auto", precision="float32"):
    return Machine.chosen(TrainConfig(device="cpu", precision=precision)).with_layers(wanted)


def test_without_a_compiler_torch_computes_and_says_so(fresh):
    fresh.delenv("CC", raising=False)
    fresh.setenv("PATH", "")
    assert machine().layers == TORCH
    assert "torch layers (no C compiler (cc, gcc) is here)" in str(machine())


@pytest.mark.parametrize(
    ("compiler", "said"),
    [
        ("/bin/false -x", "/bin/false failed: it said nothing"),
        ("no-such-compiler", "no-such-compiler or what it makes"),
    ],
)
def test_a_compiler_that_fails_is_named(fresh, compiler, said):
    fresh.setenv("CC", compiler)
    assert machine().why_torch.startswith(said)


@pytest.mark.skipif(bool(quick.why_not()), reason=f"compiled layers: {quick.why_not()}")
def test_layers_that_compute_something_else_are_not_used(fresh):
    right = winograd._filter_gradient
    fresh.setattr(winograd, "_filter_gradient", lambda *given: right(*given) * 1.01)
    assert machine().why_torch == "compiled layers disagree with torch's here"


def test_torchs_layers_can_be_asked_for_and_serve_bfloat16():
    for one in (machine(wanted="torch"), machine(precision="bfloat16")):
        assert (one.layers, one.why_torch) == (TORCH, "")


def test_asking_leaves_random_numbers_and_modes_alone(fresh):
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    with torch.inference_mode():
        quick.why_not()
    assert torch.equal(torch.rand(2), expected)


@pytest.mark.skipif(bool(quick.why_not()), reason=f"compiled layers: {quick.why_not()}")
def test_a_run_goes_on_with_the_layers_it_began_with(tmp_path, faces):
    how = TrainConfig(
        model="dnn", options={"hidden": (8,)}, epochs=1, batch_size=32, device="cpu", precision="float32"
    )
    run = mien.train(how, faces, out=tmp_path / "run")
    assert run.environment["layers"] == COMPILED
    about = run.environment
    del about["layers"]  # as before there were others
    run.write_json("environment.json", about)
    heard = Heard()
    mien.resume(run, faces, progress=heard)
    assert ", torch layers" in heard.plan.machine


@pytest.mark.skipif(bool(quick.why_not()), reason=f"compiled layers: {quick.why_not()}")
def test_a_run_learns_the_same_and_says_what_it_ran_on(tmp_path, faces):
    runs = [
        mien.train(
            TrainConfig(
                model="trunk",
                options=SMALL,
                epochs=2,
                batch_size=32,
                precision="float32",
                device="cpu",
                layers=which,
            ),
            faces,
            out=tmp_path / which,
        )
        for which in ("auto", "torch")
    ]
    assert [run.environment["layers"] for run in runs] == [COMPILED, TORCH]
    first, second = (run.history.epochs[0] for run in runs)
    assert first.train_loss == pytest.approx(second.train_loss, rel=1e-4)
    assert first.val_loss == pytest.approx(second.val_loss, rel=1e-3)
    assert mien.evaluate(runs[0], faces, part="val").log_loss > 0


def test_what_a_shared_batch_normalises_stays_torchs():
    network = nn.Sequential(nn.Conv2d(16, 16, 3), nn.BatchNorm2d(16), nn.ReLU())
    quick.use(network, alone=False)
    assert type(network[1]) is nn.BatchNorm2d
    assert type(network[2]) is nn.ReLU
