"""The commands as a user meets them: exit codes, one-line errors, JSON."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from tests.conftest import small_faces

SMALL = ("--model", "dnn:hidden=16", "--epochs", "2", "--batch-size", "32")


@pytest.fixture
def data(tmp_path):
    faces = small_faces()
    path = tmp_path / "faces.npz"
    np.savez(path, images=faces.pixels, labels=faces.labels, usage=faces.split)
    return path


def test_train_tells_what_runs_tells(mien, data):
    _, out, _ = mien("train", data, *SMALL, "--json")
    _, listed, _ = mien("runs", "--json")
    assert [json.loads(out)] == json.loads(listed)


def test_train_evaluate_and_list(mien, data):
    code, out, err = mien("train", data, *SMALL)
    assert code == 0
    assert out.strip() == "runs/dnn-1"
    assert re.search(r"epoch +2/2 +train loss [\d.]+ accuracy [\d.]+ +val loss [\d.]+ accuracy [\d.]+", err)
    code, out, _ = mien("evaluate", "runs/dnn-1", "--json")
    assert code == 0
    measured = json.loads(out)
    code, out, _ = mien("runs", "--json")
    listed = json.loads(out)
    assert listed[0]["best"]["val_accuracy"] == pytest.approx(measured["accuracy"])
    assert listed[0]["state"] == "finished"
    assert listed[0]["model"] == "dnn:hidden=16"
    for words in (("evaluate", "runs/dnn-1", "--part", "test", "--tta", "flip"), ("runs",)):
        code, out, _ = mien(*words)
        assert code == 0
        assert "dnn-1" in out


def test_init_takes_the_network_of_the_run(mien, data):
    mien("train", data, *SMALL)
    _, out, _ = mien("train", data, "--init", "runs/dnn-1", "--epochs", "1", "--batch-size", "32", "--json")
    assert json.loads(out)["model"] == "dnn:hidden=16"
    code, _, err = mien("train", data, "--init", "nowhere")
    assert code == 2
    assert "nowhere is not a run" in err
    code, _, err = mien("train", "--resume", "runs/dnn-1", "--init", "runs/dnn-1")
    assert code == 2
    assert "leave out all else" in err


def test_evaluate_on_other_data_is_split_as_the_run_was(mien, data):
    mien("train", data, *SMALL)
    with_data = mien("evaluate", "runs/dnn-1", "--data", data, "--json")
    assert with_data == mien("evaluate", "runs/dnn-1", "--json")


def test_skip_bad_says_how_many_were_left_out(mien, tmp_path):
    rows = [
        f"{row % 7},{' '.join([str(row % 256)] * 2304)},{'Training' if row % 4 else 'PublicTest'}"
        for row in range(80)
    ]
    rows[40] = "3,1 2 nan,Training"
    (tmp_path / "fer2013.csv").write_text("emotion,pixels,Usage\n" + "\n".join(rows) + "\n")
    words = ("train", "fer2013.csv", "--model", "dnn:hidden=8", "--epochs", "1", "--batch-size", "8")
    code, _, err = mien(*words)
    assert code == 2
    assert "line 42" in err
    code, _, err = mien(*words, "--skip-bad")
    assert code == 0
    assert "1 bad places left out" in err
    code, _, err = mien("evaluate", "runs/dnn-1", "--data", "fer2013.csv", "--skip-bad")
    assert code == 0
    assert "1 bad place" in err


def test_a_second_run_takes_the_next_number(mien, data):
    mien("train", data, *SMALL)
    assert mien("train", data, *SMALL)[1].strip() == "runs/dnn-2"


def test_resume_names_no_other_choice(mien, data):
    mien("train", data, *SMALL)
    code, _, err = mien("train", "--resume", "runs/dnn-1", "--epochs", "5")
    assert code == 2
    assert "goes on as the run was configured" in err
    assert mien("train", "--resume", "runs/dnn-1")[0] == 0


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("train", "nowhere.csv"), "nowhere.csv: no such file or folder"),
        (("train", "DATA", "--epohs", "3"), "Did you mean --epochs"),
        (("train", "DATA", "--epochs", "0"), "epochs: expected at least 1, got 0"),
        (("train", "DATA", "--model", "cnn:pool=mean"), "expected average or max, got mean"),
        (("train", "DATA", "--model", "vgg"), "no architecture is called 'vgg'; there are cnn, dnn"),
        (("train", "DATA", "--recipe", "quick"), "no recipe is called 'quick'; there are default, report"),
        (("train", "DATA", "--no-augment", "--flip"), "--no-augment and --flip exclude each other"),
        (("train", "DATA", "--batch-size", "999"), "expected at most the 144 training faces"),
        (("train", "--resume", "nowhere"), "nowhere is not a run"),
        (("evaluate", "nowhere"), "nowhere is not a run"),
        (("evalute", "x"), 'Did you mean "evaluate"'),
    ],
)
def test_what_the_user_can_mend_is_one_message_and_exit_code_2(mien, data, words, expected):
    code, out, err = mien(*(data if word == "DATA" else word for word in words))
    assert code == 2
    assert out == ""
    assert expected in re.sub(r"[\s│]+", " ", err)
    assert "Traceback" not in err


def test_no_runs_says_how_to_make_one(mien):
    code, out, _ = mien("runs")
    assert code == 0
    assert "mien train makes one" in out


def test_every_flag_has_its_help(mien):
    code, out, _ = mien("train", "--help")
    assert code == 0
    text = re.sub(r"[\s│]+", " ", out)
    for words in ("share of all steps in which the rate rises", "mirrored left to right", "fer2013.csv"):
        assert words in text


def test_lab_trains_both_writes_the_page_and_takes_what_is_finished(mien, data, tmp_path):
    code, out, _ = mien("lab", data, "--epochs", "1", "--no-examine")
    assert code == 0
    assert "runs: runs/lab-1" in out
    assert "report: runs/lab-1/report.html" in out
    page = (tmp_path / "runs/lab-1/report.html").read_text()
    assert "mien lab" in page
    before = (tmp_path / "runs/lab-1/cnn/last.safetensors").stat().st_mtime_ns
    code, _, _ = mien("lab", data, "--epochs", "1", "--no-examine", "--out", "runs/lab-1")
    assert code == 0
    assert (tmp_path / "runs/lab-1/cnn/last.safetensors").stat().st_mtime_ns == before
    code, _, err = mien("lab", data, "--epochs", "2", "--no-examine", "--out", "runs/lab-1")
    assert code == 2
    assert "was trained with other choices" in err


@pytest.mark.skipif(os.name == "nt", reason="signals differ on Windows")
def test_ctrl_c_ends_cleanly_with_the_command_that_goes_on(data, tmp_path):
    command = [sys.executable, "-m", "mien", "train", data, *SMALL[:2], "--epochs", "100000", "--out", "run"]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # a suite in the background has SIGINT ignored, and its children would inherit that
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 120
    while not (tmp_path / "run/history.csv").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "mien train --resume run" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("command", ["import mien", "import mien.cli.main"])
def test_starting_imports_nothing_heavy(command):
    heavy = "torch", "PIL", "pyarrow", "matplotlib", "pandas", "safetensors"
    script = f"import sys; {command}; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_training_from_python_needs_no_package_of_the_command_line():
    script = "import sys, mien; mien.train, mien.evaluate, mien.load; print({'cyclopts', 'rich'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
