"""Average pooling in compiled code, against torch's."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from mien.training import pooled, quick

pytestmark = pytest.mark.skipif(bool(quick.why_not()), reason=f"compiled layers: {quick.why_not()}")


def layer(*given, **more):
    network = nn.Sequential(nn.AvgPool2d(*given, **more))
    return network, pooled.use(network)


@pytest.mark.parametrize("shape", [(1, 8, 2, 2), (3, 16, 12, 10), (2, 24, 7, 5), (2, 8, 3, 2)])
@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_results_and_gradients_are_torchs(shape, layout):
    network, used = layer(2)
    assert used == 1
    values = torch.randn(shape).contiguous(memory_format=layout).requires_grad_()
    found, wanted = network(values), functional.avg_pool2d(values, 2)
    assert torch.allclose(found, wanted, atol=1e-6)
    towards = torch.randn_like(wanted)
    mine, theirs = (torch.autograd.grad(result, values, towards)[0] for result in (found, wanted))
    assert torch.allclose(mine, theirs, atol=1e-7)


@pytest.mark.parametrize("shape", [(2, 12, 4, 4), (8, 4, 4), (0, 8, 4, 4)])
def test_other_shapes_go_to_torch(shape):
    network, _ = layer(2)
    values = torch.randn(shape)
    assert torch.equal(network(values), functional.avg_pool2d(values, 2))


def test_a_single_row_is_refused_as_by_torch():
    network, _ = layer(2)
    with pytest.raises(RuntimeError, match="too small"):
        network(torch.randn(1, 8, 1, 4))


@pytest.mark.parametrize(
    ("given", "more"),
    [
        ((3,), {}),
        ((2, 1), {}),
        ((2,), {"padding": 1}),
        ((2,), {"ceil_mode": True}),
        (((2, 3),), {}),
        ((2,), {"divisor_override": 3}),
    ],
)
def test_other_layers_stay_torchs(given, more):
    _, used = layer(*given, **more)
    assert used == 0
