"""The small network: its budget, its bytes, its cost. It is built as trunk is (test_trunk.py)."""

import torch

from mien.core.labels import EXPRESSIONS
from mien.core.network_about import NetworkAbout
from mien.costing import cost
from mien.models import registry
from mien.models._blocks import count_parameters
from mien.models.trunk import Trunk
from mien.training import eight_bits
from mien.training.onnx_graph import onnx_bytes

WIDTHS = (24, 40, 56, 80)


def _by_hand() -> int:
    """Weights, and four numbers of BatchNorm a channel."""

    def unit(before: int, after: int) -> int:
        return 9 * before * after + 4 * after

    total, before = unit(1, 16) + unit(16, 24), 24
    for width, few in zip(WIDTHS, (4, 4, 4, 5), strict=True):
        total += unit(before, width) + unit(width, width) + 2 * width * few + few + width
        total += 0 if before == width else before * width + 4 * width
        before = width
    return total + 80 * 7 + 7


def test_its_parameters_fit_the_budget_and_equal_the_sum_by_hand() -> None:
    network = registry.build("pocket")
    assert isinstance(network, Trunk)
    assert count_parameters(network).with_statistics == _by_hand() == 196_000


def test_its_file_fits_with_its_large_weights_at_a_byte_a_number() -> None:
    network = registry.build("pocket")
    for values in network.state_dict().values():
        if values.is_floating_point():
            fits = eight_bits.fits(values.numpy())
            values.copy_(torch.from_numpy(eight_bits.nearest(values.numpy())) if fits else values.half())
    about = NetworkAbout(classes=EXPRESSIONS, side=48, temperature=1.25, mien="0", run="made", weights="00")
    content = onnx_bytes(network, about)
    assert len(content) <= 225_000 - 1000  # a kilobyte is left to say what it is


def test_its_cost_is_counted_whole_and_small() -> None:
    table = cost("pocket", (1, 48, 48))
    assert table.uncounted == ()
    assert table.with_buffers == 196_000
    first, second, third, last = WIDTHS
    convolutions = 9 * (
        48 * 48 * 16
        + 24 * 24 * (16 * first + 2 * first * first)
        + 12 * 12 * (first * second + second * second)
        + 6 * 6 * (second * third + third * third)
        + 3 * 3 * (third * last + last * last)
    )
    convolutions += 144 * first * second + 36 * second * third + 9 * third * last + 7 * last
    assert convolutions < table.forward.multiplications < 1.02 * convolutions < 15e6
