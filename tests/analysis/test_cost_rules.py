"""Counting rules against numbers worked out by hand, and the report's own."""

import pytest

from mien.analysis.cost import count, network_from_text
from mien.core.chain import Chain
from mien.core.costs import CostTable
from mien.core.errors import ConfigError
from mien.core.operations import (
    Attention,
    BatchNorm,
    Elementwise,
    Linear,
    MatrixProduct,
    Normalisation,
    Reduction,
    Softmax,
    Unknown,
)

REPORT = ["conv 6 2x2 stride 3", "conv 4 2x2 stride 2"]


def in_words(*lines: str, size: tuple[int, ...] = (8, 8, 5), batch: int = 1, **how) -> CostTable:
    return count(network_from_text(lines, size, batch=batch), **how)


def one(operation, *shapes: tuple[int, ...], training: bool = False, trained: bool = True):
    """The row of one operation, after a layer whose weights are trained so that its own gradient is wanted."""
    chain = Chain(inputs=shapes)
    chain.layer("before", "before")
    before = [
        chain.add(Elementwise(function="multiply", weight=int(trained)), -1 - at) for at in range(len(shapes))
    ]
    chain.layer("it", "it")
    chain.add(operation, *before)
    return count(chain.network("one"), training=training).rows[1]


def test_the_reports_table() -> None:
    table = in_words(*REPORT)
    first, second = table.rows
    assert (first.trainable, second.trainable) == (126, 100)
    assert (first.forward.multiplications, second.forward.multiplications) == (1080, 96)
    assert (first.forward.additions, second.forward.additions) == (1026, 92)
    assert (first.forward.bias_additions, second.forward.bias_additions) == (54, 4)
    assert (first.output_shape, second.output_shape) == ((3, 3, 6), (1, 1, 4))
    assert [str(formula) for formula in first.formulas] == [
        "2*2*5*6+6 = 126",
        "2*2*5*6*3^2 = 1080",
        "(2*2*5-1)*6*3^2 = 1026",
        "6*3^2 = 54",
    ]


def test_a_batch_multiplies_operations_and_no_parameters() -> None:
    alone, together = in_words(*REPORT), in_words(*REPORT, batch=7)
    assert together.forward.to_dict() == {name: 7 * n for name, n in alone.forward.to_dict().items()}
    assert together.trainable == alone.trainable
    assert together.rows[0].output_shape == (3, 3, 6)


def test_every_formula_has_the_value_that_is_summed() -> None:
    table = in_words(
        "conv 5 3 padding 1 groups 5",
        "batchnorm",
        "silu",
        "se 5",
        "maxpool 2",
        "attention 1",
        "flatten",
        "linear 3",
        "softmax",
        training=True,
        batch=3,
    )
    for row in table.rows:
        for formula in row.formulas:
            assert eval(formula.text.replace("^", "**")) == formula.value
        for phase, tally in row.phases.items():
            named = [formula for formula in row.formulas if formula.phase == phase]
            assert sum(formula.value for formula in named) == tally.total


def test_skipping_padding_counts_only_products_with_inputs() -> None:
    # 1 channel 3x3, kernel 3 padding 1: 9 taps in the middle, 6 at 4 edges, 4 at 4 corners
    table = in_words("conv 1 3 padding 1", size=(3, 3, 1), padding="skipped")
    assert table.forward.multiplications == 9 + 4 * 6 + 4 * 4
    assert table.forward.additions == 49 - 9
    assert in_words("conv 1 3 padding 1", size=(3, 3, 1)).forward.multiplications == 81


def test_linear() -> None:
    row = one(Linear(out_features=3), (2, 5), training=True)
    assert row.forward.to_dict() == {"multiplications": 30, "additions": 24, "bias additions": 6}
    assert row.backward_inputs.to_dict() == {"multiplications": 30, "additions": 20, "bias additions": 0}
    assert row.backward_weights.to_dict() == {"multiplications": 30, "additions": 15, "bias additions": 3}
    assert row.trainable == 18


def test_batch_norm_in_training() -> None:
    # 4 numbers in each of 3 channels: mean 3+, centre 4+, square 4x, sum 3+, epsilon 1+, 2 divisions and a third for
    # 1/root, normalise 4x, scale 4x, shift 4+; running statistics 5x 2+
    row = one(BatchNorm(), (2, 3, 2), training=True)
    assert row.forward.to_dict() == {
        "multiplications": 3 * (12 + 5),
        "additions": 3 * (3 + 4 + 3 + 1 + 2),
        "bias additions": 12,
        "divisions": 9,
        "square roots": 3,
    }
    assert row.backward_weights.to_dict() == {"multiplications": 12, "additions": 9, "bias additions": 9}
    assert row.backward_inputs.to_dict() == {
        "multiplications": 2 * 12 + 3,
        "additions": 2 * 12,
        "bias additions": 0,
        "divisions": 6,
    }
    assert (row.trainable, row.with_buffers) == (6, 12)


