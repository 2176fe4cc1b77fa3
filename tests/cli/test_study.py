"""`mien study` as a user meets it: tables, Markdown, JSON, going on, one-line errors."""

import json

import numpy as np
import pytest
from cyclopts import App

from mien.cli import study as command
from mien.core.errors import ConfigError, MienError
from mien.core.study import Study
from mien.core.text_tables import TextTable
from mien.core.variants import BASE, VARIANTS
from tests.conftest import small_faces

TINY = {"filters": (2,), "kernels": (3,), "padding": ("same",), "dense": (4,)}


@pytest.fixture
def study(monkeypatch, capsys, tmp_path):
    """Run `mien study WORDS` with tiny networks in an empty folder: exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path / "cache"))
    tiny = {BASE: TINY, "relu": TINY | {"activation": "relu"}, "max-pooling": TINY | {"pool": "max"}}
    monkeypatch.setattr(command, "VARIANTS", tiny)
    faces = small_faces(90, side=12)
    np.savez(tmp_path / "faces.npz", images=faces.pixels, labels=faces.labels, usage=faces.split)
    app = App()
    app.default(command.study)

    def run(*words):
        code = 0
        try:
            app(["faces.npz", "--epochs", "1", "--batch-size", "16", *words], exit_on_error=False)
        except SystemExit as ended:
            code = ended.code or 0
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def test_a_study_prints_its_table_and_verdicts_and_goes_on_in_the_same_folder(study):
    code, out, err = study("--seeds", "3", "--variants", "max-pooling", "--out", "kept")
    assert code == 0
    assert "trial 6 of 6, max-pooling-2" in err
    assert " left" in err
    assert [line.split()[0] for line in out.splitlines() if line.startswith(("base ", "max-", "relu"))] == [
        "base",
        "max-pooling",
    ]
    assert "C5 " in out
    assert "no-dropout" in out  # what C4 needs
    assert len(Study.open("kept").trials) == 6
    code, out, err = study("--seeds", "3", "--variants", "max-pooling", "--out", "kept", "--json")
    assert "epoch 1/1" not in err
    told = json.loads(out)
    assert [one["claim"] for one in told["claims"]] == ["C4", "C5", "C6", "C7", "C8"]
    assert Study.from_dict(told["study"]) == Study.open("kept")


def test_markdown_and_a_folder_of_its_own(study, tmp_path):
    code, out, err = study("--seeds", "1", "--variants", "relu", "max-pooling", "--faces", "20", "--markdown")
    assert code == 0
    assert "| relu | 1 |" in out
    assert "| C5 Average pooling" in out
    assert "20 training and" in out
    assert "study: runs/study-1" in err.replace("\\", "/")
    assert (tmp_path / "runs" / "study-1" / "max-pooling-0" / "history.csv").exists()


def test_a_trial_that_cannot_be_finished_is_exit_code_2(study, tmp_path):
    (tmp_path / "kept" / "relu-0").mkdir(parents=True)
    (tmp_path / "kept" / "relu-0" / "config.json").write_text("{")
    code, out, err = study("--seeds", "1", "--variants", "relu", "--out", "kept")
    assert code == 2
    assert "relu-0 is left out" in err
    assert "relu, seed 0, is not finished" in out


def test_ctrl_c_says_how_to_go_on(study, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("mien.training.study.train", interrupted)
    code, _, err = study("--seeds", "1", "--out", "kept")
    assert code == 130
    assert "nothing was begun" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--variants", "min-pooling"), "--variants min-pooling: expected some of base"),
        (("--json", "--markdown"), "exclude each other"),
        (("--seeds", "0"), "seeds: expected at least one"),
        (("--faces", "1000"), "from 1 to the"),
    ],
)
def test_wrong_choices_are_one_line(study, words, message):
    with pytest.raises(MienError, match=message) as error:
        study(*words)
    assert isinstance(error.value, ConfigError)


def test_the_help_names_every_variant():
    for name in VARIANTS:
        assert name == BASE or name in command.study.__doc__


def test_markdown_keeps_columns_apart():
    table = TextTable(title="t", headers=("a", "b"), rows=(("x|y", "2"),), footer=("note",))
    assert command.as_markdown(table).splitlines() == [
        "t",
        "",
        "| a | b |",
        "|---|--:|",
        "| x\\|y | 2 |",
        "",
        "note",
    ]
