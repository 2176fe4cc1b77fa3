"""`mien predict` with videos and a camera as a user meets it."""

import csv
import itertools
import json
import sys
from contextlib import nullcontext

import pytest
from PIL import Image

from mien.cli import predict as command
from mien.cli._video_progress import _VideoBar
from mien.core.expression import WORDING
from tests.inference.made_network import write_network
from tests.inference.made_videos import MadeFootage, rgb_faces, write_video

pytest.importorskip("av", reason="PyAV is not installed (extra video)")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """clips/a.mp4 of twelve frames with a broken one, and clips/b.png."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clips").mkdir()
    write_video(tmp_path / "clips" / "a.mp4", rgb_faces(12), broken=(5,))
    Image.fromarray(rgb_faces(1)[0]).save(tmp_path / "clips" / "b.png")
    write_network(tmp_path / "net.onnx")
    return tmp_path


@pytest.fixture
def predict(mien, folder):
    return lambda *words: mien("predict", *words, "--model", "net.onnx", "--faces", "whole", "--threads", "1")


def test_lines_for_people_have_the_time_and_the_face(predict):
    code, out, err = predict("clips/a.mp4", "--unsure-below", "0")
    first, *lines, last = out.splitlines()
    assert (code, first) == (0, WORDING)
    assert [line.split("clips/a.mp4")[1].split() for line in lines] == [
        [at, "face", "1"] for at in ("0:00", "0:00.2", "0:00.4", "0:00.6", "0:00.8", "0:01")
    ]
    assert last == "clips/a.mp4: 11 frames in 0:01.1, 6 analysed, faces followed: 1"
    assert err == "clips/a.mp4: 1 broken frame was skipped\n"


def test_every_frame_or_a_few(predict):
    def frames(*words):
        said = [json.loads(line) for line in predict("clips/a.mp4", "--json", *words)[1].splitlines()]
        return [each["frame"] for each in said if "frame" in each], said

    assert frames("--every", "0")[0] == [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11]
    chosen, said = frames("--every", "0.5s", "--smooth", "0")
    assert chosen == [0, 6, 10]  # the fifth, at 0.5 s, is broken
    assert said[0]["meta"]["video"] == {"every": 0.5, "smooth": 0.0}
    assert all(each["faces"][0]["raw"] == each["faces"][0]["probabilities"] for each in said[1:-1])
    assert said[-1]["video"]["broken"] == 1


def test_a_folder_of_pictures_and_videos_goes_on_where_it_was(predict, folder):
    code, out, _ = predict("clips", "--out", "out.csv")
    assert (code, out.splitlines()[-1]) == (0, "2 files, 0 of them done before: out.csv")
    whole = (folder / "out.csv").read_bytes()
    rows = list(csv.DictReader(whole.decode().splitlines()))
    assert [row["frame"] for row in rows] == ["0", "2", "4", "6", "8", "10", "", ""]
    (folder / "out.csv").write_bytes(whole[:500])
    assert "0 of them done" in predict("clips", "--out", "out.csv")[1]
    assert (folder / "out.csv").read_bytes() == whole
    assert "2 of them done" in predict("clips", "--out", "out.csv")[1]
    assert (folder / "out.csv").read_bytes() == whole
    code, _, err = predict("clips", "--out", "out.csv", "--every", "1")
    assert (code, err.splitlines()[0]) == (2, WORDING)
    assert "other choices (video)" in err.splitlines()[1]


def test_annotated_videos_timelines_and_crops(predict, folder):
    code, _, _ = predict("clips", "--annotate", "clips/marked", "--crops", "crops")
    assert code == 0
    assert sorted(path.name for path in (folder / "clips/marked/clips").iterdir()) == [
        "a.mp4.csv", "a.mp4.mp4", "a.mp4.png", "b.png.png"
    ]  # fmt: skip
    assert (folder / "crops/clips/a.mp4-frame10-face1.png").exists()
    assert (folder / "clips/marked/clips/a.mp4.csv").read_text().count("\n") == 1 + 6
    assert (
        "2 files" in predict("clips", "--annotate", "clips/marked", "--out", "o.csv")[1]
    )  # results are no sources


def test_what_is_no_video_is_listed_and_the_rest_is_finished(predict, folder):
    (folder / "clips" / "bad.mp4").write_text("hello")
    code, out, err = predict("clips", "missing.mkv", "--json")
    assert code == 1
    assert "2 files could not be read:\n  clips/bad.mp4: expected a video (mp4, " in err
    assert "missing.mkv: cannot be read (No such file or directory)" in err
    assert len(out.splitlines()) == 1 + 7 + 1 + 1 + 1


def test_without_pyav_pictures_are_read_and_one_line_says_what_to_install(predict, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    code, out, err = predict("clips", "--json")
    assert (code, len(out.splitlines())) == (1, 2)
    assert err == (
        "1 video was left out: reading videos and cameras needs av, which is not installed: "
        "pip install 'mien[video]'\n"
    )
    for words in (["clips/a.mp4"], ["--camera", "0"]):
        code, _, err = predict(*words)
        assert code == 2
        assert err.splitlines()[-1].endswith("pip install 'mien[video]'")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("clips", "--every", "often"), "--every: expected seconds from 0 on, such as 0.2s, got 'often'"),
        (("clips", "--smooth=-1s"), "--smooth: expected seconds"),
        (("clips", "--camera", "0"), "--camera takes no sources"),
        (("--camera", "0", "--out", "net.onnx", "--json"), "cannot go on"),
    ],
)
def test_choices_that_make_no_sense_are_one_line(predict, words, reason):
    code, _, err = predict(*words)
    assert code == 2
    assert reason in err
    assert err.count("\n") == 1


@pytest.fixture
def filmed(monkeypatch):
    """A camera that gives three faces for four frames each, and then Ctrl-C."""
    footage = MadeFootage(rgb_faces(12), until=KeyboardInterrupt())
    monkeypatch.setattr(command, "open_camera", lambda which: nullcontext(footage))
    return footage


def test_a_camera_prints_changes_until_ctrl_c_and_ends_with_130(predict, filmed):
    code, out, err = predict("--camera", "0", "--every", "0", "--smooth", "0", "--unsure-below", "0")
    assert (code, err) == (130, "camera 0, until Ctrl-C\n")
    lines = out.splitlines()[1:]
    labels = [line.split()[0] for line in lines]
    assert 1 <= len(lines) <= 3  # four frames of a face are one line
    assert all(one != other for one, other in itertools.pairwise(labels))
    assert lines[0].endswith("camera-0  0:00  face 1")


def test_what_a_camera_saw_is_complete_after_ctrl_c(predict, filmed, folder):
    code, _, _ = predict("--camera", "0", "--out", "seen.jsonl", "--annotate", "kept")
    assert code == 130
    said = [json.loads(line) for line in (folder / "seen.jsonl").read_text().splitlines()[1:]]
    assert [each["frame"] for each in said] == [0, 2, 4, 6, 8, 10]
    assert sorted(path.name for path in (folder / "kept").iterdir()) == [
        "camera-0.csv", "camera-0.mp4", "camera-0.png"
    ]  # fmt: skip
    assert predict("--camera", "0", "--out", "seen.jsonl")[0] == 2


def test_a_camera_that_is_gone_ends_the_job_with_1(predict, filmed):
    filmed.until = None
    code, _, err = predict("--camera", "0", "--json")
    assert code == 1
    assert err.splitlines()[-1] == "the camera stopped"


@pytest.mark.skipif(sys.platform != "linux", reason="other platforms may ask for permission")
def test_a_missing_camera_is_one_line(predict):
    code, _, err = predict("--camera", "987")
    assert code == 2
    assert "camera 987: /dev/video987 cannot be opened" in err
    assert err.splitlines()[-1] == err.splitlines()[0] or err.count("\n") == 1


def test_progress_is_a_bar_on_a_terminal_only(predict, monkeypatch):
    told = []
    monkeypatch.setattr(_VideoBar, "_begin", lambda bar, answer: told.append(answer.source.name))
    code, out, _ = predict("clips", "--json")
    assert (code, told) == (0, [])
    monkeypatch.setattr(_VideoBar, "on_terminal", True)
    assert predict("clips", "--json")[1] == out
    assert set(told) == {"clips/a.mp4"}


def test_the_bar_leaves_what_is_printed_alone(predict, monkeypatch):
    _, plain, _ = predict("clips", "--json")
    monkeypatch.setattr(_VideoBar, "on_terminal", True)
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich draws for a terminal then
    _, out, err = predict("clips", "--json")
    assert out == plain
    assert " of 0:01.2" in err
