"""Blocks of layers: what begins one, what its shape is, and that nothing of the table is lost."""

import pytest

from mien.analysis.layer_blocks import LayerBlock, MapShape, chains, layer_blocks, stages
from mien.core.costs import CostTable
from mien.core.layer_costs import Formula, LayerCost
from mien.costing import cost

WORDS = [
    "conv 32 4x4 padding same",
    "leakyrelu",
    "batchnorm",
    "avgpool 2x2",
    "dropout 0.1",
    "conv 64 3x5 nobias",
    "relu",
    "flatten",
    "linear 16",
    "batchnorm",
    "linear 7",
]


def of(words: list[str], size: tuple[int, ...] = (48, 48, 1)) -> tuple[LayerBlock, ...]:
    return layer_blocks(cost(words, size))


def table(*rows: LayerCost, inputs: tuple[tuple[int, ...], ...] = ((1, 8, 8),)) -> CostTable:
    return CostTable(network="made up", inputs=inputs, rows=rows)


def test_a_block_is_a_layer_with_weights_and_what_follows() -> None:
    blocks = of(WORDS)
    assert [(block.title, block.followers, block.shape.text) for block in blocks] == [
        ("input", (), "48x48x1"),
        ("conv 4x4", ("leakyrelu", "batchnorm", "avgpool", "dropout"), "24x24x32"),
        ("conv 3x5", ("relu", "flatten to 28160"), "22x20x64"),
        ("linear", ("batchnorm",), "16"),
        ("linear", (), "7"),
    ]
    assert [block.parameters for block in blocks] == [
        0,
        4 * 4 * 32 + 32 + 4 * 32,
        3 * 5 * 32 * 64,
        28160 * 16 + 16 + 4 * 16,
        16 * 7 + 7,
    ]
    assert blocks[1].formulas == ("4*4*1*32+32", "4*32")
    assert [block.convolution for block in blocks] == [False, True, True, False, False]
    assert [block.dense for block in blocks] == [False, False, False, True, True]


def test_nothing_is_lost() -> None:
    whole = cost(WORDS, (48, 48, 1))
    blocks = layer_blocks(whole)
    assert sum(block.parameters for block in blocks) == whole.with_buffers
    assert sum(block.share for block in blocks) == pytest.approx(1)
    assert sum(block.multiplications for block in blocks) == whole.forward.multiplications
    assert [name for block in blocks for name in block.layers] == [row.name for row in whole.rows]


def test_layers_before_the_first_weights_belong_to_the_input() -> None:
    first, second = of(["flatten", "linear 5"], (4, 4, 3))
    assert (first.title, first.followers, first.shape.text) == ("input", ("flatten to 48",), "4x4x3")
    assert first.layers == ("flatten",)
    assert second.shape == MapShape(sides=(), channels=5, text="5")


def test_channels_first_and_last_are_one_shape() -> None:
    first = MapShape.of((32, 24, 12), "channels first")
    assert first == MapShape.of((24, 12, 32), "channels last")
    assert (first.sides, first.channels, first.side) == ((24, 12), 32, pytest.approx((24 * 12) ** 0.5))
    assert MapShape.of((7,), "channels first").text == "7"
    assert MapShape.of((197, 768), "channels first").text == "197x768"
    assert MapShape.of((), "channels first").text == "1"


@pytest.mark.parametrize(
    ("kind", "parameters", "begins"),
    [
        ("Conv2d", 0, True),  # shared weights were counted before
        ("MatMul", 0, True),
        ("BatchNorm2d", 12, False),
        ("BatchNormalization", 12, False),
        ("Add", 4, False),  # a bias of its own, as ONNX writes it
        ("PReLU", 1, False),
        ("ReLU", 0, False),
        ("MyOwnLayer", 5, True),
    ],
)
def test_what_begins_a_block(kind: str, parameters: int, begins: bool) -> None:
    row = LayerCost(name="it", kind=kind, output_shape=(3, 4, 4), with_buffers=parameters)
    assert len(layer_blocks(table(row))) == 1 + begins


