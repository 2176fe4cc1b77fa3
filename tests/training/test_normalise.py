"""BatchNorm with the activations beside it in compiled code, against torch's layers in double precision."""

import copy

import pytest
import torch
from torch import nn

from mien.training import normalise, quick

pytestmark = pytest.mark.skipif(bool(quick.why_not()), reason=f"compiled layers: {quick.why_not()}")

ROUNDING = 1e-5


def difference(mine, exact):
    return float((mine.detach() - exact.detach()).norm() / exact.detach().norm())


def pair(*layers):
    torch.manual_seed(0)
    network = nn.Sequential(*copy.deepcopy(layers))  # the parameters of a test are made once for all of them
    for weights in network.parameters():
        nn.init.normal_(weights)
    exact = copy.deepcopy(network).double()
    assert normalise.use(network) == 1
    return network, exact


@pytest.mark.parametrize(
    "layers",
    [
        (nn.BatchNorm2d(8),),
        (nn.BatchNorm2d(16), nn.ReLU()),
        (nn.LeakyReLU(0.1), nn.BatchNorm2d(24)),
        (nn.ReLU(inplace=True), nn.BatchNorm2d(8), nn.LeakyReLU(0.3)),
        (nn.SiLU(), nn.BatchNorm2d(8), nn.Hardswish()),
        (nn.BatchNorm2d(8, momentum=0.3, eps=0.1), nn.LeakyReLU(2.0)),
    ],
)
@pytest.mark.parametrize("shape", [(2, 1, 1), (20, 13, 12), (3, 24, 24)])
def test_results_gradients_and_statistics_are_torchs(layers, shape):
    network, exact = pair(*layers)
    n, h, w = shape
    channels = next(layer.num_features for layer in network if hasattr(layer, "num_features"))
    raw = torch.randn(n, channels, h, w) * 2 + 50 * torch.randn(channels, 1, 1)
    values, doubles = raw.clone().requires_grad_(), raw.double().requires_grad_()
    # an activation in place changes its input, which a leaf that needs a gradient forbids
    found, wanted = network(values + 0), exact(doubles + 0)
    towards = torch.randn_like(found)
    found.backward(towards)
    wanted.backward(towards.double())
    assert difference(found, wanted) < ROUNDING
    if n * h * w > 2:  # of two values the gradient is rounding alone
        assert torch.allclose(values.grad.double(), doubles.grad, atol=1e-4 * float(doubles.grad.abs().max()))
    for mine, theirs in zip(network.parameters(), exact.parameters(), strict=True):
        assert difference(mine.grad, theirs.grad) < 10 * ROUNDING
    for mine, theirs in zip(network.buffers(), exact.buffers(), strict=True):
        assert torch.allclose(mine.double(), theirs.double(), rtol=1e-4, atol=1e-4)


def test_running_statistics_are_used_and_can_be_differentiated():
    network, exact = pair(nn.BatchNorm2d(16), nn.ReLU())
    for layers in (network, exact):
        layers[0].running_mean.fill_(0.5)
        layers[0].running_var.fill_(4)
        layers.eval()
    values = torch.randn(3, 16, 5, 5, requires_grad=True)
    doubles = values.detach().double().requires_grad_()
    found, wanted = network(values), exact(doubles)
    found.square().sum().backward()
    wanted.square().sum().backward()
    assert difference(found, wanted) < ROUNDING
    assert difference(values.grad, doubles.grad) < ROUNDING
    assert difference(network[0].weight.grad, exact[0].weight.grad) < ROUNDING
    with torch.inference_mode():
        assert difference(network(values), wanted) < ROUNDING


def test_an_activation_that_others_use_too_stays():
    shared = nn.ReLU()
    network = nn.Sequential(nn.Conv2d(8, 8, 1), shared, nn.Sequential(nn.BatchNorm2d(8), shared))
    exact = copy.deepcopy(network)
    normalise.use(network)
    values = torch.randn(2, 8, 3, 3)
    assert difference(network(values), exact(values)) < ROUNDING


def test_the_number_of_threads_changes_nothing():
    network, _ = pair(nn.BatchNorm2d(16), nn.ReLU())
    values = torch.randn(30, 16, 12, 12)
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            given = values.clone().requires_grad_()
            network(given).square().sum().backward()
            found.append(given.grad)
    finally:
        torch.set_num_threads(before)
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])


@pytest.mark.parametrize(
    "layer",
    [
        nn.BatchNorm2d(12),
        nn.BatchNorm2d(8, affine=False),
        nn.BatchNorm2d(8, track_running_stats=False),
        nn.BatchNorm2d(8, momentum=None),
        nn.BatchNorm1d(8),
    ],
)
def test_other_layers_stay_torchs(layer):
    assert normalise.use(nn.Sequential(layer, nn.ReLU())) == 0


def test_one_value_a_channel_is_refused_as_by_torch():
    network, _ = pair(nn.BatchNorm2d(8))
    with pytest.raises(ValueError, match="more than 1 value"):
        network(torch.zeros(1, 8, 1, 1))


def test_numbers_of_other_kinds_go_to_torch():
    network, exact = pair(nn.LeakyReLU(0.1), nn.BatchNorm2d(8), nn.ReLU())
    values = torch.randn(2, 8, 3, 3, dtype=torch.float64)
    assert difference(network.double()(values), exact(values)) < 1e-12
