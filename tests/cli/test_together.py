"""Commands in several processes: one speaks, a killed one ends all with the command that goes on."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from mien.cli._together import refuse_several
from mien.cli.main import main
from mien.core.rundir import HISTORY, RunDir
from tests.conftest import small_faces
from tests.training.several import run_together

CHILDREN = Path(f"/proc/self/task/{os.getpid()}/children")
pytestmark = pytest.mark.skipif(not CHILDREN.exists(), reason="needs Linux's /proc")

SMALL = ("--model", "dnn:hidden=4", "--batch-size", "16", "--threads", "1")
LIMIT = 240  # seconds; what takes longer hangs


@pytest.fixture
def data(tmp_path):
    faces = small_faces(60)
    path = tmp_path / "faces.npz"
    np.savez(path, images=faces.pixels, labels=faces.labels, usage=faces.split)
    return path


def spoken(folder, work, *arguments):
    """Run work with what it prints in files of its own."""
    for stream, name in ((1, "out"), (2, "err")):
        file = os.open(folder / f"{name}-{os.environ['RANK']}", os.O_WRONLY | os.O_CREAT)
        os.dup2(file, stream)
    sys.stdout, sys.stderr = (os.fdopen(stream, "w", buffering=1, closefd=False) for stream in (1, 2))
    work(*arguments)
    sys.stdout.flush()


def together(folder, work, *arguments):
    """Exit codes by rank, and all that was printed and said."""
    folder.mkdir()
    codes = run_together(2, spoken, folder, work, *arguments)
    out, err = (
        "".join(file.read_text() for file in sorted(folder.glob(f"{name}-*"))) for name in ("out", "err")
    )
    return codes, out, err


def test_one_process_prints_one_result(tmp_path, data):
    words = ["train", str(data), *SMALL, "--epochs", "2", "--out", str(tmp_path / "run"), "--json"]
    codes, out, err = together(tmp_path / "said", main, words)
    assert codes == [0, 0]
    assert json.loads(out)["path"] == str(tmp_path / "run")
    assert err.count("machine  2 processes, each on cpu, 1 threads") == 1
    assert len(re.findall("^epoch", err, re.MULTILINE)) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--out", "TAKEN"], "mien: TAKEN exists already; choose another --out"),
        (["--folds", "3"], "mien: --folds works in one process: start it without torchrun"),
        (["--recipe", "none"], "mien: no recipe is called 'none'"),
    ],
)
def test_a_refusal_is_one_line_and_exit_code_2(tmp_path, data, words, said):
    taken = tmp_path / "taken.txt"
    taken.touch()
    words = [word.replace("TAKEN", str(taken)) for word in words]
    codes, _, err = together(tmp_path / "said", main, ["train", str(data), *SMALL, *words])
    assert codes == [2, 2]
    assert err.startswith(said.replace("TAKEN", str(taken)))
    assert err.count("\n") == 1


def test_commands_for_one_process_refuse_several(tmp_path):
    codes, _, err = together(tmp_path / "said", refuse_several, "study")
    assert (codes, err) == ([2, 2], "mien: mien study works in one process: start it without torchrun\n")
    refuse_several("study")  # in one process all commands work


def children(process):
    """The ranks that a torchrun started, and their numbers of the system."""
    found = {}
    for number in Path(f"/proc/{process}/task/{process}/children").read_text().split():
        told = Path(f"/proc/{number}/environ").read_bytes().split(b"\0")
        found |= {int(one[5:]): int(number) for one in told if one.startswith(b"RANK=")}
    return found


def test_torchrun_ends_clearly_when_a_process_is_killed(tmp_path, data):
    run = tmp_path / "a run"
    words = ["train", str(data), *SMALL, "--epochs", "100000", "--out", str(run)]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    with (tmp_path / "err").open("w") as err:
        began = subprocess.Popen([*torchrun, "-m", "mien", *words], stderr=err, cwd=tmp_path)
    try:
        deadline = time.monotonic() + LIMIT
        while not (run / HISTORY).exists() or len(RunDir(run).history) < 2:
            assert began.poll() is None, (tmp_path / "err").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.kill(children(began.pid)[1], signal.SIGKILL)
        assert began.wait(LIMIT) == 1
    finally:
        began.terminate()
        began.wait(LIMIT)
    said = (tmp_path / "err").read_text()
    assert said.count(f"Go on with: torchrun --nproc-per-node 2 -m mien train --resume '{run}'\n") == 1
    assert said.count("Traceback") <= 1  # torchrun's own
    assert len(RunDir(run).history) >= 2
