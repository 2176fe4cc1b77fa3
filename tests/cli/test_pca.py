"""`mien pca` from the command line: what it prints, and what it says when something is wrong."""

import csv
import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest

import mien.data._kept as kept_module
from mien.cli.main import main

TEN = "1,2,3\n4,8,5\n3,12,9\n1,8,5\n5,14,2\n7,4,1\n9,8,9\n3,8,1\n11,5,6\n10,11,7\n"
REPORT_POINTS = [
    ("7.18658682", "1.37323947"),
    ("0.75871342", "-0.94399334"),
    ("-3.07034019", "-4.45059025"),
    ("2.60849751", "-2.97853006"),
    ("-1.82299166", "-4.75401212"),
    ("3.35457763", "3.91896138"),
    ("-4.41464321", "2.55604371"),
    ("3.46569126", "-1.73131477"),
    ("-2.31359638", "6.03371503"),
    ("-5.75249521", "0.97648096"),
]


@pytest.fixture
def points(tmp_path: Path) -> str:
    path = tmp_path / "points.csv"
    path.write_text(TEN)
    return str(path)


@pytest.fixture
def faces(tmp_path: Path) -> str:
    rng = np.random.default_rng(0)
    base = rng.integers(0, 200, size=(3, 8, 8))
    images = (base[rng.integers(0, 3, 30)] + rng.integers(0, 40, size=(30, 8, 8))).astype(np.uint8)
    path = tmp_path / "faces.npz"
    np.savez(path, images=images, labels=np.arange(30) % 7)
    return str(path)


def run(*words: str) -> int:
    """The command's exit code."""
    old = sys.argv
    sys.argv = ["mien", "pca", *words]
    try:
        main()
    except SystemExit as stopped:
        return int(stopped.code or 0)
    finally:
        sys.argv = old
    return 0


def test_the_report_in_full(points: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(points, "-k", "2") == 0
    out = capsys.readouterr().out
    lines = [line.split() for line in out.splitlines()]
    assert ["5.4720", "mean", "of", "squared", "L2", "norms"] in lines
    assert ["2.0478", "mean", "L2", "norm"] in lines
    assert lines[[line[:1] for line in lines].index(["7.3973"])][1:4] == ["total", "L2", "norm"]
    axes = [line[-2:] for line in lines if line[:1] == ["column"] and line[1:2] in (["1"], ["2"], ["3"])]
    assert axes == [["-0.6166", "0.6782"], ["-0.5888", "-0.7344"], ["-0.5226", "0.0273"]]
    printed = [tuple(line[1:3]) for line in lines if len(line) == 4 and line[0].isdecimal()]
    assert printed == REPORT_POINTS
    assert "divided by n;" in out
    assert max(map(len, out.replace(points, "points.csv").splitlines())) <= 100
    assert ["axis", "1", "15.2974", "47.21%", "47.21%"] in [line[:5] for line in lines]


def test_the_third_axis_of_the_report(points: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(points, "-k", "3")
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    third = [line[-1] for line in lines if line[:1] == ["column"] and line[1:2] in (["1"], ["2"], ["3"])]
    assert third == ["-0.3999", "-0.3376", "0.8521"]


def test_the_example_of_the_docs_is_what_is_printed(
    points: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(Path(points).parent)
    run("points.csv", "-k", "2")
    printed = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    text = (Path(__file__).parents[2] / "docs" / "pca.md").read_text(encoding="utf-8")
    assert text.split("$ mien pca points.csv -k 2\n")[1].split("\n```")[0].splitlines() == printed


def test_json(points: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(points, "-k", "2", "--divisor", "n-1", "--json")
    found = json.loads(capsys.readouterr().out)
    assert found["divisor"] == "n-1"
    assert found["variances"][0] == pytest.approx(15.2974433979 * 10 / 9)
    assert found["errors"]["total_l2_norm"] == pytest.approx(7.397319049934147)
    assert [tuple(f"{value:.8f}" for value in point) for point in found["projections"]] == REPORT_POINTS


def test_json_leaves_out_the_projections_of_many_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(1001, 2)))
    run(str(tmp_path / "x.npy"), "--json")
    assert json.loads(capsys.readouterr().out)["projections"] is None


def test_csv(points: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(points, "-k", "2", "--csv")
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["row"] for row in rows] == [str(number) for number in range(1, 11)]
    assert [(f"{float(row['axis 1']):.8f}", f"{float(row['axis 2']):.8f}") for row in rows] == REPORT_POINTS
    norms = np.array([float(row["error"]) for row in rows])
    assert (norms**2).mean() == pytest.approx(5.472032912651864)


def test_share_of_variance_and_preparation(points: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(points, "--variance", "0.8", "--json")
    assert json.loads(capsys.readouterr().out)["k"] == 2
    run(points, "--scale", "--no-centre", "--json")
    found = json.loads(capsys.readouterr().out)
    x = np.array([list(map(float, line.split(","))) for line in TEN.split()])
    scaled = x / x.std(axis=0)
    np.testing.assert_allclose(found["variances"], np.linalg.svd(scaled)[1] ** 2 / 10, rtol=1e-12)
    assert found["mean"] == [0, 0, 0]


def test_named_rows_and_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "t.csv").write_text("a,b,c,kind\n1,2,3,p\n4,8,5,q\n3,1,9,r\n")
    run(str(tmp_path / "t.csv"), "-k", "1", "--labels", "kind", "--columns", "c,a", "--csv")
    assert [line.split(",")[0] for line in capsys.readouterr().out.splitlines()] == ["row", "p", "q", "r"]
    run(str(tmp_path / "t.csv"), "-k", "1", "--labels", "kind", "--columns", "c,a", "--json")
    assert json.loads(capsys.readouterr().out)["columns"] == ["c", "a"]


def test_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(TEN.encode()))))
    assert run("-", "-k", "2") == 0
    out = capsys.readouterr().out
    assert out.startswith("standard input: 10 rows")
    assert "7.18658682" in out


