"""`mien lab`: what it asks of its CNN after training, and people's votes."""

import json
from dataclasses import replace

import numpy as np
import pytest

from mien.cli._examined import examine
from mien.core.config import recipe
from mien.core.errors import DataError
from mien.core.rundir import EXPLANATION, STRESS, RunDir
from mien.data.splits import split
from tests.conftest import small_faces
from tests.made_runs import made_run
from tests.made_vote_file import vote_file

SMALL = {
    "cnn": {"filters": (4, 4), "kernels": (3, 3), "padding": ("same", "same"), "dense": (8,)},
    "dnn": {"hidden": (8,)},
}


@pytest.fixture
def faces():
    return replace(small_faces(120, side=12), classes=("angry", "happy", "sad"))


@pytest.fixture
def data(tmp_path, faces, monkeypatch):
    """Small faces, and networks so small that training them takes no time."""

    def small(name, *, model, **asked):
        return recipe(name, model=model, options=SMALL[model], **asked)

    monkeypatch.setattr("mien.recipe", small)
    np.savez(
        tmp_path / "faces.npz",
        images=faces.pixels,
        labels=faces.labels,
        usage=faces.split,
        ids=np.arange(len(faces)).astype(str),
        classes=np.array(faces.classes),
    )
    return "faces.npz"


WORDS = ("--epochs", "2", "--batch-size", "24", "--out", "lab", "--json")


def test_the_page_has_stress_and_maps_of_the_cnn(mien, data, tmp_path):
    code, out, err = mien("lab", data, *WORDS)
    assert code == 0
    sections = json.loads(out)["sections"]
    assert {"stress", "explain"} <= set(sections)
    (stress,) = sections["stress"]["data"]["runs"]
    assert stress["sample"]["faces"] == 24  # all there are; of more it takes 250
    assert "stress   Gaussian noise" in err
    cnn, dnn = (RunDir.open(tmp_path / "lab" / name) for name in SMALL)
    assert cnn.has("explain.json")
    assert not dnn.has("stress.json")


def test_no_examine_leaves_both_out_and_votes_are_read(mien, data, tmp_path, faces):
    votes = vote_file(tmp_path / "fer2013new.csv", faces, faces.labels)
    code, out, _ = mien("lab", data, *WORDS, "--no-examine", "--votes", votes)
    assert code == 0
    sections = json.loads(out)["sections"]
    assert not {"stress", "explain"} & set(sections)
    assert "people" in sections
    page = (tmp_path / "lab" / "report.html").read_text()
    assert f"--votes={votes} --no-examine --out=lab" in page


def test_votes_of_other_faces_are_refused_before_training(mien, data, tmp_path, faces):
    votes = vote_file(tmp_path / "fer2013new.csv", faces.select(np.arange(50)), faces.labels[:50])
    code, _, err = mien("lab", data, *WORDS, "--votes", votes)
    assert code == 2
    assert "expected a row of the votes" in err
    assert not (tmp_path / "lab").exists()


def test_what_cannot_be_measured_is_said_and_the_rest_goes_on(tmp_path, monkeypatch, capsys):
    def none(*_, **__):
        raise DataError("none of 24 clean faces is named right")

    explained = []
    monkeypatch.setattr("mien.stress", none)
    monkeypatch.setattr("mien.explain", lambda run, parts, **_: explained.append(run))
    run, own = made_run(tmp_path / "run")
    examine(run, split(own))
    assert explained == [run]
    assert capsys.readouterr().err == "stress   left out: none of 24 clean faces is named right\n"


def test_what_was_measured_is_taken_as_it_is(tmp_path, monkeypatch, capsys):
    run, own = made_run(tmp_path / "run")
    run.write_json(STRESS, {})
    run.write_json(EXPLANATION, {})
    examine(run, split(own))
    assert capsys.readouterr().err == ""
