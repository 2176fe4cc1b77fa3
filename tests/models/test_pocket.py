"""The small network: its bytes, its shapes, its gradients, its cost."""

import pytest
import torch
from safetensors.torch import save

from mien.core.errors import ConfigError
from mien.costing import cost
from mien.models import registry
from mien.models._blocks import count_parameters
from mien.models.pocket import PocketOptions, SeparableResidual

SMALL = {"widths": (4, 8), "blocks": (1, 2)}


def _by_hand(widths: tuple[int, ...], squeeze: int, classes: int) -> int:
    """Weights, and four numbers of BatchNorm a channel, of one block a stage but the first."""

    def separable(before: int, after: int) -> int:
        return 9 * before + 4 * before + before * after + 4 * after

    total, before = 9 * widths[0] + 4 * widths[0], widths[0]
    for stage, width in enumerate(widths):
        few = max(width // squeeze, 4)
        total += separable(before, width) if stage else 0
        total += (2 * separable(width, width) + 2 * width * few + few + width) if stage else 0
        before = width
    return total + before * classes + classes


def test_its_parameters_fit_the_budget_and_equal_the_sum_by_hand() -> None:
    count = count_parameters(registry.build("pocket")).with_statistics
    assert count == _by_hand((16, 64, 96, 128), 8, 7) == 100_939 <= 110_000


def test_its_file_fits_at_two_bytes_a_number() -> None:
    state = registry.build("pocket").state_dict()
    halves = {name: value.half() if value.is_floating_point() else value for name, value in state.items()}
    assert len(save(halves)) <= 225_000 - 1000  # a kilobyte is left to say what it is


def test_sizes_are_halved_stage_by_stage() -> None:
    shapes = []
    network = registry.build("pocket").eval()
    for block in network.stages:
        if isinstance(block, SeparableResidual):
            block.register_forward_hook(lambda _block, _in, out: shapes.append(tuple(out.shape[1:])))
    network(torch.zeros(1, 1, 48, 48))
    assert shapes == [(64, 24, 24), (96, 12, 12), (128, 6, 6)]


def test_every_weight_gets_a_gradient() -> None:
    torch.manual_seed(0)
    network = registry.build("pocket", SMALL)
    network(torch.randn(8, 1, 48, 48)).square().sum().backward()
    silent = [name for name, weights in network.named_parameters() if not weights.grad.abs().sum() > 0]
    assert silent == []


def test_a_block_without_its_branch_passes_its_input_on() -> None:
    block = SeparableResidual(PocketOptions(), 8).eval()
    torch.nn.init.zeros_(block.branch[-1].weight)
    values = torch.randn(2, 8, 6, 6)
    assert torch.equal(block(values), values.relu())


def test_its_cost_is_counted_whole_and_small() -> None:
    table = cost("pocket", (1, 48, 48))
    assert table.uncounted == ()
    assert table.with_buffers == 100_939
    widths, places = (16, 64, 96, 128), (2304, 576, 144, 36)
    within = sum(
        2 * (9 * width + width**2) * here for width, here in zip(widths[1:], places[1:], strict=True)
    )
    between = sum(
        (9 * widths[stage - 1] + widths[stage - 1] * widths[stage]) * places[stage] for stage in (1, 2, 3)
    )
    by_hand = 9 * 16 * 2304 + within + between + 128 * 7  # gates and normalisation come on top
    assert by_hand < table.forward.multiplications < 1.15 * by_hand < 15e6


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"widths": (8, 8)}, "as many blocks as widths, got 4 and 2"),
        ({"widths": (0, 8, 8, 8)}, "widths of at least 1"),
        ({"kernel": 4}, "an odd kernel, got 4"),
        ({"dropout": -0.1}, "dropout from 0 to below 1"),
    ],
)
def test_choices_that_make_no_network_are_refused(choices, message) -> None:
    with pytest.raises(ConfigError, match=message):
        registry.build("pocket", choices)


def test_faces_that_are_too_small_are_refused() -> None:
    with pytest.raises(ConfigError, match="at least 8 pixels a side, got 6"):
        registry.build("pocket", side=6)


@pytest.mark.parametrize("choices", [{"squeeze": 0}, {"kernel": 5}, {"activation": "hardswish"}])
def test_other_shapes_can_be_chosen(choices) -> None:
    assert registry.build("pocket", SMALL | choices).eval()(torch.zeros(2, 1, 48, 48)).shape == (2, 7)
