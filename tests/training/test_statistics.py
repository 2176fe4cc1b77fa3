import numpy as np
import pytest
import torch
from torch import nn

from mien.core.config import TrainConfig
from mien.core.images import PIXEL_MEAN, PIXEL_STD
from mien.training import quick, statistics
from mien.training.batches import Faces
from mien.training.machine import Machine

SIDE = 12
MACHINE = Machine.chosen(TrainConfig(device="cpu", precision="float32"))


def faces(count=30, seed=0):
    random = np.random.default_rng(seed)
    # darker to the left, so that mirror images differ
    pixels = random.integers(0, 200, (count, SIDE, SIDE)) + np.arange(SIDE) * 4
    return Faces(torch.tensor(pixels, dtype=torch.uint8), torch.zeros(count, dtype=torch.int64))


def network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.BatchNorm2d(1),
        nn.Conv2d(1, 16, 3, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Flatten(),
        nn.Linear(16 * (SIDE - 2) ** 2, 7),
    )


def measure(network, some, count, *, mirrored):
    statistics.measure(network, statistics.unvaried(some, count, mirrored=mirrored), MACHINE)


def shown(some, rows, mirrored):
    """The pixels of these faces as numpy would normalise them, every second one mirrored."""
    values = some.pixels.numpy()[rows].astype(float)
    values = (values / 255 - PIXEL_MEAN) / PIXEL_STD
    if mirrored:
        values[1::2] = values[1::2, :, ::-1]
    return values


@pytest.mark.parametrize(("count", "rows"), [(100, range(30)), (10, range(0, 30, 3))])
@pytest.mark.parametrize("mirrored", [False, True])
def test_mean_and_variance_are_those_of_the_faces_as_they_are(count, rows, mirrored):
    some, found = faces(), network()
    measure(found, some, count, mirrored=mirrored)
    values = shown(some, list(rows), mirrored)
    assert found[0].running_mean.item() == pytest.approx(values.mean(), abs=1e-6)
    assert found[0].running_var.item() == pytest.approx(values.var(ddof=1), rel=1e-5)
    normal = (values - values.mean()) / np.sqrt(values.var() + found[0].eps)
    filters = found[1].weight.detach().numpy()[:, 0]
    windows = np.lib.stride_tricks.sliding_window_view(normal, (3, 3), axis=(1, 2))
    behind = np.einsum("nyxij,kij->nkyx", windows, filters)
    assert found[2].running_mean.numpy() == pytest.approx(behind.mean((0, 2, 3)), abs=1e-5)
    assert found[2].running_var.numpy() == pytest.approx(behind.var((0, 2, 3), ddof=1), rel=1e-4)


def test_many_batches_count_alike(monkeypatch):
    monkeypatch.setattr(statistics, "EVALUATION_BATCH", 10)
    some, found = faces(), network()
    measure(found, some, 30, mirrored=False)
    batches = shown(some, slice(None), False).reshape(3, -1)
    assert found[0].running_mean.item() == pytest.approx(batches.mean(), abs=1e-6)
    assert found[0].running_var.item() == pytest.approx(batches.var(1, ddof=1).mean(), rel=1e-5)


@pytest.mark.parametrize("training", [False, True])
def test_nothing_else_changes(training):
    some, found = faces(), network().train(training)
    found[0].momentum = 0.3
    before = {name: value.clone() for name, value in found.state_dict().items()}
    measure(found, some, 30, mirrored=True)
    assert all(layer.training is training for layer in found.modules())
    assert (found[0].momentum, found[2].momentum) == (0.3, 0.1)
    changed = {name for name, value in found.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {"0.running_mean", "0.running_var", "2.running_mean", "2.running_var"}
    again = network()
    measure(again, some, 30, mirrored=True)  # no dropout, so no chance
    assert torch.equal(again[2].running_var, found[2].running_var)


def test_compiled_layers_measure_alike():
    some, plain = faces(), network()
    measure(plain, some, 30, mirrored=True)
    compiled = quick.use(network())
    measure(compiled, some, 30, mirrored=True)
    for mine, theirs in zip(compiled.buffers(), plain.buffers(), strict=True):
        assert torch.allclose(mine.float(), theirs.float(), rtol=1e-4, atol=1e-5)


def test_networks_without_batchnorm_stay_as_they_are():
    found = nn.Sequential(nn.Flatten(), nn.Linear(SIDE * SIDE, 7))
    measure(found, faces(), 30, mirrored=True)
    assert not list(found.buffers())
