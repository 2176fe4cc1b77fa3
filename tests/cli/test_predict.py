"""`mien predict` as a user meets it: formats, bad files, interruptions, shares."""

import csv
import json
import os
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from mien.cli import predict as command
from mien.cli.main import main
from mien.core.expression import WORDING
from mien.core.labels import EXPRESSIONS
from mien.data.drawn import draw
from tests.inference.made_network import expected, write_network


@pytest.fixture(scope="module")
def drawn():
    return draw(8, seed=3).faces.pixels


@pytest.fixture
def folder(tmp_path, monkeypatch, drawn):
    """Eight faces in photos/, and the network net.onnx beside."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos" / "sub").mkdir(parents=True)
    for number, face in enumerate(drawn):
        Image.fromarray(face).save(tmp_path / "photos" / ("sub" if number % 2 else "") / f"{number}.png")
    write_network(tmp_path / "net.onnx")
    return tmp_path


@pytest.fixture
def predict(mien, folder):
    return lambda *words: mien("predict", *words, "--model", "net.onnx", "--faces", "whole")


def test_a_table_says_once_how_labels_are_to_be_read(predict):
    code, out, err = predict("photos", "--unsure-below", "0")
    assert (code, err) == (0, "")
    assert out.count(WORDING) == 1
    lines = out.splitlines()[1:]
    assert len(lines) == 8
    assert all(line.split()[0] in EXPRESSIONS and ".png" in line for line in lines)
    assert "unsure" in predict("photos/0.png", "--unsure-below", "1")[1]


def test_json_lines_and_csv_have_the_network_s_probabilities(predict, drawn):
    code, out, _ = predict("photos", "--json")
    assert code == 0
    first, *said = map(json.loads, out.splitlines())
    assert first["meta"]["wording"] == WORDING
    code, out, err = predict("photos", "--csv")
    assert WORDING in err
    rows = {row["source"]: row for row in csv.DictReader(out.splitlines())}
    assert len(said) == len(rows) == 8
    for one in said:
        number = int(one["source"].rpartition("/")[2].removesuffix(".png"))
        shares = expected(drawn[number : number + 1])[0]
        assert list(one["faces"][0]["probabilities"].values()) == pytest.approx(shares, abs=1e-4)
        assert [float(rows[one["source"]][name]) for name in EXPRESSIONS] == pytest.approx(shares, abs=1e-4)


def test_bad_pictures_are_listed_at_the_end_and_the_rest_is_finished(predict, folder):
    (folder / "photos" / "0.png").write_text("hello")
    code, out, err = predict("photos", "missing.png", "--json")
    assert code == 1
    assert len(out.splitlines()) == 1 + 9
    assert err.splitlines()[0] == "2 files could not be read:"
    assert err.splitlines()[1].startswith("  photos/0.png: expected a picture")
    assert "missing.png: cannot be read" in err


def nothing():
    yield from ()


def test_what_was_done_is_not_done_again_and_bad_ones_are_named_again(predict, folder, monkeypatch):
    (folder / "photos" / "0.png").write_text("hello")
    code, _, first = predict("photos", "--out", "out.csv")
    assert code == 1
    whole = (folder / "out.csv").read_bytes()
    monkeypatch.setattr(
        command, "answers", lambda _, sources, *how: pytest.fail("read again") if sources else nothing()
    )
    code, _, again = predict("photos", "--out", "out.csv")
    assert (code, again) == (1, first)
    assert (folder / "out.csv").read_bytes() == whole


def test_a_job_that_is_killed_goes_on_with_the_same_command(folder, drawn):
    for number in range(200):
        Image.fromarray(drawn[number % 8]).save(folder / "photos" / f"more{number:03d}.png")
    words = ["photos", "--model", "net.onnx", "--faces", "whole", "--threads", "1", "--out", "out.jsonl"]
    alone = "import cyclopts, mien.cli.predict as command; cyclopts.run(command.predict)"
    started = subprocess.Popen([sys.executable, "-c", alone, *words], cwd=folder, stderr=subprocess.DEVNULL)
    out = folder / "out.jsonl"
    while started.poll() is None and (not out.exists() or out.stat().st_size < 20_000):
        time.sleep(0.005)
    started.kill()
    started.wait()
    with pytest.raises(SystemExit):
        main(["predict", *words])
    said = [json.loads(line) for line in out.read_text().splitlines()[1:]]
    sources = [each["source"] for each in said]
    assert len(sources) == len(set(sources)) == 208
    assert all(len(each["faces"]) == 1 for each in said)


def test_shares_together_are_the_whole(predict):
    found = []
    for share in (1, 2, 3):
        code, out, _ = predict("photos", "--json", "--shard", f"{share}/3")
        assert code == 0
        found += [json.loads(line)["source"] for line in out.splitlines()[1:]]
    assert len(found) == len(set(found)) == 8


def test_annotated_pictures_and_crops_lie_as_the_pictures_do(predict, folder, drawn):
    code, _, _ = predict("photos", "--annotate", "photos/marked", "--crops", "crops")
    assert code == 0
    with Image.open("crops/photos/sub/1.png-face1.png") as crop:
        assert np.array_equal(np.asarray(crop), drawn[1])
    with Image.open("photos/marked/photos/0.png.png") as marked:
        assert marked.width > 300
    assert len(predict("photos", "--annotate", "photos/marked", "--json")[1].splitlines()) == 1 + 8


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("photos", "--json", "--csv"), "exclude each other"),
        (("photos", "--out", "results.txt"), "ends in .csv or .jsonl"),
        (("photos", "--shard", "4/3"), "3/16"),
        (("photos/*.gif",), "nothing matches"),
        (("photos", "--unsure-below", "3"), "from 0 to 1"),
    ],
)
def test_choices_that_make_no_sense_are_one_line(predict, words, reason):
    code, _, err = predict(*words)
    assert code == 2
    assert reason in err
    assert err.count("\n") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow no such names")
def test_names_that_the_output_cannot_show_are_spelled_out(folder):
    (folder / "photos" / "0.png").rename(folder / "photos" / "é0.png")
    words = ["predict", "photos", os.fsdecode(b"missing\xff.png"), "--model", "net.onnx", "--faces", "whole"]
    ended = subprocess.run(
        [sys.executable, "-m", "mien", *words],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        check=False,
    )
    assert ended.returncode == 1
    assert b"photos/\\xe90.png" in ended.stdout
    assert b"missing" in ended.stderr
    assert b"Traceback" not in ended.stderr
    assert len(ended.stdout.splitlines()) == 1 + 8
