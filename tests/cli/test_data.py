"""`mien data`: what it prints, and its one line where the data is wrong."""

import json
from pathlib import Path

import pytest

from mien.cli.main import main
from mien.core.labels import EXPRESSIONS


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Exit code of `mien` with these arguments."""
    try:
        main(list(arguments))
    except SystemExit as done:
        return int(done.code or 0)
    return 0


@pytest.fixture
def csv_file(tmp_path: Path) -> Path:
    """Two faces for training, one for validation, and a bad row."""
    path = tmp_path / "faces [1].csv"
    rows = (
        "3,0 255 0 255,Training",
        "3,0 0 0 0,Training",
        "6,255 255 255 255,PublicTest",
        "9,1 2 3 4,Training",
    )
    path.write_text("\n".join(["emotion,pixels,Usage", *rows]))
    return path


def test_json_holds_every_figure(
    csv_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "data", str(csv_file), "--skip-bad", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    digest = found.pop("digest")
    assert len(digest) == 64
    assert found == {
        "source": str(csv_file),
        "format": "fer2013_csv",
        "faces": 3,
        "side": 2,
        "classes": list(EXPRESSIONS),
        "parts": [
            {"name": "Training", "counts": [0, 0, 0, 2, 0, 0, 0]},
            {"name": "PublicTest", "counts": [0, 0, 0, 0, 0, 0, 1]},
        ],
        "pixels_of": "training",
        "pixel_mean": pytest.approx(2 / 8),
        "pixel_deviation": pytest.approx((2 / 8 * 6 / 8) ** 0.5),
        "bad_places": 1,
    }


def test_the_table_holds_parts_classes_and_what_was_left_out(
    csv_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "data", str(csv_file), "--skip-bad") == 0
    shown = capsys.readouterr().out
    assert f"{csv_file} (fer2013_csv): 3 faces of 2x2" in shown
    lines = [line.split() for line in shown.splitlines()]
    assert ["class", "Training", "PublicTest"] in lines
    assert ["happy", "2", "0"] in lines
    assert ["all", "2", "1"] in lines
    assert "pixels of training, as 0 to 1: mean 0.2500, deviation 0.4330" in shown
    assert "1 bad place" in shown
    assert "line 5: emotion: expected a class from 0 to 6, got 9" in shown


def test_bad_rows_stop_it_with_exit_code_2(
    csv_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "data", str(csv_file)) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"mien: {csv_file}: 1 bad place")