def test_batch_norm_at_inference() -> None:
    row = one(BatchNorm(), (2, 3, 2))
    assert row.forward.to_dict() == {
        "multiplications": 12 + 2 * 3,
        "additions": 6,
        "bias additions": 12,
        "divisions": 3,
        "square roots": 3,
    }


def test_folded_batch_norm_costs_nothing_and_leaves_a_bias() -> None:
    lines = ("conv 6 2x2 stride 3 nobias", "batchnorm", "relu", "conv 4 2x2 stride 2")
    folded, plain = in_words(*lines, fold=True), in_words(*REPORT[:1], "relu", REPORT[1])
    assert folded.forward == plain.forward
    assert folded.with_buffers == plain.with_buffers == 226
    assert folded.rows[1].operations == folded.rows[1].bytes_moved == 0
    assert not folded.notes


def test_batch_norm_after_an_activation_is_not_folded() -> None:
    table = in_words("conv 6 2x2 stride 3", "relu", "batchnorm", fold=True)
    assert table.rows[2].operations > 0
    assert table.notes == ("not folded, for no convolution or linear layer comes right before: batchnorm",)


def test_batch_norm_is_not_folded_where_the_convolution_has_another_reader() -> None:
    table = in_words("conv 5 1", "batchnorm", "residual 1", fold=True)
    assert table.rows[1].operations > 0


def test_training_cannot_be_folded() -> None:
    with pytest.raises(ConfigError, match="inference only"):
        in_words(*REPORT, fold=True, training=True)


def test_layer_and_group_normalisation() -> None:
    layer = one(Normalisation(axes=1), (2, 3, 4))  # 6 statistics over 4 numbers
    assert layer.forward.to_dict() == {
        "multiplications": 3 * 24,
        "additions": 6 * (3 + 4 + 3 + 1),
        "bias additions": 24,
        "divisions": 18,
        "square roots": 6,
    }
    assert layer.trainable == 8
    group = one(Normalisation(groups=2), (2, 4, 3))  # 4 statistics over 6 numbers
    assert group.forward.additions == 4 * (5 + 6 + 5 + 1)
    assert one(Normalisation(groups=0), (2, 4, 3)).forward.others["square roots"] == 8


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("relu", {"comparisons": 6}),
        ("leaky_relu", {"multiplications": 6, "comparisons": 6}),
        ("sigmoid", {"additions": 6, "exponentials": 6, "divisions": 6}),
        ("silu", {"additions": 6, "exponentials": 6, "divisions": 6}),
        ("tanh", {"hyperbolic tangents": 6}),
        ("gelu", {"multiplications": 18, "additions": 6, "error functions": 6}),
        ("hardswish", {"multiplications": 12, "additions": 6, "comparisons": 12}),
    ],
)
def test_activations_count_each_number(function: str, expected: dict[str, int]) -> None:
    assert dict(one(Elementwise(function=function), (2, 3)).forward.counts) == expected


def test_softmax() -> None:
    row = one(Softmax(), (2, 5), training=True)
    assert row.forward.to_dict() == {
        "multiplications": 0,
        "additions": 2 * (5 + 4),
        "bias additions": 0,
        "comparisons": 8,
        "exponentials": 10,
        "divisions": 10,
    }
    assert row.backward_inputs.to_dict() == {
        "multiplications": 20,
        "additions": 2 * (4 + 5),
        "bias additions": 0,
    }


def test_log_softmax() -> None:
    row = one(Softmax(logarithm=True), (2, 5))
    assert dict(row.forward.counts) == {
        "additions": 2 * 14,
        "comparisons": 8,
        "exponentials": 10,
        "logarithms": 2,
    }


def test_max_pooling_compares_one_time_less_than_its_window_has_inputs() -> None:
    assert dict(in_words("maxpool 2").forward.counts) == {"comparisons": 3 * 16 * 5}
    # 3x3 windows with padding 1 on 2x2 places of a 3x3 map: each holds 4 inputs and 5 of padding
    padded = ("maxpool 3 stride 2 padding 1",)
    assert in_words(*padded, size=(3, 3, 1)).forward.others == {"comparisons": 8 * 4}
    assert in_words(*padded, size=(3, 3, 1), padding="skipped").forward.others == {"comparisons": 3 * 4}


