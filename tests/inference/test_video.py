"""Videos as frames: times, turns, damage and what is no video, on files that the tests write."""

import itertools
import sys
from fractions import Fraction

import numpy as np
import pytest

from mien.core.errors import DataError, MissingExtra
from mien.inference import video
from mien.inference.video import is_video, open_video
from tests.inference.made_videos import rgb_faces, write_video

pytest.importorskip("av", reason="PyAV is not installed (extra video)")

TIMES = [0.0, 0.1, 0.25, 0.3, 0.9, 1.0, 1.75, 1.8]  # of a telephone that saves frames where little moves


@pytest.fixture(scope="module")
def pixels():
    return rgb_faces(8)


def read(path):
    """Numbers, times and pixels of all frames, and how many were broken."""
    with open_video(path) as opened:
        frames = [(frame.number, frame.seconds, frame.read()) for frame in opened.frames()]
        return (
            [each[0] for each in frames],
            [each[1] for each in frames],
            [each[2] for each in frames],
            opened.broken,
        )


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.mov"])
def test_frames_have_the_times_that_they_were_given_whatever_the_rate(tmp_path, pixels, name):
    numbers, seconds, frames, broken = read(write_video(tmp_path / name, pixels, seconds=TIMES))
    assert (numbers, broken) == (list(range(8)), 0)
    assert seconds == pytest.approx(TIMES, abs=0.0011)  # containers keep milliseconds
    for frame, original in zip(frames, pixels, strict=True):
        assert np.abs(frame.astype(int) - original).mean() < 6


def test_time_begins_with_the_video_where_its_clock_begins_later(tmp_path, pixels):
    _, seconds, *_ = read(write_video(tmp_path / "a.ts", pixels[:5]))
    assert seconds == pytest.approx([0, 0.1, 0.2, 0.3, 0.4], abs=0.001)
    _, seconds, *_ = read(write_video(tmp_path / "a.mkv", pixels[:3], seconds=[3.0, 3.5, 4.0]))
    assert seconds == pytest.approx([0, 0.5, 1.0], abs=0.0011)


@pytest.mark.parametrize(
    ("turned", "mirrored", "way"),
    [
        (90, False, lambda frame: np.rot90(frame)),
        (180, False, lambda frame: frame[::-1, ::-1]),
        (-90, False, lambda frame: np.rot90(frame, -1)),
        (0, True, lambda frame: frame[:, ::-1]),
    ],
)
def test_frames_come_as_players_show_them(tmp_path, pixels, turned, mirrored, way):
    wide = pixels[:, :48]
    straight = read(write_video(tmp_path / "a.mp4", wide))[2]
    made = read(write_video(tmp_path / "b.mp4", wide, turned=turned, mirrored=mirrored))[2]
    assert np.array_equal(made[0], way(straight[0]))


def test_pixels_that_are_not_square_become_square(tmp_path, pixels):
    made = read(write_video(tmp_path / "a.mp4", pixels[:2], ratio=Fraction(3, 2)))[2]
    assert made[0].shape == (64, 96, 3)


def test_broken_frames_are_counted_and_left_out_and_the_others_keep_their_numbers(tmp_path, pixels):
    numbers, seconds, _, broken = read(write_video(tmp_path / "a.mp4", pixels, broken=(2, 5)))
    assert (numbers, broken) == ([0, 1, 3, 4, 6, 7], 2)
    assert seconds == pytest.approx([0, 0.1, 0.3, 0.4, 0.6, 0.7], abs=0.0011)


def damaged(path, size):
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + size] = bytes(np.random.default_rng(0).integers(0, 256, size, dtype=np.uint8))
    path.write_bytes(content)
    return path


def test_bytes_damaged_in_the_middle_cost_only_the_frames_they_are_in(tmp_path, pixels):
    numbers, _, _, broken = read(damaged(write_video(tmp_path / "a.mp4", pixels), 200))
    assert 1 <= broken <= 2  # a frame has over 1,000 bytes
    assert len(numbers) == 8 - broken
    assert numbers[0] == 0
    assert numbers[-1] == 7


@pytest.mark.parametrize("name", ["a.avi", "a.mkv", "a.ts", "a.mp4"])
def test_damage_to_the_container_does_not_end_the_video_before_it(tmp_path, pixels, name):
    numbers, _, _, broken = read(damaged(write_video(tmp_path / name, pixels), 2500))
    assert numbers[:3] == [0, 1, 2]
    assert broken <= 5
    assert all(one < other for one, other in itertools.pairwise(numbers))


def test_of_a_truncated_file_what_is_there_is_read(tmp_path, pixels):
    path = write_video(tmp_path / "a.mp4", pixels, options={"movflags": "faststart"})
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    with open_video(path) as opened:
        frames = list(opened.frames())
        assert opened.length == pytest.approx(0.8)
    assert 2 <= len(frames) < 8
    assert [frame.number for frame in frames] == list(range(len(frames)))


PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://localhost/a.ts\n#EXT-X-ENDLIST\n"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello\n" * 100,
        PLAYLIST,
        b"\x89PNG\r\n\x1a\n" + bytes(50),
        b"ffconcat version 1.0\nfile a.mp4\n",
    ],
)
def test_what_is_no_video_is_refused_with_one_line(tmp_path, content):
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.mp4: expected a video \(mp4, ") as told, open_video(path):
        pass
    assert "\n" not in str(told.value)
    assert not is_video(path)


def test_a_file_cut_before_its_index_is_refused(tmp_path, pixels):
    path = write_video(tmp_path / "a.mp4", pixels)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DataError, match="only a part"), open_video(path):
        pass


def test_missing_files_folders_and_sound_alone(tmp_path):
    for path, reason in ((tmp_path / "no.mp4", "No such file"), (tmp_path, "got a folder")):
        with pytest.raises(DataError, match=reason), open_video(path):
            pass
    with (
        pytest.raises(DataError, match="without moving pictures"),
        open_video(write_sound(tmp_path / "a.mkv")),
    ):
        pass


def write_sound(path):
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), dtype=np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_frames_that_are_too_large_are_refused_before_they_are_decoded(tmp_path, pixels, monkeypatch):
    path = write_video(tmp_path / "a.mp4", pixels[:1])
    monkeypatch.setattr(video, "MOST_PIXELS", 1000)
    with pytest.raises(DataError, match="at most 1,000 pixels, got 64x64"), open_video(path):
        pass


def test_the_length_is_what_the_file_says(tmp_path, pixels):
    with open_video(write_video(tmp_path / "a.mp4", pixels)) as opened:
        assert opened.length == pytest.approx(0.8)


def test_without_pyav_one_line_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtra, match=r"pip install 'mien\[video\]'"), open_video(tmp_path / "a.mp4"):
        pass
    assert not is_video(tmp_path / "a.mp4")
