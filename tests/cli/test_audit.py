"""`mien audit`, called as its file is: tables, JSON, files, and what it refuses."""

import json

import numpy as np
import pytest
from PIL import Image

from mien.cli.audit import audit
from mien.core.errors import ConfigError, DataError, RunError
from mien.core.images import VAL
from mien.core.suspects import read_suspects
from mien.data.load import load
from tests.made_runs import made_run


@pytest.fixture
def data(faces, tmp_path):
    """Small faces as a file, the first one twice with another label."""
    pixels, labels = faces.pixels.copy(), faces.labels.copy()
    pixels[3] = pixels[0]
    labels[3] = (labels[0] + 1) % 3
    path = tmp_path / "faces.npz"
    names = np.array(faces.classes)[labels]
    np.savez(path, images=pixels, labels=names, usage=faces.split)
    return path


def test_tables_and_files(data, tmp_path, capsys):
    audit(str(data), out=tmp_path / "found", top=5)
    told = capsys.readouterr().out
    assert "identical pictures: 1 redundant in 1 groups, 1 with more than one label" in told
    assert "test in train" in told
    assert "wrote" in told
    assert {one.reason for one in read_suspects(tmp_path / "found" / "suspects.csv")}
    with Image.open(tmp_path / "found" / "suspects.png") as sheet:
        assert sheet.size[0] > 100


def test_json_and_nothing_written(data, tmp_path, capsys):
    audit(str(data), json=True, near=False)
    numbers = json.loads(capsys.readouterr().out)
    assert numbers["identical"]["conflicting"] == 1
    assert numbers["near"] is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["faces.npz"]


def test_a_run_speaks_for_its_validation_faces(data, tmp_path, capsys):
    run, _ = made_run(tmp_path / "cnn", faces=load(data), right=0.8)
    audit(str(data), run=run.path, near=False)
    told = capsys.readouterr().out
    assert "labels, by cnn:" in told
    assert f"of {len(run.predictions(VAL))} faces estimated wrong" in told
    other, _ = made_run(tmp_path / "other", right=0.8)  # its faces have other ids
    with pytest.raises(DataError, match=r"lacks .* faces that run other predicts"):
        audit(str(data), run=other.path, near=False)


def test_what_it_refuses(data, tmp_path):
    with pytest.raises(ConfigError, match="--top 0"):
        audit(str(data), top=0)
    with pytest.raises(RunError, match="is not a run"):
        audit(str(data), run=tmp_path / "none")