def test_a_convolution_without_a_formula_has_no_kernel() -> None:
    whole = Formula(phase="parameters", quantity="parameters", text="544", value=544)
    rows = (
        LayerCost(name="a", kind="Conv2d", output_shape=(3, 4, 4), with_buffers=544, formulas=(whole,)),
        LayerCost(name="b", kind="Conv2d", output_shape=(3, 4, 4)),
    )
    assert [block.title for block in layer_blocks(table(*rows))] == ["input", "Conv2d", "Conv2d"]


def test_several_inputs_and_no_layer() -> None:
    (block,) = layer_blocks(table(inputs=((1, 8, 8), (5,))))
    assert (block.shape.text, block.followers, block.share) == ("8x8x1", ("and 5",), 0)


def test_stages_keep_what_their_blocks_have() -> None:
    blocks = of(["conv 8 3x3 padding same"] * 5 + ["maxpool 2x2", "flatten", "linear 7"], (8, 8, 1))
    found = stages(blocks)
    assert [(stage.title, stage.shape.text) for stage in found] == [
        ("input", "8x8x1"),
        ("4 blocks", "8x8x8"),
        ("conv 3x3", "4x4x8"),
        ("linear", "7"),
    ]
    assert found[1].followers == ("conv 3x3",)
    assert sum(stage.parameters for stage in found) == sum(block.parameters for block in blocks)
    assert sum(len(stage.layers) for stage in found) == sum(len(block.layers) for block in blocks)


def residual(prefix: str) -> list[LayerCost]:
    """A stem, a residual module whose shortcut comes first, what follows it, and a last layer."""
    layers = [
        ("stem", "Conv2d", (4, 8, 8), 36),
        ("body.shortcut", "Conv2d", (6, 8, 8), 24),
        ("body.branch.0", "Conv2d", (6, 8, 8), 216),
        ("body.branch.1", "ReLU", (6, 8, 8), 0),
        ("body.branch.2", "Conv2d", (6, 8, 8), 324),
        ("body.add", "add", (6, 8, 8), 0),
        ("body.activation", "ReLU", (6, 8, 8), 0),
        ("pool", "AvgPool2d", (6, 4, 4), 0),
        ("last", "Linear", (7,), 50),
    ]
    return [
        LayerCost(name=prefix + name, kind=kind, output_shape=shape, with_buffers=count)
        for name, kind, shape, count in layers
    ]


def test_a_residual_module_is_one_block_of_a_chain() -> None:
    (chain,) = chains(table(*residual("")))
    assert [(block.title, block.followers, block.shape.text, block.parameters) for block in chain] == [
        ("input", (), "8x8x1", 0),
        ("Conv2d", (), "8x8x4", 36),
        ("residual block", ("3 Conv2d", "AvgPool2d"), "8x8x6", 24 + 216 + 324),
        ("Linear", (), "7", 50),
    ]
    assert [block.residual for block in chain] == [False, False, True, False]
    assert [name for block in chain for name in block.layers] == [row.name for row in residual("")]


def test_members_of_an_ensemble_are_chains_of_their_own() -> None:
    mean = LayerCost(name="add", kind="add", output_shape=(7,))
    whole = table(*residual("members.0."), *residual("members.1.members.0."), mean)
    first, second = chains(whole)
    assert [block.title for block in first] == ["input", "Conv2d", "residual block", "Linear"]
    assert [block.title for block in second] == [block.title for block in first]
    assert sum(block.share for block in (*first, *second)) == pytest.approx(1)
    one = [row for row in whole.rows if row.name.startswith("members.0.")]
    assert len(chains(table(*one))) == 1


def test_layers_that_add_nothing_up_or_are_all_there_is_are_no_residual_block() -> None:
    bias = LayerCost(name="body.add", kind="Add", output_shape=(6, 8, 8), with_buffers=6)
    stem, _, branch, *_ = residual("")
    assert chains(table(stem, branch, bias)) == (layer_blocks(table(stem, branch, bias)),)
    joined = LayerCost(name="body.add", kind="add", output_shape=(6, 8, 8))
    assert chains(table(branch, joined)) == (layer_blocks(table(branch, joined)),)
