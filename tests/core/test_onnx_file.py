"""What passes as a plain ONNX file and what is refused, on files that the onnx package writes."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from mien.core import onnx_file
from mien.core.errors import DataError
from mien.core.onnx_file import read_onnx


def model(nodes, weights=(), **changes):
    faces = helper.make_tensor_value_info("faces", TensorProto.UINT8, ["n", 1, 48, 48])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 7])
    graph = helper.make_graph(nodes, "made", [faces], [logits], list(weights))
    made = helper.make_model(graph, **{"opset_imports": [helper.make_opsetid("", 17)], **changes})
    helper.set_model_props(made, {"key": "välue"})
    return made


def plain():
    weights = numpy_helper.from_array(np.ones((2304, 7), dtype=np.float32), "w")
    return model(
        [
            helper.make_node("Cast", ["faces"], ["cast"], to=TensorProto.FLOAT),
            helper.make_node("Flatten", ["cast"], ["flat"]),
            helper.make_node("MatMul", ["flat", "w"], ["logits"]),
        ],
        [weights],
    )


def test_a_plain_file_is_read_as_the_onnx_package_reads_it():
    read = read_onnx(plain().SerializeToString())
    (faces,), (logits,) = read.inputs, read.outputs
    assert (faces.name, faces.kind, faces.shape) == ("faces", "uint8", (None, 1, 48, 48))
    assert (logits.name, logits.kind, logits.shape) == ("logits", "float32", (None, 7))
    assert read.metadata == {"key": "välue"}
    assert read.operators == {"Cast", "Flatten", "MatMul"}


def external():
    made = plain()
    held = made.graph.initializer[0]
    held.data_location = TensorProto.EXTERNAL
    held.external_data.add(key="location", value="/etc/passwd")
    return made


def external_in_a_constant():
    held = TensorProto(name="c", data_type=1, data_location=TensorProto.EXTERNAL)
    return model([helper.make_node("Constant", [], ["logits"], value=held)])


def branching():
    inner = helper.make_graph([helper.make_node("Identity", ["faces"], ["y"])], "inner", [], [])
    return model([helper.make_node("Add", ["faces", "faces"], ["logits"], then_branch=inner)])


def functions():
    made = plain()
    made.functions.add(name="mine", domain="")
    return made


REFUSED = {
    "external data": external,
    "external data for 'c'": external_in_a_constant,
    "got a graph": branching,
    "functions of its own": functions,
    "got If": lambda: model([helper.make_node("If", ["faces"], ["logits"])]),
    "got com.evil.Run": lambda: model([helper.make_node("Run", ["faces"], ["logits"], domain="com.evil")]),
    "operators of com.evil": lambda: model([], opset_imports=[helper.make_opsetid("com.evil", 1)]),
    "got RandomNormal": lambda: model([helper.make_node("RandomNormal", [], ["logits"], shape=[1])]),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_is_not_plain_is_refused_with_its_reason(reason):
    with pytest.raises(DataError, match=reason):
        read_onnx(REFUSED[reason]().SerializeToString())


def test_a_file_that_is_too_large_is_refused_unread(monkeypatch):
    monkeypatch.setattr(onnx_file, "LARGEST", 100)
    with pytest.raises(DataError, match="at most 100 bytes"):
        read_onnx(plain().SerializeToString())


@pytest.mark.parametrize("content", [b"", b"hello", b"\x80" * 20, b"\x0a\xff\xff\xff\xff\x0f", bytes(1000)])
def test_what_is_no_onnx_is_refused(content):
    with pytest.raises(DataError, match="not an ONNX file"):
        read_onnx(content)


def test_damaged_files_are_read_or_refused_and_nothing_else():
    content = onnx.ModelProto.SerializeToString(plain())
    head = np.frombuffer(content, dtype=np.uint8)
    random = np.random.default_rng(0)
    for _ in range(300):
        broken = head[: random.integers(1, len(head))].copy() if random.random() < 0.3 else head.copy()
        # the structure lies at both ends, the weights in between
        place = random.integers(0, 200, 3) if random.random() < 0.5 else -random.integers(1, 300, 3)
        place = np.clip(place, -len(broken), len(broken) - 1)
        broken[place] ^= random.integers(1, 256, 3).astype(np.uint8)
        try:
            read_onnx(broken.tobytes())
        except DataError:
            continue


def varint(number):
    more = number >> 7
    return bytes([number & 127 | 128]) + varint(more) if more else bytes([number])


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def test_a_graph_given_twice_is_refused_for_parsers_would_merge_them():
    hidden = onnx.GraphProto(node=[helper.make_node("RandomNormal", [], ["x"], shape=[1])])
    content = field(7, hidden.SerializeToString()) + plain().SerializeToString()
    merged = onnx.load_from_string(content)
    assert merged.graph.node[0].op_type == "RandomNormal"
    with pytest.raises(DataError, match="more than once"):
        read_onnx(content)


def test_a_number_in_the_place_of_an_operator_s_name_is_refused_for_parsers_pass_over_it():
    node = field(4, b"If") + varint(4 << 3 | 5) + b"Relu"
    assert onnx.NodeProto.FromString(node).op_type == "If"
    with pytest.raises(DataError, match="field 4"):
        read_onnx(varint(1 << 3) + b"\x08" + field(7, field(1, node)))


def test_field_numbers_that_parsers_cut_off_are_refused():
    with pytest.raises(DataError, match="number"):
        read_onnx(plain().SerializeToString() + varint((1 << 32 | 7 << 3) | 2) + b"\x00")


def test_millions_of_tiny_fields_are_refused_early(monkeypatch):
    monkeypatch.setattr(onnx_file, "MOST_FIELDS", 1000)
    content = plain().SerializeToString()
    read_onnx(content)
    within = b"\x08\x08" + field(7, b"\x50\x00" * 1000)
    for many in (content + b"\xa0\x01\x00" * 1000, within, content + field(8, field(1, b"")) * 600):
        with pytest.raises(DataError, match="at most 1,000 fields"):
            read_onnx(many)
