"""The small network: its budget, its bytes, its cost. It is built as trunk is (test_trunk.py)."""

from safetensors.torch import save

from mien.costing import cost
from mien.models import registry
from mien.models._blocks import count_parameters
from mien.models.trunk import Trunk


def _by_hand() -> int:
    """Weights, and four numbers of BatchNorm a channel."""

    def unit(before: int, after: int) -> int:
        return 9 * before * after + 4 * after

    total, before = unit(1, 16) + unit(16, 32), 32
    for width in (32, 48, 48):
        total += unit(before, width) + unit(width, width) + 2 * width * 4 + 4 + width  # gates squeeze to four
        total += 0 if before == width else before * width + 4 * width
        before = width
    return total + 48 * 7 + 7


def test_its_parameters_fit_the_budget_and_equal_the_sum_by_hand() -> None:
    network = registry.build("pocket")
    assert isinstance(network, Trunk)
    assert count_parameters(network).with_statistics == _by_hand() == 103_667 <= 110_000


def test_its_file_fits_at_two_bytes_a_number() -> None:
    state = registry.build("pocket").state_dict()
    halves = {name: value.half() if value.is_floating_point() else value for name, value in state.items()}
    assert len(save(halves)) <= 225_000 - 1000  # a kilobyte is left to say what it is


def test_its_cost_is_counted_whole_and_small() -> None:
    table = cost("pocket", (1, 48, 48))
    assert table.uncounted == ()
    assert table.with_buffers == 103_667
    convolutions = 9 * (
        2304 * 16 + 576 * (16 * 32 + 2 * 32 * 32) + 144 * (32 * 48 + 48 * 48) + 36 * 2 * 48 * 48
    )
    convolutions += 144 * 32 * 48 + 48 * 7  # gates and normalisation come on top
    assert convolutions < table.forward.multiplications < 1.05 * convolutions < 25e6
