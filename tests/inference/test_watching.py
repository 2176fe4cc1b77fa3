"""Videos watched: answers against the network's own arithmetic, order, memory, counts, Python."""

import itertools
import threading
import weakref

import numpy as np
import pytest

from mien.core.errors import ConfigError, DataError
from mien.core.expression import Box
from mien.data.pictures import face_in
from mien.faces._detector import Found, Geometry
from mien.faces.registry import Opened
from mien.inference import recogniser as recognisers
from mien.inference.recogniser import Recogniser, predict
from mien.inference.sources import Source
from mien.inference.tracking import Tracker
from mien.inference.video import Frame
from mien.inference.watched import answers_of, answers_of_file
from mien.inference.watching import Watching, moments, watch
from tests.inference.made_network import expected
from tests.inference.made_videos import MadeFootage, rgb_faces, write_video


@pytest.fixture(scope="module")
def whole(model):
    return Recogniser(model, "whole", threads=1)


@pytest.fixture(scope="module")
def pixels():
    return rgb_faces(12)


def watched(whole, footage, **how):
    return list(moments(whole, footage, Watching(**how), Tracker(how.get("smoothing", 0.5))))


def test_each_analysed_frame_has_the_network_s_answer(whole, pixels):
    from PIL import Image

    seen = watched(whole, MadeFootage(pixels), every=0.2)
    assert [(moment.frame.number, moment.frame.seconds) for moment in seen] == [
        (number, number / 10) for number in range(0, 12, 2)
    ]
    crops = np.stack([face_in(Image.fromarray(frame)) for frame in pixels[::2]])
    assert [moment.faces[0].raw for moment in seen] == [
        pytest.approx(row, abs=1e-5) for row in expected(crops).tolist()
    ]
    assert np.array_equal(np.concatenate([moment.crops for moment in seen]), crops)
    assert {moment.faces[0].track for moment in seen} == {1}


def test_frames_between_are_given_where_they_are_asked_for(whole, pixels):
    seen = list(moments(whole, MadeFootage(pixels), Watching(every=0.5), Tracker(), between=True))
    assert [moment.frame.number for moment in seen] == list(range(12))
    assert [moment.frame.number for moment in seen if moment.analysed] == [0, 5, 10]


@pytest.mark.parametrize("between", [False, True])
def test_only_a_few_frames_are_held_however_many_there_are(whole, between):
    held: weakref.WeakSet[Frame] = weakref.WeakSet()

    class Endless(MadeFootage):
        def frames(self):
            for number in itertools.count():
                pixels = np.full((8, 8, 3), number % 256, dtype=np.uint8)
                frame = Frame(number=number, seconds=number / 100, read=lambda pixels=pixels: pixels)
                held.add(frame)
                yield frame

    seen = moments(whole, Endless(np.empty(0)), Watching(every=0.05), Tracker(), between=between)
    most = max(len(held) for _ in itertools.islice(seen, 100))
    seen.close()
    assert most <= 4 + 3  # that wait, the one that is read, the one that is given, and the one before it
    assert threading.active_count() < 50


def test_a_camera_s_frames_are_answered_before_the_next_is_read(whole, pixels):
    footage = MadeFootage(pixels)
    for moment in moments(whole, footage, Watching(every=0, ahead=0), Tracker()):
        assert footage.read == moment.frame.number + 1


def test_faces_are_followed_through_detection(model, monkeypatch, pixels):
    def find(rgb):  # the brightness of the first pixel says where the faces are
        return [
            Found(box=Box(left=int(rgb[0, 0, 0]) + left, top=0, width=20, height=20), score=0.9)
            for left in (0, 40)
        ]

    monkeypatch.setattr(
        recognisers, "open_detector", lambda _: Opened(name="made", find=find, geometry=Geometry())
    )
    frames = np.zeros((6, 64, 64, 3), dtype=np.uint8) + np.arange(6, dtype=np.uint8)[:, None, None, None] * 3
    seen = watched(Recogniser(model, "made", threads=1), MadeFootage(frames), every=0)
    assert [[face.track for face in moment.faces] for moment in seen] == [[1, 2]] * 6
    assert [moment.faces[1].box.left for moment in seen] == [40, 43, 46, 49, 52, 55]


def test_blue_light_is_no_swapped_channel(whole, pixels):
    blue = np.clip(pixels[:2] * np.array([0.4, 0.6, 1.0]), 0, 255).astype(np.uint8)
    with pytest.raises(DataError, match="BGR"):
        whole.predict(blue[0])
    assert len(watched(whole, MadeFootage(blue), every=0)) == 2


def test_an_error_in_a_thread_reaches_the_caller_and_ends_the_threads(whole, pixels):
    def fail():
        raise DataError("made: no pixels")

    class Failing(MadeFootage):
        def frames(self):
            yield Frame(number=0, seconds=0.0, read=fail)

    with pytest.raises(DataError, match="made: no pixels"):
        watched(whole, Failing(pixels))


def test_a_file_s_answers_end_with_its_counts(whole, pixels, tmp_path):
    path = write_video(tmp_path / "a.mp4", pixels, broken=(3,))
    *frames, last = answers_of_file(whole, Source(path, "a.mp4", True), Watching())
    assert [answer.instant.frame for answer in frames] == [0, 2, 4, 6, 8, 10]
    assert [answer.instant.length for answer in frames] == [pytest.approx(1.2)] * 6
    end = last.ending
    assert (end.frames, end.analysed, end.broken, end.tracks) == (11, 6, 1, 1)
    assert end.seconds == pytest.approx(1.1, abs=0.0011)
    assert end.complaint == "1 broken frame was skipped"


def test_a_file_that_is_no_video_is_one_answer_with_the_reason(whole, tmp_path):
    (tmp_path / "a.mp4").write_text("hello")
    pytest.importorskip("av", reason="PyAV is not installed (extra video)")
    (answer,) = answers_of_file(whole, Source(tmp_path / "a.mp4", "a.mp4", True), Watching())
    assert "expected a video" in answer.error
    assert answer.ending is None


def test_footage_without_a_frame_has_an_ending(whole):
    (answer,) = answers_of(
        whole, Source("x", "x"), MadeFootage(np.empty((0, 8, 8, 3), dtype=np.uint8)), Watching()
    )
    assert (answer.ending.frames, answer.ending.seconds, answer.ending.complaint) == (0, 0.0, "")


def test_from_python(model, whole, pixels, tmp_path):
    path = write_video(tmp_path / "a.mp4", pixels)
    faces = predict(str(path), model=model, detector="whole")
    assert [(face.frame, face.track) for face in faces] == [(number, 1) for number in range(0, 12, 2)]
    assert [face for moment in watch(whole, path) for face in moment.faces] == faces
    assert len(predict(path, model=model, detector="whole", every=0)) == 12


def test_times_below_zero_are_refused():
    with pytest.raises(ConfigError, match="--every"):
        Watching(every=-1)
    with pytest.raises(ConfigError, match="--smooth"):
        Watching(smoothing=float("nan"))
