"""`mien export` and what it says."""

import json
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

from mien.cli.main import main
from mien.core.rundir import WEIGHTS
from mien.models import registry
from mien.training import export as exporting
from mien.training.checkpoint import weights_to_bytes
from tests.made_runs import made_run


@pytest.fixture
def run(tmp_path, monkeypatch):
    few = partial(exporting.export, faces=10)  # 1,000 take seconds to draw
    monkeypatch.setattr(exporting, "export", few)
    run, _ = made_run(tmp_path / "run", model="dnn")
    run.write(WEIGHTS, weights_to_bytes(registry.build("dnn", classes=3), {}))
    return run


def test_it_names_the_file_the_temperature_and_the_proof(run, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["export", str(run.path), str(tmp_path / "a.onnx")])
    out = capsys.readouterr().out
    assert not ended.value.code
    assert "3 classes, faces of 48 pixels" in out
    assert "temperature" in out
    assert "a.onnx.parity.json" in out
    with pytest.raises(SystemExit):
        main(["export", str(run.path), str(tmp_path / "b.onnx"), "--json"])
    said = json.loads(capsys.readouterr().out)
    assert said["proof"]["holds"] is True
    assert said["bytes"] == (tmp_path / "b.onnx").stat().st_size


def test_int8_says_what_it_costs(run, tmp_path, capsys, faces):
    data = tmp_path / "faces.npz"
    parts = {"images": faces.pixels, "labels": faces.labels, "usage": faces.split, "ids": faces.ids}
    np.savez(data, classes=faces.classes, **parts)
    with pytest.raises(SystemExit) as ended:
        main(["export", str(run.path), str(tmp_path / "small.onnx"), "--int8", "--data", str(data)])
    out, err = capsys.readouterr()
    assert not ended.value.code, err
    assert "calibrated on 144 training faces" in out
    assert "points (95 % interval" in out
    assert "of 48 validation faces have another top class" in out
    with pytest.raises(SystemExit):
        main(["export", str(run.path), str(tmp_path / "b.onnx"), "--int8", "--data", str(data), "--json"])
    said = json.loads(capsys.readouterr().out)
    assert said["int8"]["size"] == said["bytes"] == (tmp_path / "small.onnx").stat().st_size
    difference = said["int8"]["accuracy"] - said["int8"]["float_accuracy"]
    assert said["int8"]["difference"] == pytest.approx(difference)
    np.savez(data, **parts | {"labels": faces.labels[::-1]})
    with pytest.raises(SystemExit) as ended:
        main(["export", str(run.path), str(tmp_path / "c.onnx"), "--int8", "--data", str(data)])
    assert ended.value.code == 2
    assert "the train faces of " in (told := capsys.readouterr().err)
    assert "are not those that it was trained with" in told
    with pytest.raises(SystemExit) as ended:
        main(["export", str(run.path), str(tmp_path / "c.onnx"), "--data", str(data)])
    assert ended.value.code == 2
    assert "--data goes with --int8 alone" in capsys.readouterr().err


def test_a_file_that_exists_is_left_alone(run, tmp_path, capsys):
    (tmp_path / "a.onnx").write_text("mine")
    with pytest.raises(SystemExit) as ended:
        main(["export", str(run.path), str(tmp_path / "a.onnx")])
    assert ended.value.code == 2
    assert "exists already" in capsys.readouterr().err
    assert (tmp_path / "a.onnx").read_text() == "mine"


def without_torch(*words):
    program = (
        "import sys; sys.modules['torch'] = None\nfrom mien.cli.main import main\nmain("
        + repr(list(words))
        + ")"
    )
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


def test_without_torch_help_is_shown_and_the_extra_is_named():
    ended = without_torch("export", "--help")
    assert ended.returncode == 0
    assert "RUN MODEL" in ended.stdout
    ended = without_torch("export", "run", "a.onnx")
    assert ended.returncode == 2
    assert "pip install 'mien[lab]'" in ended.stderr
    assert ended.stderr.count("\n") == 1
