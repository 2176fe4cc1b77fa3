"""`mien explain`, called as its file is: tables, JSON, files, and what it refuses."""

import json

import numpy as np
import pytest
from PIL import Image

import mien
from mien.cli.explain import explain
from mien.core.config import TrainConfig
from mien.core.errors import ConfigError, DataError
from mien.core.rundir import EXPLANATION, EXPLANATION_SHEET


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    config = TrainConfig(
        data="drawn:count=70",
        model="dnn",
        options={"hidden": (8,)},
        epochs=1,
        batch_size=32,
        learning_rate=1e-2,
    )
    return mien.train(config, out=tmp_path_factory.mktemp("runs") / "one")


def test_tables_proof_and_files(run, capsys):
    explain(str(run.path), mistakes=True, count=2, proof=7)
    told = capsys.readouterr()
    assert "Explained faces" in told.out
    assert "carry the expression" in told.out
    assert "Grad-CAM is left out" in told.out
    assert f"wrote {run.path / EXPLANATION_SHEET}" in told.out
    assert "explain   occlusion" in told.err
    assert run.has(EXPLANATION)
    with Image.open(run.path / EXPLANATION_SHEET) as sheet:
        assert sheet.size[1] > 4 * 96


def test_a_picture_keeps_nothing_in_the_run(run, tmp_path, capsys):
    before = run.read(EXPLANATION) if run.has(EXPLANATION) else b""
    Image.fromarray(np.arange(60 * 80, dtype=np.uint32).reshape(60, 80).astype(np.uint8)).save(
        tmp_path / "face.png"
    )
    explain(str(run.path), picture=tmp_path / "face.png", out=tmp_path / "maps.png", proof=0, json=True)
    numbers = json.loads(capsys.readouterr().out)
    assert numbers["faces"][0]["true"] is None
    assert numbers["sheet"] == str(tmp_path / "maps.png")
    assert (tmp_path / "maps.png").is_file()
    assert (run.read(EXPLANATION) if run.has(EXPLANATION) else b"") == before


def test_what_it_refuses(run, tmp_path):
    with pytest.raises(ConfigError, match="leave --class, --mistakes and --data out"):
        explain(str(run.path), picture=tmp_path / "face.png", mistakes=True)
    with pytest.raises(ConfigError, match="name a file, --out"):
        explain(str(run.path), picture=tmp_path / "face.png")
    with pytest.raises(DataError, match=r"none\.png: cannot be read"):
        explain(str(run.path), picture=tmp_path / "none.png", out=tmp_path / "maps.png")
    (tmp_path / "text.png").write_text("text")
    with pytest.raises(DataError, match="expected a picture"):
        explain(str(run.path), picture=tmp_path / "text.png", out=tmp_path / "maps.png")
    with pytest.raises(ConfigError, match="no class is called 'joyful'"):
        explain(str(run.path), expression="joyful", proof=0)
