"""Counting ONNX files: small graphs written here, against the same layers in words."""

from pathlib import Path

import numpy as np
import pytest

from mien.analysis.cost import count, network_from_text
from mien.core.costs import CostTable
from mien.core.errors import ConfigError, DataError
from mien.models.onnx_layers import read_onnx

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402


def weights(**shapes: tuple[int, ...]) -> list:
    random = np.random.default_rng(0)
    return [
        numpy_helper.from_array(random.random(shape, dtype=np.float32), name)
        for name, shape in shapes.items()
    ]


def written(path: Path, nodes: list, initializers: list, size: list, more_inputs: dict | None = None) -> Path:
    """A model whose first input is x and whose output is y."""
    inputs = {"x": size} | (more_inputs or {})
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        initializers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    onnx.save(model, path / "net.onnx")
    return path / "net.onnx"


def counted(path: Path, nodes: list, initializers: list, size: list, **more) -> CostTable:
    return count(read_onnx(written(path, nodes, initializers, size, **more)))


def in_words(*lines: str, size: tuple[int, ...], batch: int = 1) -> CostTable:
    return count(network_from_text(lines, size, batch=batch))


def test_a_small_network_is_the_one_in_words(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w", "b"], ["c"], "first", pads=[1, 1, 2, 2], kernel_shape=[4, 4]),
        helper.make_node("LeakyRelu", ["c"], ["r"], alpha=0.1),
        helper.make_node("BatchNormalization", ["r", "scale", "shift", "mean", "variance"], ["n"]),
        helper.make_node("AveragePool", ["n"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("Gemm", ["f", "m", "k"], ["l"], transB=1),
        helper.make_node("Softmax", ["l"], ["y"], axis=-1),
    ]
    held = weights(
        w=(6, 2, 4, 4), b=(6,), scale=(6,), shift=(6,), mean=(6,), variance=(6,), m=(7, 96), k=(7,)
    )
    table = counted(tmp_path, nodes, held, [1, 2, 8, 8])
    lines = ("conv 6 4 padding same", "leakyrelu", "batchnorm", "avgpool 2", "flatten", "linear 7", "softmax")
    same = in_words(*lines, size=(8, 8, 2))
    for row, twin in zip(table.rows, same.rows, strict=True):
        assert (row.forward, row.trainable, row.with_buffers) == (
            twin.forward,
            twin.trainable,
            twin.with_buffers,
        )
        assert (row.bytes_moved, row.receptive_field) == (twin.bytes_moved, twin.receptive_field)
    assert table.rows[0].label == "first Conv"


def test_groups_dilation_stride_and_automatic_padding(tmp_path: Path) -> None:
    node = helper.make_node(
        "Conv", ["x", "w"], ["y"], group=2, dilations=[2, 1], strides=[2, 2], auto_pad="SAME_UPPER"
    )
    same = in_words("conv 6 3x2 padding same stride 2 dilation 2x1 groups 2 nobias", size=(9, 8, 4))
    table = counted(tmp_path, [node], weights(w=(6, 2, 3, 2)), [1, 4, 9, 8])
    assert (table.forward, table.trainable) == (same.forward, same.trainable)
    assert table.rows[0].output_shape == (6, 5, 4)


def test_transposed_convolutions(tmp_path: Path) -> None:
    node = helper.make_node(
        "ConvTranspose", ["x", "w", "b"], ["y"], strides=[2, 2], pads=[1, 1, 1, 1], kernel_shape=[3, 3]
    )
    same = in_words("transposed 5 3 stride 2 padding 1", size=(4, 6, 3))
    table = counted(tmp_path, [node], weights(w=(3, 5, 3, 3), b=(5,)), [1, 3, 4, 6])
    assert table.forward == same.forward


def test_products_with_weights_and_of_activations(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["q"]),
        helper.make_node("Add", ["q", "b"], ["s"]),
        helper.make_node("Transpose", ["x"], ["t"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["s", "t"], ["y"]),
    ]
    table = counted(tmp_path, nodes, weights(w=(4, 4), b=(4,)), [1, 3, 4])
    linear, bias, _, product = table.rows
    assert linear.forward.to_dict() == {"multiplications": 48, "additions": 36, "bias additions": 0}
    assert bias.forward.to_dict() == {"multiplications": 0, "additions": 0, "bias additions": 12}
    assert product.forward.to_dict() == {"multiplications": 36, "additions": 27, "bias additions": 0}
    assert table.trainable == 20


def test_residual_addition_and_global_pooling(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Add", ["c", "x"], ["a"]),
        helper.make_node("GlobalAveragePool", ["a"], ["y"]),
    ]
    table = counted(tmp_path, nodes, weights(w=(4, 4, 3, 3)), [1, 4, 5, 5])
    same = in_words("conv 4 3 padding 1 nobias", "residual 1", "globalavgpool", size=(5, 5, 4))
    assert [row.forward for row in table.rows] == [row.forward for row in same.rows]
    assert [row.live_bytes for row in table.rows] == [row.live_bytes for row in same.rows]


def test_shared_weights_are_parameters_once(tmp_path: Path) -> None:
    nodes = [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("MatMul", ["h", "w"], ["y"])]
    table = counted(tmp_path, nodes, weights(w=(4, 4)), [1, 4])
    assert [row.trainable for row in table.rows] == [16, 0]
    assert table.rows[0].forward == table.rows[1].forward


def test_sizes_that_the_file_leaves_open(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        [helper.make_node("Conv", ["x", "w"], ["y"])],
        weights(w=(6, 3, 2, 2)),
        ["batch", 3, "height", "width"],
    )
    with pytest.raises(ConfigError, match="input x leaves height, width open: give its sizes with --input"):
        read_onnx(path)
    table = count(read_onnx(path, (3, 5, 4), batch=2))
    assert table.batch == 2
    assert table.rows[0].output_shape == (6, 4, 3)
    assert (
        table.forward.multiplications
        == 2 * in_words("conv 6 2 nobias", size=(5, 4, 3)).forward.multiplications
    )


def test_an_input_that_does_not_fit(tmp_path: Path) -> None:
    path = written(
        tmp_path, [helper.make_node("Conv", ["x", "w"], ["y"])], weights(w=(6, 3, 2, 2)), ["n", "c", "h", "w"]
    )
    with pytest.raises(ConfigError, match="input x has 3 sizes, got 3x5"):
        read_onnx(path, (3, 5))


def test_computed_shapes_are_no_arithmetic(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Gather", ["s", "zero"], ["n"]),
        helper.make_node("Unsqueeze", ["n", "axes"], ["u"]),
        helper.make_node("Concat", ["u", "rest"], ["target"], axis=0),
        helper.make_node("Reshape", ["x", "target"], ["y"]),
    ]
    integers = {"zero": np.array(0), "axes": np.array([0]), "rest": np.array([-1])}
    held = [numpy_helper.from_array(value.astype(np.int64), name) for name, value in integers.items()]
    table = counted(tmp_path, nodes, held, [1, 4, 5])
    assert table.operations == table.with_buffers == 0
    assert not table.uncounted


def test_what_has_no_rule_is_named(tmp_path: Path) -> None:
    nodes = [helper.make_node("Relu", ["x"], ["r"]), helper.make_node("Det", ["r"], ["y"], "determinant")]
    table = counted(tmp_path, nodes, [], [1, 3, 3])
    assert table.lower_bound
    assert table.uncounted == ("determinant: Det",)


def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    for content in (b"", b"not a model at all", b"\x08\x07"):
        path.write_bytes(content)
        with pytest.raises(DataError, match="ONNX model"):
            read_onnx(path)
    with pytest.raises(DataError, match="no such file"):
        read_onnx(tmp_path / "none.onnx")


def test_a_graph_without_arithmetic_on_its_input_costs_nothing(tmp_path: Path) -> None:
    node = helper.make_node("Shape", ["x"], ["y"])
    values = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3]),
        helper.make_tensor_value_info("y", TensorProto.INT64, None),
    ]
    model = helper.make_model(helper.make_graph([node], "graph", values[:1], values[1:]))
    onnx.save(model, tmp_path / "net.onnx")
    table = count(read_onnx(tmp_path / "net.onnx"))
    assert (table.rows, table.operations) == ((), 0)


