"""Complexity and growth against layers in words that have the doubled sizes written out."""

import pytest

from mien.analysis.cost import count, network_from_text
from mien.analysis.cost.complexity import Growth, complexity
from mien.core.errors import ConfigError

REPORT = ["conv 6 2x2 stride 3", "conv 4 2x2 stride 2"]


def growths(lines: list[str], size: tuple[int, ...]) -> dict[str, Growth]:
    return {growth.change: growth for growth in complexity(network_from_text(lines, size)).growths}


def products(lines: list[str], size: tuple[int, ...]) -> int:
    forward = count(network_from_text(lines, size)).forward
    return forward.multiplications + forward.additions


def test_the_reports_formula_and_bound() -> None:
    found = complexity(network_from_text(REPORT, (8, 8, 5)))
    assert found.formula == "(2*2*2*5-1)*6*3^2 + (2*2*2*6-1)*4*1^2"
    assert found.products == 1080 + 1026 + 96 + 92
    assert found.bound_formula == "3^2*2*2*5*6 + 1^2*2*2*6*4"
    assert found.bound == 1176


def test_growth_is_the_count_of_the_network_with_doubled_sizes() -> None:
    found = growths(REPORT, (8, 8, 5))
    larger = ["conv 6 4x4 stride 3 padding 1", "conv 4 4x4 stride 2 padding 1"]
    assert found["kernel doubled"].products == products(larger, (8, 8, 5))
    assert found["channels doubled"].products == products(
        ["conv 12 2x2 stride 3", "conv 8 2x2 stride 2"], (8, 8, 5)
    )
    assert found["input side doubled"].products == products(REPORT, (16, 16, 5))
    deeper = [REPORT[0], "conv 6 2 padding 0:1", REPORT[1], "conv 4 2 padding 0:1"]
    assert found["depth doubled"].products == products(deeper, (8, 8, 5))


def test_predictions_come_true_where_borders_and_first_channels_do_not_matter() -> None:
    found = growths(["conv 64 3 padding same"] * 4, (32, 32, 64))
    assert found["kernel doubled"].factor == pytest.approx(4, abs=0.005)
    assert found["input side doubled"].factor == 4
    assert found["depth doubled"].factor == 2
    assert found["channels doubled"].bound == pytest.approx((2 + 3 * 4) / 4)
    assert [growth.predicted for growth in found.values()] == [4, 4, 4, 2]


def test_in_one_and_three_dimensions_the_exponent_differs() -> None:
    assert growths(["conv 4 2"], (9, 3))["kernel doubled"].predicted == 2
    assert growths(["conv 4 2"], (9, 9, 9, 3))["input side doubled"].predicted == 8


def test_depthwise_convolutions_stay_depthwise() -> None:
    found = growths(["conv 8 3 groups 8"], (6, 6, 8))
    assert found["channels doubled"].products is None or found["channels doubled"].factor == 2
    found = growths(["conv 8 1", "conv 8 3 groups 8"], (6, 6, 3))
    assert found["channels doubled"].products == products(["conv 16 1", "conv 16 3 groups 16"], (6, 6, 3))


def test_linear_layers_have_width_and_depth() -> None:
    found = growths(["linear 20", "relu", "linear 10", "relu", "linear 3"], (8,))
    assert set(found) == {"width doubled", "depth doubled"}
    assert found["width doubled"].products == products(["linear 40", "linear 20", "linear 3"], (8,))


def test_other_layers_are_laid_out_again_too() -> None:
    lines = [
        "conv 4 3 padding same",
        "batchnorm",
        "relu",
        "residual 2",
        "se 2",
        "maxpool 2",
        "flatten",
        "linear 5",
    ]
    found = growths(lines, (8, 8, 3))
    assert found["input side doubled"].operations == count(network_from_text(lines, (16, 16, 3))).operations


def test_what_cannot_be_laid_out_again_says_so() -> None:
    found = growths(["conv 4 2", "attention 2"], (4, 4, 3))["input side doubled"]
    assert found.products is None
    assert found.why.startswith("cannot be laid out: attention 2: ")


def test_a_network_without_sizes_is_refused() -> None:
    with pytest.raises(ConfigError, match="no convolution and no linear layer"):
        complexity(network_from_text(["relu"], (4, 4, 3)))
