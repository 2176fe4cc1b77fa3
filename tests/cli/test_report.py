"""`mien report` and `mien compare` on finished runs, without torch."""

import json
import subprocess
import sys

import pytest

from tests.made_runs import made_run


@pytest.fixture
def runs(tmp_path):
    first, _ = made_run(tmp_path / "cnn", right=0.9)
    second, _ = made_run(tmp_path / "dnn", model="dnn", right=0.3, seed=4)
    return first.path, second.path


def test_report_writes_the_page_and_its_numbers(mien, runs, tmp_path):
    code, out, err = mien("report", *runs, "--out", "page.html")
    assert code == 0
    assert out.strip() == "page.html"
    assert "report   Summary" in err
    page = (tmp_path / "page.html").read_text()
    assert "<!doctype html>" in page
    assert f"mien report {runs[0]} {runs[1]} --out=page.html" in page
    assert f"--out {runs[1]}" in page  # the command that trains it
    numbers = json.loads((tmp_path / "metrics.json").read_text())
    assert numbers["sections"]["summary"]["data"]["runs"]
    code, out, _ = mien("report", *runs, "--out", "page.html", "--json", "--quiet")
    assert json.loads(out) == {"page": "page.html", "runs": [str(run) for run in runs], **numbers}


def test_a_pair_that_is_none(mien, runs):
    for words, told in (
        (("--pair", "fear"), "expected a true and a predicted class"),
        (("--study", "x"), "x"),
    ):
        code, _, err = mien("report", *runs, *words)
        assert code == 2
        assert told in err


def test_no_run_and_no_such_run(mien):
    assert mien("report")[0] == 2
    code, _, err = mien("report", "nowhere")
    assert code == 2
    assert "nowhere is not a run" in err


def test_compare_tells_both_sections_and_json(mien, runs):
    code, out, _ = mien("compare", *runs)
    assert code == 0
    assert "cnn" in out
    assert "McNemar" in out
    code, out, _ = mien("compare", *runs, "--json")
    numbers = json.loads(out)["sections"]
    assert set(numbers) == {"summary", "comparison"}
    assert mien("compare", runs[0])[0] == 2


def test_the_page_is_made_where_torch_is_not_installed(runs, tmp_path):
    code = (
        "import sys; sys.modules['torch'] = sys.modules['safetensors'] = None\n"
        "from mien.cli.main import main\n"
        f"main(['report', {str(runs[0])!r}, {str(runs[1])!r}, '--out', 'page.html', '--quiet'])"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert (tmp_path / "page.html").stat().st_size > 50_000
