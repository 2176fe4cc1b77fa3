"""Timelines: rows as seen, means against pandas, figures whose lines lie where the numbers say."""

import csv

import numpy as np
import pandas as pd
import pytest

from mien.core.errors import ConfigError
from mien.core.expression import Box
from mien.core.labels import EXPRESSIONS
from mien.inference import timeline_figure
from mien.inference.timeline import Timeline, read_timeline
from mien.inference.timeline_figure import drawn, spelled, ticks
from mien.inference.timeline_table import TimelineTable
from mien.inference.tracking import TrackedFace
from mien.inference.video import Frame
from mien.inference.watching import Moment


def moment(number, *tracks):
    random = np.random.default_rng(number)
    faces = []
    for track in tracks:
        shares = tuple(random.dirichlet(np.ones(7)).tolist())
        box = Box(left=0, top=0, width=9, height=9)
        faces.append(TrackedFace(box=box, probabilities=shares, classes=EXPRESSIONS, track=track, raw=shares))
    frame = Frame(number=number, seconds=number / 5, read=lambda: np.zeros((9, 9, 3), dtype=np.uint8))
    return Moment(frame=frame, analysed=True, faces=tuple(faces))


def write(path, moments):
    with TimelineTable(path, EXPRESSIONS) as table:
        for each in moments:
            table.add(each)
    return table


def test_a_row_for_each_face_and_a_figure_beside(tmp_path):
    moments = [moment(0, 1, 2), moment(1), moment(2, 2)]
    table = write(tmp_path / "sub" / "a.mp4", moments)
    rows = list(csv.DictReader(table.path.read_text().splitlines()))
    assert table.path.name == "a.mp4.csv"
    assert [(row["seconds"], row["track"]) for row in rows] == [("0.0", "1"), ("0.0", "2"), ("0.4", "2")]
    assert [float(rows[2][name]) for name in EXPRESSIONS] == pytest.approx(
        moments[2].faces[0].probabilities, abs=1e-4
    )
    assert table.figure.read_bytes().startswith(b"\x89PNG")


def test_means_are_those_of_pandas(tmp_path):
    moments = [moment(number, *[1, 2, 3][: 1 + number % 3]) for number in range(101)]
    table = write(tmp_path / "a", moments)
    made = read_timeline(table.path, columns=10, most=2)
    assert (made.tracks, made.left_out, made.seconds) == ((1, 2), 1, 20.0)
    frame = pd.read_csv(table.path)
    frame["part"] = np.minimum((frame.seconds / 20 * 10).astype(int), 9)
    means = frame.groupby(["track", "part"])[list(EXPRESSIONS)].mean()
    for place, track in enumerate(made.tracks):
        assert made.shares[place] == pytest.approx(means.loc[track].to_numpy())


def test_where_a_track_is_not_seen_there_is_no_mean(tmp_path):
    table = write(tmp_path / "a", [moment(0, 1), moment(10, 2)])
    made = read_timeline(table.path, columns=4)
    assert np.isnan(made.shares[0, 1:]).all()
    assert np.isnan(made.shares[1, :3]).all()
    assert not np.isnan(made.shares[1, 3]).any()


def timeline(line, **changes):
    shares = np.zeros((1, len(line), 7))
    shares[0, :, 2] = line
    values = {"classes": EXPRESSIONS, "tracks": (1,), "left_out": 0, "seconds": 10.0, "shares": shares}
    return Timeline(**(values | changes))


def test_a_line_lies_where_its_probabilities_are():
    pixels = np.asarray(drawn(timeline(np.linspace(0, 1, 400)))).astype(int)
    colour = timeline_figure._COLOURS[2]
    top, field = timeline_figure._TOP // 2, timeline_figure._FIELD // 2
    rows, columns = np.nonzero((np.abs(pixels - colour).sum(axis=2) < 30)[top : top + field])
    left, right = timeline_figure._LEFT // 2, (timeline_figure._WIDTH - timeline_figure._RIGHT) // 2
    expected = field * (1 - (columns - left) / (right - left))
    assert len(rows) > 200
    assert np.abs(rows - expected).max() < 4


def test_figures_of_no_face_of_one_moment_and_of_many():
    none = drawn(timeline([], tracks=(), shares=np.zeros((0, 5, 7)), seconds=0.0))
    once = drawn(timeline([0.5], seconds=0.0))
    many = drawn(timeline([], tracks=(1, 2, 3), shares=np.full((3, 5, 7), 0.14), left_out=4))
    assert none.size == once.size
    assert many.height > 2 * none.height
    colour = np.abs(np.asarray(once).astype(int) - timeline_figure._COLOURS[2]).sum(axis=2) < 30
    assert colour[timeline_figure._TOP // 2 :].sum() > 10  # a dot


@pytest.mark.parametrize("seconds", [0.0, 0.3, 1, 7, 59, 61, 3600, 7200, 90_000])
def test_ticks_are_few_round_and_within(seconds):
    found = ticks(seconds)
    assert found[0] == 0
    assert found[-1] <= seconds + 1e-6
    assert len(found) <= 10
    assert [spelled(tick) for tick in found] == list(dict.fromkeys(spelled(tick) for tick in found))


def test_what_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "folder").write_text("in the way")
    with pytest.raises(ConfigError, match="cannot be written"):
        write(tmp_path / "folder" / "a", [])