def test_average_pooling_divides_once() -> None:
    assert dict(in_words("avgpool 2").forward.counts) == {"additions": 3 * 16 * 5, "divisions": 16 * 5}


def test_overlapping_pooling_adds_on_the_way_back() -> None:
    def back(window: str) -> dict[str, int]:
        return dict(
            in_words("conv 1 1", window, size=(5, 5, 1), training=True).rows[1].backward_inputs.counts
        )

    assert back("avgpool 1") == {"divisions": 25}
    # 2 windows of 3 a side meet 6 inputs, one of them twice: 36 gradients for 25 places
    assert back("avgpool 3 stride 2") == {"additions": 36 - 25, "divisions": 4}
    assert back("maxpool 3 stride 2") == {"additions": 4}
    assert back("maxpool 2") == {}


def test_global_and_adaptive_pooling() -> None:
    assert dict(in_words("globalavgpool").forward.counts) == {"additions": 63 * 5, "divisions": 5}
    assert dict(in_words("globalmaxpool").forward.counts) == {"comparisons": 63 * 5}
    # 8 places in 3 windows: 0-3, 2-6, 5-8, so 10 meetings a side
    assert in_words("adaptiveavgpool 3").forward.additions == (100 - 9) * 5


def test_a_residual_addition_adds_and_its_gradient_forks() -> None:
    lines = ("conv 5 1", "conv 5 1", "residual 1")
    table = in_words(*lines, training=True)
    assert table.rows[2].forward.to_dict() == {"multiplications": 0, "additions": 320, "bias additions": 0}
    # the first convolution's output has two readers: their gradients are added, and it needs none of its input
    assert table.rows[0].backward_inputs.to_dict()["additions"] == 320
    assert table.rows[0].backward_inputs.multiplications == 0
    assert table.rows[1].backward_inputs.multiplications == 64 * 25


def test_squeeze_and_excitation() -> None:
    row = in_words("se 2", size=(4, 4, 6)).rows[0]
    assert row.trainable == 6 * 3 + 3 + 3 * 6 + 6
    assert row.forward.multiplications == 18 + 18 + 96
    assert row.forward.additions == 15 * 6 + 3 * 5 + 6 * 2 + 6
    assert row.forward.others == {"comparisons": 3, "divisions": 6 + 6, "exponentials": 6}


def test_dropout_costs_in_training_only() -> None:
    assert in_words("dropout 0.1").operations == 0
    table = in_words("conv 5 1", "dropout 0.1", training=True)
    assert dict(table.rows[1].forward.counts) == {
        "random numbers": 320,
        "comparisons": 320,
        "multiplications": 320,
    }
    assert dict(table.rows[1].backward_inputs.counts) == {"multiplications": 320}
    assert table.rows[1].activation_bytes == 4 * 320
    assert in_words("dropout 0.1").activation_bytes == 0


def test_attention() -> None:
    # 2 heads, 3 queries, 4 keys of 5 features, values of 6
    shapes = ((1, 2, 3, 5), (1, 2, 4, 5), (1, 2, 4, 6))
    row = one(Attention(masked=True), *shapes, training=True)
    assert row.output_shape == (2, 3, 6)
    scores, scaled = 2 * 3 * 4, 2 * 3 * 5
    assert row.forward.multiplications == scaled + scores * 5 + 2 * 3 * 6 * 4
    assert row.forward.additions == scores * 4 + scores + (scores + 6 * 3) + 2 * 3 * 6 * 3
    assert row.forward.others == {"comparisons": 6 * 3, "exponentials": scores, "divisions": scores}
    products = scores * 6 + scores * 5 + scores * 5 + scores * 6  # scores, queries, keys, values
    assert row.backward_inputs.multiplications == products + 2 * scores + scaled


def test_a_product_of_activations_goes_back_to_both() -> None:
    row = one(MatrixProduct(), (2, 3, 4), (2, 4, 5), training=True)
    assert row.forward.to_dict() == {"multiplications": 120, "additions": 90, "bias additions": 0}
    assert row.backward_inputs.multiplications == 240


def test_a_product_with_an_input_goes_back_to_one() -> None:
    chain = Chain(inputs=((2, 3, 4), (2, 4, 5)))
    chain.layer("a", "a")
    first = chain.add(Elementwise(function="multiply", weight=1), -1)
    chain.layer("b", "b")
    chain.add(MatrixProduct(), first, -2)
    assert count(chain.network("x"), training=True).rows[1].backward_inputs.multiplications == 120