def test_standard_input_too_long_to_keep(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(kept_module, "_MOST_BYTES", 10)
    for words, code in (((), 0), (("--csv",), 2)):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(TEN.encode()))))
        assert run("-", "-k", "2", *words) == code
        out, error = capsys.readouterr()
        if code:
            assert (
                error
                == "mien: standard input is too long to be kept; to project its rows save it as a file\n"
            )
        else:
            assert "5.4720" in out
            assert "the mean L2 norm is not computed" in out
            assert "projections" not in out


def test_faces(faces: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    assert run(faces, "-k", "3", "--figures", str(tmp_path / "figures")) == 0
    out = capsys.readouterr().out
    assert "30 rows of 64 columns" in out
    assert "axes: each is a picture" in out
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == [
        "axes.png",
        "mean_face.png",
        "projection.png",
        "reconstructions.png",
        "scree.png",
    ]
    assert out.count("written: ") == 5


def test_figures_of_a_table_leave_json_clean(
    points: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    run(points, "-k", "2", "--json", "--figures", str(tmp_path / "f"))
    out, error = capsys.readouterr()
    json.loads(out)
    assert error.count("written: ") == 2


@pytest.mark.parametrize(
    ("content", "words", "message"),
    [
        ("", (), "is empty"),
        ("1,2\n", (), "has one row; principal components need at least two"),
        ("1,2\n3,x\n", (), "line 2, column 2: expected a number, got 'x'"),
        ("1,2\n3,nan\n", (), "line 2, column 2: expected a finite number, got nan"),
        ("1,2\ninf,2\n", (), "line 2, column 1: expected a finite number, got inf"),
        ("1,2\n3,4,5\n", (), "line 2: expected 2 columns, as in the first row, got 3"),
        ("1,2\n3,4\n5,7\n", ("-k", "3"), "k=3: "),
        ("1,2\n3,4\n", ("--variance", "1.5"), "variance=1.5: expected a share"),
        ("1,2\n3,4\n", ("--columns", "5"), "has no column '5'"),
        ("1,2\n3,4\n", ("--json", "--csv"), "--json and --csv exclude each other: give one of them"),
    ],
)
def test_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, words: tuple[str, ...], message: str
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(content)
    assert run(str(path), *words) == 2
    out, error = capsys.readouterr()
    assert out == ""
    assert error.count("\n") == 1
    assert error.startswith("mien: ")
    assert message in error
