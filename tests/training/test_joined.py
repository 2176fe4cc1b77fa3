"""The end of a residual block in compiled code, against torch's layers in double precision."""

import copy

import pytest
import torch
from torch import nn

from mien.models.trunk import Residual, TrunkOptions
from mien.training import joined, quick

pytestmark = pytest.mark.skipif(bool(quick.why_not()), reason=f"compiled layers: {quick.why_not()}")

ROUNDING = 1e-5


def difference(mine, exact):
    return float((mine.detach() - exact.detach()).norm() / exact.detach().norm())


def pair(channels, width, **options):
    torch.manual_seed(1)
    block = Residual(TrunkOptions(**options), channels, width)
    for weights in block.parameters():
        nn.init.normal_(weights, std=0.3)
    exact = copy.deepcopy(block).double()
    assert joined.use(block) == 1
    return block, exact


@pytest.mark.parametrize("options", [{}, {"activation": "leaky_relu"}, {"squeeze": 2}])
@pytest.mark.parametrize(("channels", "width"), [(8, 8), (8, 24)])
@pytest.mark.parametrize("shape", [(1, 1, 2), (5, 6, 6), (3, 24, 20)])
def test_results_and_gradients_are_torchs(options, channels, width, shape):
    block, exact = pair(channels, width, **options)
    n, h, w = shape
    values = torch.randn(n, channels, h, w, requires_grad=True)
    doubles = values.detach().double().requires_grad_()
    found, wanted = block(values), exact(doubles)
    assert difference(found, wanted) < ROUNDING
    towards = torch.randn_like(found)
    found.backward(towards)
    wanted.backward(towards.double())
    if n * h * w > 2:  # BatchNorm leaves of two values nothing but rounding
        assert difference(values.grad, doubles.grad) < 10 * ROUNDING
        for mine, theirs in zip(block.parameters(), exact.parameters(), strict=True):
            assert torch.allclose(mine.grad.double(), theirs.grad, rtol=1e-3, atol=1e-4)
    with torch.inference_mode():
        assert difference(block.eval()(values), exact.eval()(doubles)) < ROUNDING


def test_gradients_reach_only_those_that_want_them():
    block, exact = pair(8, 8)
    for network in (block, exact):
        network.gate.gates[1].requires_grad_(False)
    values = torch.randn(2, 8, 3, 3)
    block(values).square().sum().backward()
    exact(values.double()).square().sum().backward()
    assert block.gate.gates[1].weight.grad is None
    assert difference(block.gate.gates[3].weight.grad, exact.gate.gates[3].weight.grad) < 10 * ROUNDING
    assert difference(block.branch[0].weight.grad, exact.branch[0].weight.grad) < 10 * ROUNDING


def test_the_number_of_threads_changes_nothing():
    block, _ = pair(16, 16)
    nn.init.zeros_(block.gate.gates[3].weight)  # what torch computes of the gates may depend on threads
    before, found = torch.get_num_threads(), []
    shortcut, branch = torch.randn(2, 7, 16, 6, 6).requires_grad_().unbind()
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            found.append(torch.autograd.grad(block.join(shortcut, branch).square().sum(), (shortcut, branch)))
    finally:
        torch.set_num_threads(before)
    for other in found[1:]:
        assert all(torch.equal(mine, theirs) for mine, theirs in zip(found[0], other, strict=True))


@pytest.mark.parametrize("options", [{"squeeze": 0}, {"activation": "silu"}])
def test_other_blocks_stay_torchs(options):
    block = Residual(TrunkOptions(**options), 8, 8)
    assert joined.use(block) == 0


def test_numbers_of_other_kinds_go_to_torch():
    block, exact = pair(8, 8)
    values = torch.randn(2, 8, 3, 3, dtype=torch.float64)
    assert difference(block.double()(values), exact(values)) < 1e-12
