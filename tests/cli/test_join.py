"""`mien join` as a user meets it."""

import json

import numpy as np

from mien.core.rundir import RunDir
from tests.conftest import small_faces

SMALL = ("--model", "trunk:stem=4,widths=8,blocks=1,head=4", "--epochs", "1", "--batch-size", "32")


def test_runs_are_joined_measured_and_listed(mien, tmp_path) -> None:
    faces = small_faces()
    np.savez(tmp_path / "faces.npz", images=faces.pixels, labels=faces.labels, usage=faces.split)
    for seed in (0, 1):
        assert mien("train", "faces.npz", *SMALL, "--seed", seed)[0] == 0
    code, out, _ = mien("join", "runs/trunk-1", "runs/trunk-2", "--json")
    told = json.loads(out)
    assert (code, told["path"], told["state"]) == (0, "runs/ensemble-1", "finished")
    assert len(RunDir.open("runs/ensemble-1").config.options["of"]) == 2
    (tmp_path / "faces.npz").rename(tmp_path / "moved.npz")
    words = ("--shares", "0.6/0.4", "--out", "pair", "--data", "moved.npz")
    code, out, _ = mien("join", "runs/trunk-1", "runs/trunk-2", *words)
    assert RunDir.open("pair").config.options["shares"] == (0.6, 0.4)
    assert (code, out) == (0, "pair\n")
    assert mien("evaluate", "pair", "--data", "moved.npz")[0] == 0
    words = ("average", "runs/trunk-1", "runs/trunk-2", "--out", "mean", "--data", "moved.npz")
    code, out, _ = mien(*words, "--json")
    assert (code, json.loads(out)["path"]) == (0, "mean")
    assert RunDir.open("mean").config.model == "trunk"


def test_what_cannot_be_joined_is_one_line(mien) -> None:
    code, out, err = mien("join", "runs/none")
    assert (code, out) == (2, "")
    assert err.startswith("mien: runs/none")
    assert err.count("\n") == 1
