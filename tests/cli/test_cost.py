"""`mien cost` as it is typed."""

import json
import re

import pytest

from mien.cli.main import app, main


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as stopped:
        app()(["cost", *words])
    assert not stopped.value.code
    return capsys.readouterr().out


def cells(text: str, start: str) -> list[str]:
    line = next(line for line in text.splitlines() if line.startswith(start))
    return line.removeprefix(start).split()


REPORT = ("--input", "8x8x5", "conv 6 2x2 stride 3", "conv 4 2x2 stride 2")


def test_the_reports_table(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, *REPORT)
    assert cells(text, REPORT[2])[:5] == ["3x3x6", "126", "1080", "1026", "54"]
    assert cells(text, REPORT[3])[:5] == ["1x1x4", "100", "96", "92", "4"]
    assert cells(text, "total")[:4] == ["226", "1176", "1118", "58"]


def test_it_fits_a_hundred_columns(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, *REPORT, "--wide", "--training", "--formulas")
    tables = [
        line for line in text.splitlines() if "─" in line or line.startswith(("conv", "total", "layer"))
    ]
    assert max(map(len, tables)) <= 100


def test_the_formulas(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, *REPORT, "--formulas")
    assert "multiplications: 2*2*5*6*3^2 = 1080" in text
    assert "additions: (2*2*5-1)*6*3^2 = 1026" in text
    assert "parameters: 2*2*6*4+4 = 100" in text


def test_json_has_every_number(capsys: pytest.CaptureFixture[str]) -> None:
    values = json.loads(printed(capsys, *REPORT, "--json", "--grow", "--training", "--batch", "2"))
    assert values["rows"][0]["forward"]["multiplications"] == 2160
    assert values["rows"][1]["backward_weights"]["multiplications"] == 192
    assert values["totals"]["trainable"] == 226
    assert values["growth"]["bound"] == 2352


def test_growth(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, *REPORT, "--grow")
    assert "(2*2*2*5-1)*6*3^2 + (2*2*2*6-1)*4*1^2" in text
    assert "= O(1176)" in text
    assert re.search(r"kernel doubled +x 4 +x 4.000 +x 4.076 +9350", text)


def test_training_names_its_phases(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, *REPORT, "--training", "--batch", "1")
    assert "to inputs ×" in text
    # the first layer sends no gradient to the input of the network
    line = next(line for line in reversed(text.splitlines()) if line.startswith(REPORT[2]))
    assert line.removeprefix(REPORT[2]).split() == ["1080", "1080", "0", "0", "1080", "1008"]


def test_a_network_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "cnn", "--measure")
    assert cells(text, "total")[0] == "2,119,015"
    assert "2,114,471 trainable" in text
    assert "GFLOP/s" in text


def test_skipped_padding_and_folding_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(
        capsys, "--input", "3x3x1", "conv 1 3 padding 1 nobias, batchnorm", "--skip-padding", "--fold"
    )
    assert "folded, products with padded zeros left out" in text
    assert cells(text, "conv 1 3 padding 1 nobias")[1:4] == ["10", "49", "40"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["--input", "8x8x5", "conv 6 2x2 strid 3"],
            '"strid" is not understood; it is written: conv FILTERS',
        ),
        (["conv 6 2x2"], "layers in words need the size of their input"),
        (["cnnn"], "no network of mien is called so (there are cnn, dnn, ensemble, pocket, trunk)"),
        (["--input", "8xx5", "relu"], 'input "8xx5": expected sizes with x between them'),
        (["none.onnx"], "none.onnx: no such file"),
        (["none.py:build"], "none.py: no such file"),
        (["cnn", "--training", "--fold"], "inference only"),
        (["cnn", "--training", "--measure"], "only the pass forward is measured"),
        ([], "give a network"),
    ],
)
def test_a_mistake_gives_one_line(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["mien", "cost", *words])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1
