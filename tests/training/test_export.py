"""Exported networks against the networks themselves, run by onnxruntime."""

import hashlib
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from mien.core.errors import ConfigError, RunError
from mien.core.labels import EXPRESSIONS
from mien.core.network_about import NetworkAbout
from mien.core.onnx_file import read_onnx
from mien.core.rundir import WEIGHTS, RunDir
from mien.models import registry
from mien.training import export as exporting
from mien.training.checkpoint import onnx_into, weights_to_bytes
from mien.training.export import Proof, export, proof_path, prove
from mien.training.onnx_graph import onnx_bytes
from tests.made_runs import made_run

SMALL = {
    "cnn": {"filters": (4, 5, 6, 7), "dense": (9, 8)},
    "dnn": {"hidden": (10, 8)},
    "trunk": {"stem": 4, "widths": (8, 8), "blocks": (1, 2), "head": 8, "activation": "silu"},
    "pocket": {},
}
ABOUT = NetworkAbout(classes=EXPRESSIONS, side=48, temperature=1.25, mien="0", run="made", weights="00")


def stirred(network: nn.Module, seed: int = 0) -> nn.Module:
    """Statistics as after training, and larger last weights, so that nothing hides in zeros and ones."""
    torch.manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            for values in (module.running_mean, module.bias.data):
                values.normal_(0, 0.3)
            for values in (module.running_var, module.weight.data):
                values.uniform_(0.5, 1.5)
    return network.eval()


def some_faces(count: int, side: int = 48) -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (count, side, side), dtype=np.uint8)


@pytest.mark.parametrize(
    ("name", "choices"),
    [
        *SMALL.items(),
        ("trunk", SMALL["trunk"] | {"ranks": (0, 4, 4)}),
        ("ensemble", {"of": ("pocket", "cnn+filters=4-5-6-7+dense=9-8", "pocket")}),
    ],
)
def test_every_network_says_the_same_as_its_onnx_file(name, choices):
    network = stirred(registry.build(name, choices))
    proof = prove(network, onnx_bytes(network, ABOUT), some_faces(70))
    assert proof.holds
    assert set(proof.differences) == {"1", "2", "7", "64"}
    assert max(proof.differences.values()) < 1e-5


