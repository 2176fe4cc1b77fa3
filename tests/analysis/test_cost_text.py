"""The text form: what it means, and what it answers to a typo."""

import pytest

from mien.analysis.cost import count, network_from_text
from mien.core.errors import ConfigError


def outputs(*lines: str, size: tuple[int, ...] = (9, 7, 4)) -> list[tuple[int, ...]]:
    network = network_from_text(lines, size)
    last = {step.layer: step.output for step in network.steps}
    return [network.shown(last[layer]) for layer in range(len(network.layers))]


def test_sizes_of_kernels_strides_and_padding() -> None:
    assert outputs("conv 2 3x2 stride 2x1 padding 1x0") == [(5, 6, 2)]
    assert outputs("conv 2 4 padding same") == [(9, 7, 2)]
    assert outputs("conv 2 3 padding same stride 2") == [(5, 4, 2)]
    assert outputs("conv 2 2 padding 0:1x1:0") == [(9, 7, 2)]
    assert outputs("conv 4 3 dilation 2 groups 2 nobias") == [(5, 3, 4)]
    assert outputs("transposed 3 2 stride 2") == [(18, 14, 3)]
    assert outputs("maxpool 2", "avgpool 3 stride 1 padding same") == [(4, 3, 4), (4, 3, 4)]
    assert outputs("adaptiveavgpool 2x3", "globalmaxpool", "flatten", "linear 10") == [
        (2, 3, 4),
        (1, 1, 4),
        (4,),
        (10,),
    ]


def test_one_and_three_dimensions() -> None:
    assert outputs("conv 6 3", size=(20, 5)) == [(18, 6)]
    assert outputs("conv 6 2x3x1 stride 2", size=(4, 5, 6, 2)) == [(2, 2, 3, 6)]
    assert outputs("linear 3", size=(12,)) == [(3,)]


def test_commas_and_case_do_not_matter() -> None:
    assert (
        network_from_text(["CONV 2 3, relu; Flatten"], (9, 7, 4)).steps
        == network_from_text(["conv 2 3", "relu", "flatten"], (9, 7, 4)).steps
    )


def test_attention_keeps_the_shape() -> None:
    table = count(network_from_text(["attention 2"], (3, 2, 8)))
    row = table.rows[0]
    assert row.output_shape == (3, 2, 8)
    assert row.trainable == 8 * 24 + 24 + 8 * 8 + 8
    places, scores = 6, 2 * 6 * 6
    assert row.forward.multiplications == places * 8 * 24 + places * 8 + 2 * scores * 4 + places * 8 * 8


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("cnov 6 2", 'no layer is called "cnov" (did you mean conv?)'),
        ("conv 6 2x2 strid 3", '"strid" is not understood'),
        ("conv 6", "kernel is missing"),
        ("conv six 2", 'the number of filters "six" is no positive integer'),
        ("conv 0 2", "is no positive integer"),
        ("conv 6 2x2x2", "has 3 sides, the input has 2"),
        ("conv 6 2 stride", "a value for stride is missing"),
        ("conv 6 2 stride 2 stride 3", '"stride" is given twice'),
        ("conv 6 2 padding much", 'padding "much" is neither'),
        ("conv 6 12", "a kernel that spans 12 does not fit into 9"),
        ("conv 6 2 groups 4", "4 groups do not divide"),
        ("linear 3", "put flatten before it"),
        ("relu 3", '"3" is not understood'),
        ("dropout 1.5", "no share from 0 to below 1"),
        ("residual 1", "only 0 layers before"),
        ("se 3", "does not divide 4 channels"),
        ("attention 3", "3 heads do not divide 4 channels"),
        ("groupnorm 3", "3 groups do not divide 4 channels"),
        ("transposed 3 2 padding same", "padding same has no meaning"),
    ],
)
def test_a_mistake_gives_one_line_with_the_grammar(line: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        network_from_text([line], (9, 7, 4))
    message = str(caught.value)
    assert said in message
    assert f'layer 1 "{line}"' in message
    assert "written: " in message
    assert "\n" not in message


def test_a_residual_of_another_shape_is_refused() -> None:
    with pytest.raises(ConfigError, match="must have one shape, got 4x9x7 and 4x8x6"):
        network_from_text(["conv 4 2", "residual 1"], (9, 7, 4))


def test_no_layer_at_all_is_refused() -> None:
    with pytest.raises(ConfigError, match="at least one layer; layers are written: conv FILTERS KERNEL"):
        network_from_text([" , "], (9, 7, 4))
