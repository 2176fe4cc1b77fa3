"""`mien stress`, called as its file is: tables, JSON, and what it refuses."""

import json

import pytest

import mien
from mien.cli.stress import stress
from mien.core.config import TrainConfig
from mien.core.errors import ConfigError, RunError
from mien.core.rundir import STRESS
from tests.conftest import small_faces


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    import numpy as np

    faces = small_faces()
    path = tmp_path_factory.mktemp("data") / "faces.npz"
    np.savez(path, images=faces.pixels, labels=np.array(faces.classes)[faces.labels], usage=faces.split)
    return path


@pytest.fixture(scope="module")
def runs(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("runs")
    config = TrainConfig(
        data=str(data), model="dnn", options={"hidden": (8,)}, epochs=1, batch_size=32, learning_rate=1e-2
    )
    return [mien.train(config, out=folder / name).path for name in ("one", "two")]


def test_tables_sentence_and_file(runs, capsys):
    stress(*map(str, runs), faces=10)
    told = capsys.readouterr()
    assert "one on 10 of 48 val faces: accuracy in percent by strength" in told.out
    assert "All on the same 10 faces." in told.out
    assert "one loses" in told.out
    assert "stress   two: JPEG" in told.err
    assert (runs[0] / STRESS).is_file()


def test_json_and_other_data(runs, data, capsys):
    stress(str(runs[0]), data=str(data), part="test", faces=10, json=True)
    (numbers,) = json.loads(capsys.readouterr().out)
    assert numbers["run"] == "one"
    assert numbers["sample"]["part"] == "test"
    assert numbers["weakest"] in {each["name"] for each in numbers["corruptions"]}


def test_what_it_refuses(tmp_path):
    with pytest.raises(ConfigError, match="expected a run or more"):
        stress()
    with pytest.raises(RunError, match="is not a run"):
        stress(str(tmp_path / "none"))
