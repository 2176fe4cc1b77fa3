"""Files of answers: what they hold, and how a job goes on after a kill at any byte."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from mien.core.errors import ConfigError
from mien.core.expression import Box, FaceExpression
from mien.inference.answer import Answer, Ending, Instant
from mien.inference.results import about_path, result_file
from mien.inference.sources import Source
from mien.inference.tracking import TrackedFace

META = {"classes": ["happy", "sad"], "network": "a", "shard": "1/1"}


def answer(name: str, faces: int = 1, error: str = "") -> Answer:
    made = FaceExpression(
        box=Box(left=1, top=2, width=3, height=4),
        probabilities=(0.75, 0.25),
        classes=("happy", "sad"),
        score=0.9,
    )
    return Answer(
        source=Source(Path(name), name),
        faces=(made,) * faces,
        crops=np.zeros((faces, 48, 48), dtype=np.uint8),
        error=error,
    )


ANSWERS = [
    answer("a,b.png", 2),
    answer('q"uote.png', 0),
    answer("bad.png", 0, "bad.png: damaged\nat 3"),
    answer("z", 3),
]


def write(path, kind, meta=META):
    """Write what is not there yet; returns the bad ones of before."""
    with result_file(path, kind, meta) as file:
        for each in ANSWERS:
            if each.source.name not in file.done:
                file.write(each)
        return file.bad


def test_csv_has_a_row_for_each_face_and_one_for_a_picture_without(tmp_path):
    write(tmp_path / "a.csv", "csv")
    rows = list(csv.DictReader((tmp_path / "a.csv").read_text().splitlines()))
    assert [(row["source"], row["face"], row["faces"]) for row in rows] == [
        ("a,b.png", "1", "2"), ("a,b.png", "2", "2"), ('q"uote.png', "", "0"), ("bad.png", "", "0"),
        ("z", "1", "3"), ("z", "2", "3"), ("z", "3", "3"),
    ]  # fmt: skip
    assert (rows[0]["label"], rows[0]["happy"], rows[0]["score"], rows[0]["width"]) == (
        "happy",
        "0.75",
        "0.9",
        "3.0",
    )
    assert rows[3]["error"] == "bad.png: damaged at 3"
    assert json.loads(about_path(tmp_path / "a.csv").read_text()) == META


def test_json_lines_begin_with_what_decides_the_answers(tmp_path):
    write(tmp_path / "a.jsonl", "json")
    first, *said = map(json.loads, (tmp_path / "a.jsonl").read_text().splitlines())
    assert first == {"meta": META}
    assert [(each["source"], len(each["faces"])) for each in said] == [
        ("a,b.png", 2), ('q"uote.png', 0), ("bad.png", 0), ("z", 3)
    ]  # fmt: skip
    assert said[2]["error"].startswith("bad.png: damaged")
    assert said[0]["faces"][0] == ANSWERS[0].faces[0].to_dict()


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_cut_off_at_any_byte_it_goes_on_to_the_same_file(tmp_path, kind):
    path = tmp_path / "out"
    write(path, kind)
    whole = path.read_bytes()
    for end in range(0, len(whole), 3):
        path.write_bytes(whole[:end])
        write(path, kind)
        assert path.read_bytes() == whole
    assert len(write(path, kind)) == 1


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_other_choices_and_other_files_are_left_alone(tmp_path, kind):
    path = tmp_path / "out"
    write(path, kind)
    whole = path.read_bytes()
    with pytest.raises(ConfigError, match=r"other choices \(network"):
        write(path, kind, META | {"network": "b"})
    with pytest.raises(ConfigError, match=r"other choices \(classes"):
        write(path, kind, META | {"classes": ["x", "y"]})
    assert path.read_bytes() == whole
    for foreign in (b"my notes\n", b"my notes"):
        path.write_bytes(foreign)
        with pytest.raises(ConfigError, match="no file of results"):
            write(path, kind)
        assert path.read_bytes() == foreign


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_a_second_process_is_kept_out(tmp_path, kind):
    pytest.importorskip("fcntl", reason="no file locks here")
    with result_file(tmp_path / "out", kind, META), pytest.raises(ConfigError, match="another process"):
        write(tmp_path / "out", kind)


def of_video(name: str, frames: int) -> list[Answer]:
    source = Source(Path(name), name, True)
    face = TrackedFace(
        box=Box(left=1, top=2, width=3, height=4),
        probabilities=(0.75, 0.25),
        classes=("happy", "sad"),
        track=7,
        raw=(0.5, 0.5),
    )
    made = [
        Answer(
            source=source, faces=(face,) * (number % 3), instant=Instant(frame=number, seconds=number / 10)
        )
        for number in range(frames)
    ]
    end = Ending(frames=frames, analysed=frames, broken=2, tracks=1, seconds=0.5)
    return [*made, Answer(source=source, ending=end)]


VIDEOS = [*of_video("a.mp4", 4), answer("b.png"), *of_video("c.mp4", 3)]


def test_frames_of_videos_have_their_place_and_the_end_its_counts(tmp_path):
    for kind in ("json", "csv"):
        with result_file(tmp_path / kind, kind, META) as file:
            for each in VIDEOS:
                file.write(each)
    rows = list(csv.DictReader((tmp_path / "csv").read_text().splitlines()))
    assert [(row["frame"], row["seconds"], row["faces"], row["face"], row["track"]) for row in rows[:6]] == [
        ("0", "0.0", "0", "", ""), ("1", "0.1", "1", "1", "7"), ("2", "0.2", "2", "1", "7"),
        ("2", "0.2", "2", "2", "7"), ("3", "0.3", "0", "", ""), ("", "", "", "", ""),
    ]  # fmt: skip
    assert rows[5]["error"] == "2 broken frames were skipped"
    said = [json.loads(line) for line in (tmp_path / "json").read_text().splitlines()[1:]]
    assert (said[1]["frame"], said[1]["seconds"], said[1]["faces"][0]["track"]) == (1, 0.1, 7)
    assert said[1]["faces"][0]["raw"] == {"happy": 0.5, "sad": 0.5}
    assert said[4] == {
        "source": "a.mp4",
        "video": {"frames": 4, "analysed": 4, "broken": 2, "tracks": 1, "seconds": 0.5, "length": None},
    }
    assert "frame" not in said[5]


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_a_video_that_was_not_seen_to_its_end_is_seen_again_from_its_start(tmp_path, kind):
    path = tmp_path / "out"

    def write_left():
        with result_file(path, kind, META) as file:
            for each in VIDEOS:
                if each.source.name not in file.done:
                    file.write(each)
            return file.done, file.bad

    write_left()
    whole = path.read_bytes()
    for end in range(0, len(whole), 7):
        path.write_bytes(whole[:end])
        done, bad = write_left()
        assert path.read_bytes() == whole
        assert bad == ()
        ended = whole.index(b"\n", whole.index(b"2 broken" if kind == "csv" else b'"video"')) + 1
        assert ("a.mp4" in done) == (end >= ended)


@pytest.mark.parametrize(
    ("ending", "complaint"),
    [
        (Ending(frames=9, analysed=9, broken=0, tracks=1, seconds=9.0, length=10.0), ""),
        (
            Ending(frames=9, analysed=9, broken=1, tracks=1, seconds=9.0, length=None),
            "1 broken frame was skipped",
        ),
        (
            Ending(frames=9, analysed=9, broken=0, tracks=1, seconds=3.0, length=10.0),
            "it ends at 3.0 s of 10.0 s",
        ),
        (
            Ending(frames=9, analysed=9, broken=1500, tracks=1, seconds=90.0, length=100.0),
            "1,500 broken frames were skipped, it ends at 90.0 s of 100.0 s",
        ),
    ],
)
def test_what_was_wrong_with_a_video_is_said(ending, complaint):
    assert ending.complaint == complaint
