"""The network against numpy, from many threads, and the files that it refuses."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from mien.core.errors import DataError
from mien.core.labels import EXPRESSIONS
from mien.inference import network as networks
from mien.inference.network import Network
from tests.inference.made_network import expected, write_network


def random_faces(count):
    return np.random.default_rng(1).integers(0, 256, (count, 48, 48), dtype=np.uint8)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("kind", [TensorProto.UINT8, TensorProto.FLOAT])
def test_probabilities_are_those_of_numpy_whatever_the_batch(tmp_path, monkeypatch, kind, threads):
    monkeypatch.setattr(networks, "PART", 5)
    network = Network(write_network(tmp_path / "a.onnx", kind=kind), threads=threads)
    for count in (1, 5, 10, 12, 64):
        faces = random_faces(count)
        assert network.probabilities(faces) == pytest.approx(expected(faces), abs=1e-5)
    assert network.probabilities(random_faces(0)).shape == (0, 7)


@pytest.mark.parametrize("threads", [1, 2])
def test_eight_threads_get_the_answers_that_one_gets(model, monkeypatch, threads):
    monkeypatch.setattr(networks, "PART", 2)  # so that some batches go through in parts
    network = Network(model, threads=threads)
    batches = [random_faces(20)[start : start + size] for start in range(10) for size in (1, 3, 10)]
    alone = [network.probabilities(batch).tobytes() for batch in batches]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda k: network.probabilities(batches[k % 30]).tobytes(), range(600)))
    assert together == alone * 20


@pytest.mark.parametrize(
    "wrong", [np.zeros((2, 48, 48)), np.zeros((2, 40, 48), np.uint8), np.zeros(48, np.uint8)]
)
def test_what_are_no_faces_is_refused(model, wrong):
    with pytest.raises(DataError, match=r"expected faces of uint8 \(n, 48, 48\)"):
        Network(model).probabilities(wrong)


REFUSED = {
    "expected the classes angry": {"classes": EXPRESSIONS[::-1]},
    r"expected an input of uint8 or float32 \(n, 1, 48, 48\), got uint8 \(n, 3, 48, 48\)": {
        "shape": ("n", 3, 48, 48)
    },
    r"got uint8 \(1, 1, 48, 48\)": {"shape": (1, 1, 48, 48)},
    "got int64": {"kind": TensorProto.INT64},
}


@pytest.mark.parametrize("reason", REFUSED)
def test_a_network_with_other_classes_or_ports_is_refused(tmp_path, reason):
    with pytest.raises(DataError, match=reason) as told:
        Network(write_network(tmp_path / "a.onnx", **REFUSED[reason]))
    assert str(tmp_path / "a.onnx") in str(told.value)


def test_files_that_are_missing_or_no_network_of_mien_are_refused(tmp_path, model):
    with pytest.raises(DataError, match="cannot be read"):
        Network(tmp_path / "missing.onnx")
    (tmp_path / "text.onnx").write_text("hello")
    with pytest.raises(DataError, match="not an ONNX file"):
        Network(tmp_path / "text.onnx")
    foreign = model.read_bytes().replace(b"mien.classes", b"nobody.class")
    (tmp_path / "foreign.onnx").write_bytes(foreign)
    with pytest.raises(DataError, match=r"lacks mien\.classes"):
        Network(tmp_path / "foreign.onnx")


def test_what_onnxruntime_refuses_is_one_line(tmp_path, model):
    (tmp_path / "a.onnx").write_bytes(model.read_bytes().replace(b"Gemm", b"Relu"))
    with pytest.raises(DataError, match="onnxruntime refuses it") as told:
        Network(tmp_path / "a.onnx")
    assert "\n" not in str(told.value)


HOSTILE = {
    "mien.side": "Infinity",
    "mien.classes": "[" * 100_000,
    "mien.temperature": "NaN",
    "mien.run": '"' + "\\ud800",
}


@pytest.mark.parametrize("key", HOSTILE)
def test_hostile_metadata_is_refused(tmp_path, model, key):
    made = onnx.load(model)
    for entry in made.metadata_props:
        if entry.key == key:
            entry.value = HOSTILE[key]
    onnx.save(made, tmp_path / "a.onnx")
    with pytest.raises(DataError, match=r"damaged|expected a temperature"):
        Network(tmp_path / "a.onnx")


def ending_in(model, path, *nodes, **held):
    """The network with other nodes between its logits, now "made", and its output."""
    made = onnx.load(model)
    made.graph.node[-1].output[0] = "made"
    made.graph.node.extend(nodes)
    made.graph.initializer.extend(numpy_helper.from_array(each, name) for name, each in held.items())
    onnx.save(made, path)
    return Network(path, threads=1)


def test_what_fails_while_it_runs_is_one_line(tmp_path, model):
    shape = np.array([1, 7], dtype=np.int64)
    node = helper.make_node("Reshape", ["made", "shape"], ["logits"])
    network = ending_in(model, tmp_path / "a.onnx", node, shape=shape)
    assert network.logits(random_faces(1)).shape == (1, 7)
    with pytest.raises(DataError, match=r"a\.onnx: onnxruntime fails on 3 faces") as told:
        network.logits(random_faces(3))
    assert "\n" not in str(told.value)


def test_what_fails_in_a_part_of_many_faces_is_one_line(tmp_path, model, monkeypatch):
    monkeypatch.setattr(networks, "PART", 2)
    shape = np.array([2, 7], dtype=np.int64)
    node = helper.make_node("Reshape", ["made", "shape"], ["logits"])
    network = ending_in(model, tmp_path / "a.onnx", node, shape=shape)
    assert network.logits(random_faces(8)).shape == (8, 7)
    with pytest.raises(DataError, match=r"a\.onnx: onnxruntime fails on 1 faces"):
        network.logits(random_faces(7))


def test_logits_of_another_shape_or_not_finite_are_refused(tmp_path, model):
    node = helper.make_node("ReduceMax", ["made"], ["logits"], axes=[0], keepdims=1)
    with pytest.raises(DataError, match=r"expected logits \(3, 7\), got \(1, 7\)"):
        ending_in(model, tmp_path / "a.onnx", node).logits(random_faces(3))
    node = helper.make_node("Div", ["made", "none"], ["logits"])
    network = ending_in(model, tmp_path / "b.onnx", node, none=np.zeros(1, dtype=np.float32))
    with pytest.raises(DataError, match="expected finite logits"):
        network.probabilities(random_faces(2))


def test_a_tiny_temperature_gives_one_to_the_top_class(tmp_path, model):
    made = onnx.load(model)
    for entry in made.metadata_props:
        if entry.key == "mien.temperature":
            entry.value = "1e-320"
    onnx.save(made, tmp_path / "a.onnx")
    found = Network(tmp_path / "a.onnx", threads=1).probabilities(random_faces(4))
    assert np.array_equal(found, np.eye(7)[expected(random_faces(4)).argmax(1)])
