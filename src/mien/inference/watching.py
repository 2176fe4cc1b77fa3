"""Footage to expressions: frames chosen by their time, faces found by threads and followed, memory always the same."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from mien.core.expression import FaceExpression
from mien.core.images import Uint8
from mien.inference.frame_times import EVERY, Chooser, check_seconds
from mien.inference.recogniser import Recogniser, Seen
from mien.inference.tracking import SMOOTHING, TrackedFace, Tracker
from mien.inference.video import Footage, Frame, open_video

WORKERS = 2
AHEAD = 4  # frames that are decoded before the first of them is done: two threads never wait, and four fit in memory


@dataclass(frozen=True, kw_only=True)
class Watching:
    """How videos are watched; ConfigError where a time is below 0.

    every      seconds between frames that are analysed; 0: every frame
    smoothing  time constant of averaging over a track, in seconds; 0: none
    ahead      frames that may wait; 0 for a camera, whose answers are wanted at once
    """

    every: float = EVERY
    smoothing: float = SMOOTHING
    ahead: int = AHEAD

    def __post_init__(self) -> None:
        check_seconds(self.every, "--every", self.every)
        check_seconds(self.smoothing, "--smooth", self.smoothing)


@dataclass(frozen=True, kw_only=True, eq=False)
class Moment:
    """One frame and what is seen in it; `analysed` is False for those between, which show no faces of their own."""

    frame: Frame
    analysed: bool
    faces: tuple[TrackedFace, ...] = ()
    crops: Uint8 = field(default_factory=lambda: Seen().crops)


def watch(
    recogniser: Recogniser, video: Path | str, *, every: float = EVERY, smoothing: float = SMOOTHING
) -> Iterator[Moment]:
    """The analysed frames of a video file with their faces, one after the other; memory stays the same.

    Raises DataError where it is no video, MissingExtra without PyAV, ConfigError where a time is below 0.
    """
    how = Watching(every=every, smoothing=smoothing)
    with open_video(Path(video)) as footage:
        yield from moments(recogniser, footage, how, Tracker(smoothing))


def moments(
    recogniser: Recogniser, footage: Footage, how: Watching, tracker: Tracker, *, between: bool = False
) -> Iterator[Moment]:
    """The frames of footage in order; those that are not analysed only where `between` asks for them.

    At most `how.ahead` frames wait at a time, so memory does not depend on how long the footage is.
    """
    chooser = Chooser(how.every)
    waiting: deque[_Waiting] = deque()
    pool = ThreadPoolExecutor(WORKERS)
    try:
        for frame in footage.frames():
            chosen = chooser.takes(frame.seconds)
            if chosen or between:
                waiting.append((frame, pool.submit(_look, recogniser, frame) if chosen else None))
            if len(waiting) > how.ahead:
                yield _moment(tracker, *waiting.popleft())
        while waiting:
            yield _moment(tracker, *waiting.popleft())
    finally:
        pool.shutdown(cancel_futures=True)


_Looked = tuple[Seen, list[FaceExpression]]
_Waiting = tuple[Frame, Future[_Looked] | None]


def _look(recogniser: Recogniser, frame: Frame) -> _Looked:
    seen = recogniser.look_at(frame.read())
    return seen, recogniser.judge([seen])[0]


def _moment(tracker: Tracker, frame: Frame, looked: Future[_Looked] | None) -> Moment:
    if looked is None:
        return Moment(frame=frame, analysed=False)
    seen, faces = looked.result()
    followed = tracker.follow(faces, frame.number, frame.seconds)
    return Moment(frame=frame, analysed=True, faces=followed, crops=seen.crops)
