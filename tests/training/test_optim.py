import math

import pytest
import torch
from torch import nn

from mien.core.config import TrainConfig
from mien.training import optim


@pytest.mark.parametrize("schedule", ["one-cycle", "cosine", "constant"])
def test_every_schedule_rises_to_its_highest_and_never_above(schedule):
    config = TrainConfig(learning_rate=0.1, warmup=0.2, schedule=schedule)
    rates = [optim.learning_rate(config, step / 1000) for step in range(1001)]
    assert max(rates) == pytest.approx(0.1)
    assert rates[200] == pytest.approx(0.1)
    assert rates[100] == pytest.approx(0.1 * (0.001 + 0.999 * 0.5))
    assert rates[-1] == pytest.approx(0.1 if schedule == "constant" else 1e-4)


def test_cosine_equals_torch():
    config = TrainConfig(learning_rate=0.1, warmup=0.0, schedule="cosine")
    reference = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    annealing = torch.optim.lr_scheduler.CosineAnnealingLR(reference, T_max=100, eta_min=1e-4)
    for step in range(100):
        assert optim.learning_rate(config, step / 100) == pytest.approx(annealing.get_last_lr()[0], rel=1e-6)
        reference.step()
        annealing.step()


def test_only_weights_decay():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2, 2))
    decayed, free = optim.optimizer(network, TrainConfig(weight_decay=0.1)).param_groups
    assert [value.ndim for value in decayed["params"]] == [4, 2]
    assert [value.ndim for value in free["params"]] == [1, 1, 1, 1]
    assert (decayed["weight_decay"], free["weight_decay"]) == (0.1, 0.0)


def test_a_nesterov_step_equals_the_formula():
    weights = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        weights.weight.fill_(1.0)
    optimizer = optim.optimizer(weights, TrainConfig(learning_rate=0.1, momentum=0.9, weight_decay=0.0))
    value, velocity = 1.0, 0.0
    for _ in range(3):
        optimizer.zero_grad()
        (weights.weight**2).sum().backward()
        optimizer.step()
        gradient = 2 * value
        velocity = 0.9 * velocity + gradient
        value -= 0.1 * (gradient + 0.9 * velocity)
    assert weights.weight.item() == pytest.approx(value, rel=1e-6)


def test_averaging_follows_the_recurrence_statistics_included():
    network, copy = nn.BatchNorm1d(1), nn.BatchNorm1d(1)
    averaged = optim.Averaged(network, copy, decay=0.5)
    expected = 0.0
    for update in range(1, 5):
        network.running_mean.fill_(float(update))
        averaged.update()
        decay = min(0.5, (1 + update) / (10 + update))
        expected = decay * expected + (1 - decay) * update
    assert copy.running_mean.item() == pytest.approx(expected, rel=1e-6)
    assert not math.isclose(expected, 4.0)