def test_arithmetic_on_integers_is_named_as_not_counted(tmp_path: Path) -> None:
    zero = numpy_helper.from_array(np.array(0, dtype=np.uint8), "zero")
    scale = numpy_helper.from_array(np.array(0.1, dtype=np.float32), "scale")
    w = numpy_helper.from_array(np.ones((4, 5), dtype=np.uint8), "w")
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "scale", "zero"], ["q"]),
        helper.make_node("MatMulInteger", ["q", "w"], ["i"]),
        helper.make_node("Shape", ["i"], ["s"]),
        helper.make_node("Cast", ["i"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["f", "s"], ["y"]),
    ]
    table = counted(tmp_path, nodes, [zero, scale, w], [1, 4])
    assert [what.split(": ")[-1] for what in table.uncounted] == ["QuantizeLinear", "MatMulInteger"]
    assert "Shape" not in [row.kind for row in table.rows]


def test_weights_in_eight_bits_are_as_many_as_they_are(tmp_path: Path) -> None:
    whole = numpy_helper.from_array(np.ones((4, 5), dtype=np.int8), "w")
    scales = numpy_helper.from_array(np.ones(5, dtype=np.float32), "s")
    zeros = numpy_helper.from_array(np.zeros(5, dtype=np.int8), "z")
    plain = counted(tmp_path, [helper.make_node("MatMul", ["x", "f"], ["y"])], weights(f=(4, 5)), [1, 4])
    for first, second in (
        (helper.make_node("DequantizeLinear", ["w", "s", "z"], ["f"], axis=1), []),
        (
            helper.make_node("Cast", ["w"], ["c"], to=TensorProto.FLOAT),
            [helper.make_node("Mul", ["c", "s"], ["f"])],
        ),
    ):
        nodes = [first, *second, helper.make_node("MatMul", ["x", "f"], ["y"])]
        table = counted(tmp_path, nodes, [whole, scales, zeros], [1, 4])
        assert table.with_buffers == plain.with_buffers == 20
        assert table.forward == plain.forward
        assert not table.uncounted