class Mixed(nn.Module):
    """What the named networks do not use: max pools with padding, strides, plain numbers, two inputs of a sum."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 4, (4, 3), padding="same", dilation=(1, 2), bias=False)
        self.second = nn.Conv2d(1, 4, 3, stride=2, padding=1)
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        self.average = nn.AvgPool2d(3, stride=2, padding=1, ceil_mode=True)
        self.last = nn.Sequential(nn.Flatten(), nn.Tanh(), nn.Linear(4 * 13 * 13, 7, bias=False))

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        values = torch.relu(self.pool(self.first(faces))) * 0.5 + self.second(faces) - 1
        return self.last(self.average(values))


def test_padding_pools_and_plain_numbers_are_written_as_they_are():
    torch.manual_seed(1)
    network = Mixed().eval()
    assert prove(network, onnx_bytes(network, ABOUT), some_faces(9)).holds


@pytest.mark.parametrize("module", [nn.Softplus(), nn.AdaptiveAvgPool2d(2), nn.Flatten(0)])
def test_what_it_does_not_know_is_named(module):
    with pytest.raises(ConfigError, match=type(module).__name__):
        onnx_bytes(nn.Sequential(module), ABOUT)


def test_weights_that_float16_holds_take_two_bytes_and_are_read_back():
    network = stirred(registry.build("dnn", {"hidden": (50, 8)}, classes=7)).half().float()
    content = onnx_bytes(network, ABOUT)
    parameters = sum(value.numel() for value in network.parameters())
    assert 2 * parameters < len(content) < 2.1 * parameters
    assert prove(network, content, some_faces(9)).holds
    other = registry.build("dnn", {"hidden": (50, 8)}, classes=7)
    onnx_into(other, content, "made")
    for name, value in network.state_dict().items():
        assert torch.equal(value, other.state_dict()[name]), name
    with pytest.raises(RunError, match="made for another network"):
        onnx_into(registry.build("dnn", {"hidden": (50, 9)}, classes=7), content, "made")


def test_a_module_that_is_used_twice_is_kept_once():
    twice = nn.Conv2d(1, 1, 3, padding=1)
    network = nn.Sequential(twice, nn.ReLU(), twice, nn.Flatten(), nn.Linear(48 * 48, 7))
    content = onnx_bytes(network, ABOUT)
    names = [each.name for each in onnx.load_from_string(content).graph.initializer]
    assert len(names) == len(set(names))
    assert {"0.weight", "0.bias", "4.weight", "4.bias"} < set(names)


@pytest.fixture
def run(tmp_path) -> RunDir:
    run, _ = made_run(tmp_path / "run", model="dnn")
    run.write(WEIGHTS, weights_to_bytes(stirred(registry.build("dnn", classes=3)), {}))
    return run


def test_a_run_becomes_a_file_and_a_proof(run, tmp_path):
    made = export(run, tmp_path / "model.onnx", faces=20)
    model = onnx.load(made.path)
    said = {entry.key: json.loads(entry.value) for entry in model.metadata_props}
    assert said["mien.classes"] == ["class 0", "class 1", "class 2"]
    assert (said["mien.side"], said["mien.run"]) == (48, "run")
    assert said["mien.temperature"] == made.about.temperature > 0
    proof = json.loads(proof_path(made.path).read_text())
    assert proof["proof"]["holds"] is True
    assert proof["proof"]["faces"] == proof["proof"]["same_top"] == 20
    assert NetworkAbout.from_metadata(read_onnx(made.path.read_bytes()).metadata) == made.about
    with pytest.raises(ConfigError, match="exists already"):
        export(run, made.path, faces=20)


def test_nothing_is_left_behind_where_the_file_differs_from_the_run(run, tmp_path, monkeypatch):
    other = stirred(registry.build("dnn", classes=3), seed=9)
    monkeypatch.setattr(exporting, "network_of", lambda *_: other)
    content = onnx_bytes(
        stirred(registry.build("dnn", classes=3), seed=2),
        NetworkAbout.from_metadata(ABOUT.to_metadata() | {"mien.classes": '["a", "b", "c"]'}),
    )
    monkeypatch.setattr(exporting, "onnx_bytes", lambda *_: content)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(RunError, match="differs from the run"):
        export(run, tmp_path / "model.onnx", faces=20)
    assert sorted(tmp_path.iterdir()) == before


def test_numbers_that_are_none_prove_nothing():
    proof = Proof(
        faces=2, differences={"1": 0.0, "2": math.nan}, same_top=2, largest_allowed=1e-4, onnxruntime="1"
    )
    assert not proof.holds
    assert replace(proof, differences={"1": 0.0, "2": 1e-5}).holds


def test_a_kill_between_the_two_files_leaves_nothing_that_blocks(run, tmp_path, monkeypatch):
    path = tmp_path / "model.onnx"
    rename = Path.replace

    def killed(file, to):
        if to == path:
            raise KeyboardInterrupt
        return rename(file, to)

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        export(run, path, faces=5)
    assert not path.exists()
    monkeypatch.undo()
    made = export(run, path, faces=5)
    assert json.loads(made.proof_path.read_text())["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert not list(tmp_path.glob("*.partial"))


@pytest.mark.parametrize("name", [".", "a" * 5000])
def test_what_cannot_be_written_is_said_before_any_work(run, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"is a folder|cannot be written"):
        export(run, name)


def test_a_proof_on_no_faces_is_refused(run, tmp_path):
    with pytest.raises(ConfigError, match="one or more faces"):
        export(run, tmp_path / "model.onnx", faces=0)


def test_a_missing_folder_is_said_before_any_work(run, tmp_path):
    with pytest.raises(ConfigError, match="no folder"):
        export(run, tmp_path / "missing" / "model.onnx")
