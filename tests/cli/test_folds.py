"""Folds, the audit of all faces by them, and training and measuring without what it found, as a user meets them."""

import json

import numpy as np
import pytest

from tests.conftest import small_faces

SMALL = ("--model", "dnn:hidden=8", "--epochs", "1", "--batch-size", "16")


@pytest.fixture(autouse=True)
def faces(tmp_path):
    """faces.npz, in the folder that commands run in."""
    faces = small_faces(120, side=12)
    np.savez(tmp_path / "faces.npz", images=faces.pixels, labels=faces.labels, usage=faces.split)


def test_folds_then_audit_then_training_without_suspects(mien, tmp_path):
    code, out, err = mien("train", "faces.npz", *SMALL, "--folds", "2")
    assert (code, out.strip()) == (0, "runs/dnn-folds-1")
    assert "2 folds of 96 faces; 0 redundant pictures" in err
    assert "fold 2 of 2" in err
    assert "fold 1: its last epoch is right on" in err
    assert "best epoch" not in err
    _, out, _ = mien("train", "faces.npz", *SMALL, "--folds", "2", "--out", "runs/dnn-folds-1", "--json")
    told = json.loads(out)  # of what is finished already
    assert (told["path"], told["folds"], told["config"]["model"]) == ("runs/dnn-folds-1", 2, "dnn")
    code, out, _ = mien("audit", "faces.npz", "--run", "runs/dnn-folds-1", "--json", "--no-near")
    assert code == 0
    labels = json.loads(out)["labels"]
    assert (labels["run"], labels["faces"], labels["learned"]) == ("dnn-folds-1", 96, 0)
    (tmp_path / "suspects.csv").write_text("id,reason\n0,wrong label\n9,wrong label\n12,not a face: blank\n")
    chosen = ("--without", "suspects.csv", "--without-reasons", "wrong label")
    code, out, err = mien("train", "faces.npz", *SMALL, *chosen)
    assert (code, out.strip()) == (0, "runs/dnn-1")
    assert "1 suspects left out of training" in err
    code, out, err = mien("evaluate", "runs/dnn-1", *chosen, "--json")
    assert code == 0
    assert "left out: 1 of 24 val faces (suspects.csv)" in err
    assert json.loads(out)["faces"] == 23


def test_what_it_refuses(mien, tmp_path):
    (tmp_path / "suspects.csv").write_text("id,reason\n0,wrong label\nnobody,wrong label\n")
    mien("train", "faces.npz", *SMALL)
    for words, told in (
        (("train", "--resume", "runs/dnn-1", "--folds", "2"), "leave out all else"),
        (("train", "faces.npz", *SMALL, "--without", "suspects.csv"), "first: nobody"),
        (("train", "faces.npz", *SMALL, "--without-reasons", "x"), "without_reasons: expected"),
        (("train", "faces.npz", *SMALL, "--folds", "1"), "expected from 2 to"),
        (("evaluate", "runs/dnn-1", "--without", "suspects.csv"), "first: nobody"),
        (("evaluate", "runs/dnn-1", "--without-reasons", "x"), "--without-reasons x"),
        (("evaluate", "runs/dnn-1", "--without", "faces.npz"), "expected CSV"),
    ):
        code, _, err = mien(*words)
        assert code == 2, words
        assert told in err, words
        assert err.count("\n") == 1, err
