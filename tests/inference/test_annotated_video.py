"""Annotated videos: every frame at its own time, marks where they belong, a file that plays after an interruption."""

import contextlib
import itertools

import numpy as np
import pytest

from mien.core.errors import ConfigError
from mien.core.expression import Box
from mien.core.labels import EXPRESSIONS
from mien.inference.annotated_video import AnnotatedVideo
from mien.inference.overlay import BRIGHT, DARK
from mien.inference.tracking import TrackedFace
from mien.inference.video import Frame, open_video
from mien.inference.video_overlay import VideoOverlay
from mien.inference.watching import Moment

TIMES = [0.0, 0.04, 0.2, 0.25, 0.9, 1.0]


def face(track=1, left=100, share=0.7):
    shares = [(1 - share) / 6] * 7
    shares[3] = share
    return TrackedFace(
        box=Box(left=left, top=60, width=120, height=120),
        probabilities=tuple(shares),
        classes=EXPRESSIONS,
        track=track,
        raw=tuple(shares),
    )


def moments(height=241, width=399):
    grey = np.full((height, width, 3), 128, dtype=np.uint8)
    for number, seconds in enumerate(TIMES):
        frame = Frame(number=number, seconds=seconds, read=lambda: grey)
        yield Moment(frame=frame, analysed=number % 2 == 0, faces=(face(),) if number in (0, 2) else ())


def write(path):
    with AnnotatedVideo(path, 7) as video:
        for moment in moments():
            video.add(moment)
    return video.path


def test_all_frames_are_there_at_their_times_and_marked_until_the_next_is_analysed(tmp_path):
    pytest.importorskip("av", reason="PyAV is not installed (extra video)")
    with open_video(write(tmp_path / "a.mov")) as opened:
        frames = [(frame.seconds, frame.read()) for frame in opened.frames()]
    assert [seconds for seconds, _ in frames] == pytest.approx(TIMES, abs=2e-5)
    for number, (_, pixels) in enumerate(frames):
        assert pixels.shape[0] % 2 == pixels.shape[1] % 2 == 0
        assert pixels[:241, :399].shape == (241, 399, 3)
        yellow = pixels[60, 130:210].astype(int)  # the upper edge of the box
        is_marked = (yellow[:, 0] - yellow[:, 2]).mean() > 60
        assert is_marked == (number < 4), number  # the fifth was analysed, and has no face


def test_an_interrupted_video_plays(tmp_path):
    pytest.importorskip("av", reason="PyAV is not installed (extra video)")
    first = list(itertools.islice(moments(), 3))
    with contextlib.suppress(KeyboardInterrupt), AnnotatedVideo(tmp_path / "a.mp4", 7) as video:
        for moment in first:
            video.add(moment)
        raise KeyboardInterrupt
    with open_video(tmp_path / "a.mp4.mp4") as opened:
        assert len(list(opened.frames())) == 3


def test_what_has_no_frame_and_what_cannot_be_written(tmp_path):
    pytest.importorskip("av", reason="PyAV is not installed (extra video)")
    with AnnotatedVideo(tmp_path / "a.mov", 7):
        pass
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "folder").write_text("in the way")
    with pytest.raises(ConfigError, match="cannot be written"):
        write(tmp_path / "folder" / "a.mov")


@pytest.mark.parametrize("shape", [(64, 64), (240, 320), (1080, 1920), (30, 900), (481, 641)])
def test_the_picture_is_left_whole_and_panels_stand_beside_it(shape):
    overlay = VideoOverlay(shape, 7)
    frame = np.full((*shape, 3), 90, dtype=np.uint8)
    overlay.show([])
    made = np.asarray(overlay.marked(frame))
    assert made.shape[0] % 2 == made.shape[1] % 2 == 0
    factor = max(1, -(-360 // max(shape)))
    assert (made[: shape[0] * factor, : shape[1] * factor] == 90).all()
    strip = made[:, shape[1] * factor :]
    assert (strip == DARK).all()
    overlay.show([face(left=0)])
    strip = np.asarray(overlay.marked(frame))[:, shape[1] * factor :]
    assert ((strip == BRIGHT).all(axis=2)).sum() > 50


def test_more_faces_than_panels_have_boxes_all_the_same():
    overlay = VideoOverlay((300, 900), 7)
    frame = np.full((300, 900, 3), 90, dtype=np.uint8)
    overlay.show([face(track, left=200 * track - 150) for track in (4, 2, 1, 3)])
    made = np.asarray(overlay.marked(frame))
    for track in (1, 2, 3, 4):
        left = 200 * track - 150
        assert (made[179, left + 30 : left + 110] == BRIGHT).all()  # the lower edge
    overlay.show([])
    assert (np.asarray(overlay.marked(frame))[:, :900] == 90).all()
