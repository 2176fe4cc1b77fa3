"""Convolutions in compiled code against torch's in double precision."""

import copy

import pytest
import torch
from torch import nn

from mien.models import registry
from mien.training import quick, winograd

pytestmark = pytest.mark.skipif(bool(quick.why_not()), reason=f"compiled layers: {quick.why_not()}")

ROUNDING = 2e-5


def pair(*args, **choices):
    """The compiled layer, and torch's in double precision with the same weights."""
    torch.manual_seed(0)
    layer = nn.Conv2d(*args, **choices)
    exact = copy.deepcopy(layer).double()
    assert winograd.use(layer) == 1
    return layer, exact


def difference(mine, exact):
    assert mine.shape == exact.shape
    return float((mine.detach() - exact.detach()).norm() / exact.detach().norm())


@pytest.mark.parametrize("kernel", [3, 4])
@pytest.mark.parametrize("padding", [0, 1, 2, (2, 1), "same", "valid"])
@pytest.mark.parametrize(
    "shape", [(1, 6, 6), (2, 24, 24), (3, 7, 9), (1, 4, 4), (2, 5, 13), (5, 12, 6), (1, 48, 5)]
)
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
def test_results_and_gradients_are_torchs(kernel, padding, shape):
    layer, exact = pair(16, 32, kernel, padding=padding)
    n, h, w = shape
    values = torch.randn(n, 16, h, w, requires_grad=True)
    doubles = values.detach().double().requires_grad_()
    found, wanted = layer(values), exact(doubles)
    towards = torch.randn_like(found)
    found.backward(towards)
    wanted.backward(towards.double())
    assert difference(found, wanted) < ROUNDING
    assert difference(values.grad, doubles.grad) < ROUNDING
    assert difference(layer.weight.grad, exact.weight.grad) < ROUNDING
    assert difference(layer.bias.grad, exact.bias.grad) < ROUNDING


def test_one_place_by_hand():
    """A filter of ones over a picture of ones counts the places that it covers."""
    layer, _ = pair(16, 16, 3, padding=1, bias=False)
    nn.init.ones_(layer.weight)
    found = layer(torch.ones(1, 16, 7, 7))
    assert found[0, 0, 0, :3].tolist() == pytest.approx([64, 96, 96], rel=1e-5)
    assert found[0, 15, 3, 3].item() == pytest.approx(144, rel=1e-5)


def test_values_that_need_no_gradient_get_none():
    layer, _ = pair(16, 16, 3)
    values = torch.randn(1, 16, 8, 8)
    layer(values).sum().backward()
    assert values.grad is None
    assert layer.weight.grad is not None
    layer.weight.requires_grad_(False)
    values.requires_grad_()
    layer(values).sum().backward()
    assert values.grad.shape == values.shape


def test_the_number_of_threads_changes_nothing():
    layer, _ = pair(32, 48, 3, padding=1)
    torch.manual_seed(1)
    values = torch.randn(9, 32, 24, 24)
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            layer.zero_grad()
            result = layer(values)
            result.square().sum().backward()
            found.append((result.detach(), layer.weight.grad))
    finally:
        torch.set_num_threads(before)
    for result, gradient in found[1:]:
        assert torch.equal(result, found[0][0])
        assert torch.equal(gradient, found[0][1])


def test_values_in_any_layout_and_without_gradients():
    layer, exact = pair(16, 16, 3, padding=1)
    values = torch.randn(8, 16, 9, 2).permute(2, 1, 0, 3)
    with torch.inference_mode():
        assert difference(layer(values), exact(values.double())) < ROUNDING


@pytest.mark.parametrize("given", [torch.zeros(1, 16, 8, 8, dtype=torch.float64), torch.zeros(16, 8, 8)])
def test_other_numbers_and_shapes_go_to_torch(given):
    layer, _ = pair(16, 16, 3)
    assert layer.to(given.dtype)(given).shape[-3:] == (16, 6, 6)


def test_an_error_is_torchs():
    layer, _ = pair(16, 16, 3)
    with pytest.raises(RuntimeError, match="expected input"):
        layer(torch.zeros(1, 8, 8, 8))
    with pytest.raises(RuntimeError, match=r"[Kk]ernel size"):
        layer(torch.zeros(1, 16, 2, 2))


@pytest.mark.parametrize(
    "choices",
    [
        {"stride": 2},
        {"dilation": 2},
        {"groups": 2},
        {"padding_mode": "reflect", "padding": 1},
        {"padding": 3},
    ],
)
def test_other_convolutions_stay_torchs(choices):
    assert winograd.use(nn.Conv2d(32, 32, 3, **choices)) == 0


@pytest.mark.parametrize(("channels", "width", "kernel"), [(1, 32, 3), (32, 24, 3), (32, 32, 1), (32, 32, 5)])
def test_other_sizes_stay_torchs(channels, width, kernel):
    assert winograd.use(nn.Conv2d(channels, width, kernel)) == 0


def test_weights_keep_their_names():
    plain, quick_one = registry.build("trunk"), registry.build("trunk")
    assert winograd.use(quick_one) == 8  # one before the stages, two in each of three, and the head
    quick_one.load_state_dict(plain.state_dict())
    faces = torch.randn(2, 1, 48, 48)
    assert difference(quick_one.eval()(faces), plain.eval().double()(faces.double())) < ROUNDING
    assert difference(copy.deepcopy(quick_one)(faces), plain(faces.double())) < ROUNDING