def test_channels_that_do_not_fit_the_weights(tmp_path: Path) -> None:
    node = helper.make_node("Conv", ["x", "w"], ["y"], group=2)
    with pytest.raises(ConfigError, match="weights w in 2 groups take 6 channels, input x has 4"):
        counted(tmp_path, [node], weights(w=(6, 3, 3, 3)), [1, 4, 9, 9])


def test_the_batch_that_a_file_fixes_stays_unless_another_is_asked_for(tmp_path: Path) -> None:
    from mien.costing import cost

    node = helper.make_node("Relu", ["x"], ["y"])
    fixed = written(tmp_path, [node], [], [5, 3])
    assert (cost(fixed).batch, cost(fixed, training=True).batch, cost(fixed, batch=2).batch) == (5, 5, 2)
    left_open = written(tmp_path, [node], [], ["n", 3])
    assert (cost(left_open).batch, cost(left_open, training=True).batch) == (1, 128)


def test_inputs_that_are_single_numbers(tmp_path: Path) -> None:
    nodes = [helper.make_node("Mul", ["x", "z"], ["y"])]
    assert counted(tmp_path, nodes, [], [1, 3], more_inputs={"z": []}).forward.multiplications == 3
    with pytest.raises(ConfigError, match="expected a first input with a batch"):
        counted(tmp_path, [helper.make_node("Relu", ["x"], ["y"])], [], [])
