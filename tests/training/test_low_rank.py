"""Filters of lower rank: nothing is lost at full rank, as little as can be below, and the mean stays."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import mien
from mien.core.config import TrainConfig
from mien.core.errors import ConfigError
from mien.core.teachers import known
from mien.models import registry
from mien.models.trunk import LowRank
from mien.training.begin import first_network
from mien.training.evaluate import network_of
from mien.training.low_rank import lower
from tests.conftest import small_faces

SHAPE = {"stem": 4, "widths": (6, 8), "blocks": (1, 1), "head": 10}


def made(**changes) -> nn.Module:
    """A trunk with statistics as after training."""
    torch.manual_seed(0)
    network = registry.build("trunk", SHAPE | changes)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 1.5)
    return network.eval()


@pytest.fixture
def inputs() -> list[torch.Tensor]:
    return list(torch.randn(3, 5, 1, 48, 48, generator=torch.Generator().manual_seed(1)))


def test_at_full_rank_nothing_is_lost(inputs) -> None:
    before, network = made(), made()
    lower(network, made(ranks=(0, 8, 10)), inputs)
    assert sum(isinstance(module, LowRank) for module in network.modules()) == 3
    assert torch.allclose(network(inputs[0]), before(inputs[0]), atol=1e-5)


def test_the_error_is_the_variance_that_is_left_out(inputs) -> None:
    whole, network = made(), made()
    lower(network, made(ranks=(0, 0, 3)), inputs)
    had, has = [], []
    whole.head[0].register_forward_hook(lambda _layer, _in, out: had.append(out))
    network.head[0].register_forward_hook(lambda _layer, _in, out: has.append(out))
    with torch.no_grad():
        for one in inputs:
            whole(one)
            network(one)
    rows = torch.cat(had).transpose(0, 1).flatten(1).double().numpy()  # (channels, places)
    few = torch.cat(has).transpose(0, 1).flatten(1).double().numpy()
    # what BatchNorm's mean takes up belongs to the layer
    few += (whole.head[1].running_mean - network.head[1].running_mean).double().numpy()[:, None]
    spread = np.linalg.eigvalsh(np.cov(rows, bias=True))
    assert ((rows - few) ** 2).sum(0).mean() == pytest.approx(spread[:-3].sum(), rel=1e-4)
    assert few.mean(1) == pytest.approx(rows.mean(1), abs=1e-5)


def test_a_run_begins_with_the_nearest_filters_of_another(tmp_path) -> None:
    config = TrainConfig(
        model="trunk", options=SHAPE, epochs=1, batch_size=32, precision="float32", threads=1
    )
    first = mien.train(config, small_faces(), out=tmp_path / "first")
    faces = mien.split(small_faces()).train
    low = replace(config, options=SHAPE | {"ranks": (0, 0, 9)}, init=known(first))
    begun, theirs = first_network(low, faces).eval(), network_of(first, torch.device("cpu"))
    shown = torch.randn(4, 1, 48, 48)
    assert torch.allclose(begun(shown), theirs(shown), atol=0.05)
    assert not torch.equal(begun(shown), theirs(shown))
    second = mien.train(low, small_faces(), out=tmp_path / "second")
    assert second.finished
    with pytest.raises(ConfigError, match="does not begin"):  # nothing is put back
        first_network(replace(config, init=known(second)), faces)
