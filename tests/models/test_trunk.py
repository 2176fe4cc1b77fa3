"""The residual network: its budget against a sum by hand, its shapes, its gradients, its cost."""

import pytest
import torch

from mien.core.errors import ConfigError
from mien.costing import cost
from mien.models import registry
from mien.models._blocks import count_parameters
from mien.models.trunk import Gate, Residual, TrunkOptions

BUDGET = 2_120_000
SMALL = {"stem": 4, "widths": (8, 8, 16), "blocks": (1, 1, 1), "head": 16}


def _by_hand(stem: int, widths: tuple[int, ...], head: int, squeeze: int, classes: int) -> int:
    """Weights, and four numbers of BatchNorm a channel, of one block a stage."""

    def unit(before: int, after: int) -> int:
        return 9 * before * after + 4 * after

    total, before = unit(1, stem) + unit(stem, widths[0]), widths[0]
    for width in widths:
        few = max(width // squeeze, 4)
        total += unit(before, width) + unit(width, width) + 2 * width * few + few + width
        total += 0 if before == width else before * width + 4 * width
        before = width
    return total + unit(before, head) + head * classes + classes


def test_its_parameters_fit_the_budget_and_equal_the_sum_by_hand() -> None:
    count = count_parameters(registry.build("trunk")).with_statistics
    assert count == _by_hand(32, (64, 128, 256), 320, 16, 7) == 1_996_867 < BUDGET


def test_sizes_are_halved_stage_by_stage() -> None:
    shapes = []
    network = registry.build("trunk", SMALL).eval()
    for block in network.stages:
        if isinstance(block, Residual):
            block.register_forward_hook(lambda _block, _in, out: shapes.append(tuple(out.shape[1:])))
    network.head[0].register_forward_hook(lambda _layer, _in, out: shapes.append(tuple(out.shape[1:])))
    network(torch.zeros(1, 1, 48, 48))
    assert shapes == [(8, 24, 24), (8, 12, 12), (16, 6, 6), (16, 4, 4)]


def test_every_weight_gets_a_gradient() -> None:
    torch.manual_seed(0)
    network = registry.build("trunk", SMALL)
    network(torch.randn(8, 1, 48, 48)).square().sum().backward()
    silent = [name for name, weights in network.named_parameters() if not weights.grad.abs().sum() > 0]
    assert silent == []


def test_a_gate_scales_whole_channels() -> None:
    torch.manual_seed(0)
    values = torch.rand(2, 8, 5, 5) + 0.5
    scales = Gate(8, 2)(values) / values
    assert torch.allclose(scales, scales.mean((2, 3), keepdim=True).expand_as(scales), atol=1e-6)
    assert 0 < scales.min() < scales.max() < 1


def test_a_block_without_its_branch_passes_its_input_on() -> None:
    block = Residual(TrunkOptions(), 8, 8).eval()
    torch.nn.init.zeros_(block.branch[4].weight)  # the last BatchNorm
    values = torch.randn(2, 8, 6, 6)
    assert torch.equal(block(values), values.relu())


def test_its_cost_is_counted_whole() -> None:
    table = cost("trunk", (1, 48, 48))
    assert table.uncounted == ()
    assert table.with_buffers == 1_996_867
    # the convolutions and the last layer by hand; gates and normalisation come on top
    convolutions = 9 * (2304 * 32 + 576 * 32 * 64 + 576 * 2 * 64 * 64 + 144 * (64 * 128 + 128 * 128))
    convolutions += 9 * (36 * (128 * 256 + 256 * 256) + 16 * 256 * 320)
    convolutions += 144 * 64 * 128 + 36 * 128 * 256 + 320 * 7
    assert convolutions < table.forward.multiplications < 1.02 * convolutions


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"widths": (8, 8)}, "as many blocks as widths, got 3 and 2"),
        ({"widths": (), "blocks": ()}, "as many blocks as widths"),
        ({"stem": 0}, "at least 1"),
        (
            {"ranks": (0, 0, 4)},
            "rank of at least 0 for each of the 3 stages and the last convolution, got 3: 0/0/4",
        ),
        ({"ranks": (0, 0, -4, 0)}, "rank of at least 0"),
        ({"head": -1}, "head"),
        ({"halve": "crop"}, "stride or pool, got crop"),
        ({"squeeze": -1}, "squeeze"),
        ({"dropout": 1.0}, "dropout from 0 to below 1, got 1.0"),
        ({"activation": "tanh"}, "expected relu or silu or leaky_relu, got tanh"),
    ],
)
def test_choices_that_make_no_network_are_refused(choices, message) -> None:
    with pytest.raises(ConfigError, match=message):
        registry.build("trunk", choices)


def test_filters_of_lower_rank_fit_the_sum_by_hand() -> None:
    count = count_parameters(registry.build("trunk", {"ranks": (0, 0, 112, 80)})).with_statistics
    saved = 9 * (128 * 256 + 256 * 256 + 256 * 320)
    few = 112 * (9 * 128 + 256) + 112 * (9 * 256 + 256) + 80 * (9 * 256 + 320)
    assert count == 1_996_867 - saved + few
    network = registry.build("trunk", SMALL | {"ranks": (0, 0, 4, 2)}).eval()
    assert network.head[0][0].weight.shape == (2, 16, 3, 3)
    assert network(torch.zeros(2, 1, 48, 48)).shape == (2, 7)


def test_faces_that_are_too_small_are_refused() -> None:
    with pytest.raises(ConfigError, match="at least 24 pixels a side, got 20"):
        registry.build("trunk", side=20)


@pytest.mark.parametrize(
    "choices",
    [{"squeeze": 0}, {"activation": "silu"}, {"blocks": (2, 1, 1)}, {"head": 0}, {"halve": "stride"}],
)
def test_other_shapes_can_be_chosen(choices) -> None:
    network = registry.build("trunk", SMALL | choices).eval()
    assert network(torch.zeros(2, 1, 48, 48)).shape == (2, 7)