def test_reductions() -> None:
    assert dict(one(Reduction(function="mean", axes=(2, 3)), (2, 3, 4, 4)).forward.counts) == {
        "additions": 6 * 15,
        "divisions": 6,
    }
    assert dict(one(Reduction(function="max", axes=(1,)), (2, 3)).forward.counts) == {"comparisons": 4}


def test_nothing_goes_back_where_nothing_is_trained() -> None:
    row = one(Elementwise(function="sigmoid"), (2, 3), training=True, trained=False)
    assert row.backward_inputs.total == row.backward_weights.total == 0


def test_an_unknown_operation_is_named() -> None:
    chain = Chain(inputs=((1, 4),))
    chain.layer("transform", "FFT")
    chain.add(Unknown(what="fft", target=(1, 4)))
    table = count(chain.network("x"))
    assert table.uncounted == ("transform: fft",)
    assert table.lower_bound


def test_a_way_back_without_a_rule_is_named() -> None:
    row = one(Elementwise(function="power"), (2, 3), training=True)
    assert row.uncounted == ("the way back through power",)
    assert row.forward.others == {"powers": 6}


def test_memory_of_a_fork_lives_until_its_last_reader() -> None:
    table = in_words("conv 5 1", "conv 5 1", "residual 1")
    size = 4 * 320
    assert [row.live_bytes for row in table.rows] == [2 * size, 2 * size, 3 * size]
    assert table.peak_bytes == 3 * size
    assert table.rows[0].bytes_moved == 2 * size + 4 * 30
    assert table.rows[2].bytes_moved == 3 * size


def test_the_second_operand_has_its_own_way_back() -> None:
    row = one(Elementwise(function="divide"), (2, 3), (1, 3), training=True)
    # to the first a division each; to the second a product, a division and a sign, summed over the two rows
    assert dict(row.backward_inputs.counts) == {
        "divisions": 12,
        "multiplications": 6,
        "sign changes": 6,
        "additions": 3,
    }


def test_a_learned_scale_and_a_learned_shift() -> None:
    scale = one(Elementwise(function="multiply", weight=3), (2, 3), training=True)
    assert scale.backward_weights.to_dict() == {"multiplications": 6, "additions": 3, "bias additions": 0}
    shift = one(Elementwise(function="add", weight=3), (2, 3), training=True)
    assert shift.forward.to_dict() == {"multiplications": 0, "additions": 0, "bias additions": 6}
    assert shift.backward_weights.to_dict() == {"multiplications": 0, "additions": 3, "bias additions": 0}


def test_parts_of_one_output_need_no_addition_on_the_way_back() -> None:
    row = in_words("conv 4 1", "attention 1", size=(2, 2, 4), training=True).rows[1]
    # queries, keys and values are parts of one projection: only scores, projections and softmax add
    places, width = 4, 4
    scores = places * places
    projections = places * width * (3 * width - 1) + places * width * (width - 1)
    softmax = scores - places + scores
    to_parts = 3 * places * width * (places - 1)
    assert row.backward_inputs.additions == projections + scores * (width - 1) + softmax + to_parts


def test_adaptive_pooling_on_the_way_back() -> None:
    def back(*window: str) -> dict[str, int]:
        return dict(
            in_words("conv 1 1", *window, size=(8, 8, 1), training=True).rows[1].backward_inputs.counts
        )

    # windows 0-3, 2-6, 5-8 meet 10 of 8 places a side; more windows than places repeat them
    assert back("adaptiveavgpool 3") == {"additions": 100 - 64, "divisions": 9}
    assert back("adaptiveavgpool 4") == {"divisions": 16}
    assert back("adaptivemaxpool 3") == {"additions": 9}
    assert back("adaptivemaxpool 4") == {}
    assert back("adaptiveavgpool 16") == {"additions": 256 - 64, "divisions": 256}


def test_after_global_pooling_nothing_more_is_there_to_see() -> None:
    table = in_words("se 5", "conv 5 3 padding 1", "maxpool 2", "flatten", "linear 3", size=(8, 6, 5))
    assert [row.receptive_field for row in table.rows] == [(8, 6)] * 5
    beyond = in_words("conv 5 3", "conv 5 3 stride 2", "flatten", "linear 3", size=(9, 9, 5))
    assert [row.receptive_field for row in beyond.rows] == [(3, 3), (5, 5), (5, 5), (9, 9)]
