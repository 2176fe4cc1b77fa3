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
        ({"members": 0}, "at least 1"),
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


def test_members_are_networks_of_their_own_whose_logits_are_averaged() -> None:
    torch.manual_seed(0)
    network = registry.build("trunk", SMALL | {"members": 3, "dropout": 0.0})
    alone = count_parameters(registry.build("trunk", SMALL)).with_statistics
    assert count_parameters(network).with_statistics == 3 * alone
    faces = torch.randn(4, 1, 48, 48)
    said = network(faces)
    assert said.shape == (4, 3, 7)
    assert not torch.allclose(said[:, 0], said[:, 1])
    network.eval()
    apart = torch.stack([member(faces) for member in network.members])
    assert torch.allclose(network(faces), apart.mean(0), atol=1e-6)


def test_members_cost_what_they_cost_apart() -> None:
    one, three = (cost(registry.build("trunk", SMALL | {"members": n}), (1, 48, 48)) for n in (1, 3))
    assert three.uncounted == ()
    assert three.with_buffers == 3 * one.with_buffers
    # the mean: a product for each of 7 classes
    assert three.forward.multiplications == 3 * one.forward.multiplications + 7


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
