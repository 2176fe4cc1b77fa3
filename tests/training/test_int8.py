"""Networks in int8: what the file holds against its own float weights, and its loss against a count by hand."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from torch import nn

from mien.core.errors import RunError
from mien.core.images import LabelledImages
from mien.core.labels import EXPRESSIONS
from mien.core.network_about import NetworkAbout
from mien.core.onnx_file import read_onnx
from mien.core.rundir import WEIGHTS, RunDir
from mien.data.splits import split
from mien.faces.onnx_session import open_session
from mien.inference.network import Network
from mien.models import registry
from mien.training.batches import normalise
from mien.training.checkpoint import weights_to_bytes
from mien.training.export import export
from mien.training.int8 import (
    CALIBRATED_ON,
    _averages_as_convolutions,
    calibration_faces,
    int8_bytes,
    quantised,
)
from mien.training.onnx_graph import onnx_bytes
from tests.conftest import small_faces
from tests.made_runs import made_run
from tests.training.test_export import ABOUT, SMALL, stirred


def logits_of(content: bytes, faces: np.ndarray) -> np.ndarray:
    return open_session(content, 1).run(None, {"faces": faces[:, None]})[0]


@pytest.mark.parametrize("name", SMALL)
def test_every_network_says_nearly_the_same_in_int8(name):
    content = onnx_bytes(stirred(registry.build(name, SMALL[name])), ABOUT)
    pixels = small_faces(40).pixels
    small = int8_bytes(content, pixels, ABOUT)
    before, after = logits_of(content, pixels), logits_of(small, pixels)
    assert not np.array_equal(before, after)
    assert np.abs(before - after).max() < 0.1 * np.abs(before).max()
    declared = read_onnx(small)
    assert {"QuantizeLinear", "DequantizeLinear"} <= declared.operators
    assert NetworkAbout.from_metadata(declared.metadata) == ABOUT
    kinds = [each.data_type for each in onnx.load_from_string(small).graph.initializer]
    assert kinds.count(onnx.TensorProto.INT8) >= 2


def test_weights_have_a_scale_a_channel_and_keep_to_seven_bits():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(2304, 7)).eval()
    with torch.no_grad():
        network[1].weight *= torch.tensor([0.01, 0.1, 1, 10, 1, 1, 1])[:, None]
    small = int8_bytes(onnx_bytes(network, ABOUT), small_faces(20).pixels, ABOUT)
    kept = {each.name: numpy_helper.to_array(each) for each in onnx.load_from_string(small).graph.initializer}
    whole = kept["1.weight_quantized"].astype(np.float64)
    scale = kept["1.weight_scale"].astype(np.float64)
    assert scale.shape == (7,)
    assert np.abs(whole).max() == 64
    difference = np.abs(whole * scale[:, None] - network[1].weight.detach().numpy())
    assert (difference <= scale[:, None] * 0.5001).all()


def test_averages_are_convolutions_that_say_the_same(tmp_path):
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(1, 5, 3),
        nn.AvgPool2d(2),
        nn.AvgPool2d(3, stride=2),
        nn.Conv2d(5, 4, 3),
        nn.AvgPool2d(2, padding=1),
    ).eval()
    path = tmp_path / "network.onnx"
    head = nn.Sequential(network, nn.Flatten(), nn.Linear(4 * 5 * 5, 7)).eval()
    content = onnx_bytes(head, ABOUT)
    path.write_bytes(content)
    _averages_as_convolutions(path)
    made = onnx.load(path)
    assert [node.op_type for node in made.graph.node if "Pool" in node.op_type] == [
        "AveragePool"
    ]  # the padded one
    assert [each.i for node in made.graph.node for each in node.attribute if each.name == "group"] == [
        1,
        5,
        5,
        1,
    ]
    pixels = small_faces(6).pixels
    assert np.allclose(logits_of(path.read_bytes(), pixels), logits_of(content, pixels), atol=1e-5)
    small = int8_bytes(content, pixels, ABOUT)
    kept = {each.name: numpy_helper.to_array(each) for each in onnx.load_from_string(small).graph.initializer}
    pools = [name for name in kept if name.startswith("averagepool") and name.endswith("weight_quantized")]
    assert [np.unique(kept[name]).tolist() for name in pools] == [[64], [64]]
    scales = [np.unique(kept[name.replace("quantized", "scale")]) for name in pools]
    assert np.concatenate(scales) * 64 == pytest.approx([1 / 4, 1 / 9], rel=1e-6)


def learned(faces: LabelledImages) -> nn.Module:
    """A small network that tells these faces apart."""
    torch.manual_seed(3)
    network = registry.build("dnn", {"hidden": (12, 8)}, classes=len(faces.classes))
    steps = torch.optim.Adam(network.parameters(), 0.01)
    inputs, labels = normalise(torch.tensor(faces.pixels)), torch.tensor(faces.labels)
    for _ in range(30):
        steps.zero_grad()
        nn.functional.cross_entropy(network.train()(inputs), labels).backward()
        steps.step()
    return network.eval()


def test_the_loss_is_counted_face_by_face_and_the_file_predicts(tmp_path):
    faces = replace(small_faces(350, classes=7), classes=EXPRESSIONS)
    parts = split(faces, "official", seed=0)
    content = onnx_bytes(learned(parts.train), ABOUT)
    small, about, loss = quantised(content, ABOUT, parts)
    tops = [logits_of(each, parts.val.pixels).argmax(1) for each in (small, content)]
    hits = [(top == parts.val.labels).mean() for top in tops]
    assert hits[1] > 0.6
    assert (loss.accuracy, loss.float_accuracy) == pytest.approx(tuple(hits))
    assert loss.difference == pytest.approx(hits[0] - hits[1])
    assert loss.interval.low <= loss.difference <= loss.interval.high
    assert loss.changed == (tops[0] != tops[1]).sum()
    assert (loss.faces, loss.calibrated_on) == (len(parts.val), len(parts.train))
    assert (loss.size, loss.float_size) == (len(small), len(content))
    assert about == replace(ABOUT, temperature=about.temperature)
    (tmp_path / "small.onnx").write_bytes(small)
    network = Network(tmp_path / "small.onnx")
    assert network.about == about
    assert np.array_equal(network.probabilities(parts.val.pixels).argmax(1), tops[0])


def test_worse_weights_are_a_loss(monkeypatch):
    faces = small_faces(120)
    parts = split(faces, "official", seed=0)
    about = replace(ABOUT, classes=faces.classes)
    content = onnx_bytes(learned(parts.train), about)
    broken = onnx_bytes(stirred(registry.build("dnn", {"hidden": (12, 8)}, classes=3), seed=8), about)
    monkeypatch.setattr("mien.training.int8.int8_bytes", lambda *_: broken)
    _, _, loss = quantised(content, about, parts)
    assert loss.difference < -0.2
    assert loss.interval.high < 0
    assert loss.changed > 5


def test_calibration_takes_faces_from_all_over_the_training_part():
    many = small_faces(1000)
    rows = [int(face) for face in many.select(np.linspace(0, 999, CALIBRATED_ON).round().astype(int)).ids]
    assert np.array_equal(calibration_faces(many), many.pixels[rows])
    assert len(set(rows)) == CALIBRATED_ON
    assert (rows[0], rows[-1]) == (0, 999)
    assert np.array_equal(calibration_faces(small_faces(9)), small_faces(9).pixels)


@pytest.fixture
def run(tmp_path) -> RunDir:
    run, _ = made_run(tmp_path / "run", model="dnn")
    network = registry.build("dnn", classes=3)
    run.write(WEIGHTS, weights_to_bytes(network, {}))
    return run


def test_a_run_becomes_an_int8_file_with_its_loss_beside_it(run, tmp_path, faces):
    made = export(run, tmp_path / "small.onnx", faces=5, int8=True, data=faces)
    said = json.loads(made.proof_path.read_text())
    assert said["int8"] == made.to_dict()["int8"] == json.loads(json.dumps(made.int8.to_dict()))
    assert said["proof"]["holds"] is True
    assert said["sha256"] == hashlib.sha256(made.path.read_bytes()).hexdigest()
    assert made.size == made.path.stat().st_size == made.int8.size < made.int8.float_size / 3
    assert said["temperature"] == made.about.temperature
    assert "int8" not in export(run, tmp_path / "float.onnx", faces=5).to_dict()


def test_data_that_is_not_there_is_said_before_any_work(run, tmp_path, monkeypatch):
    monkeypatch.setattr("mien.training.export.network_of", None)
    with pytest.raises(Exception, match="small faces") as told:
        export(run, tmp_path / "small.onnx", int8=True)
    assert type(told.value).__module__ == RunError.__module__
    assert not (tmp_path / "small.onnx").exists()
