"""A video as answers: one for each frame analysed, one that ends it; what is annotated is made on the way."""

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

from mien.core.errors import DataError
from mien.inference.annotated_video import AnnotatedVideo
from mien.inference.answer import Answer, Ending, Instant
from mien.inference.recogniser import Recogniser
from mien.inference.sources import Source
from mien.inference.timeline_table import TimelineTable
from mien.inference.tracking import Tracker
from mien.inference.video import Footage, Frame, open_video
from mien.inference.watching import Moment, Watching, moments


def answers_of_file(
    recogniser: Recogniser, source: Source, how: Watching, annotate: Path | None = None
) -> Iterator[Answer]:
    """The answers of a video file; one alone, with the error, where it cannot be read.

    annotate  the folder that gets an annotated video and a timeline
    """
    try:
        with open_video(source.path) as footage:
            yield from answers_of(recogniser, source, footage, how, annotate)
    except DataError as error:
        yield Answer(source=source, error=str(error))


def answers_of(
    recogniser: Recogniser, source: Source, footage: Footage, how: Watching, annotate: Path | None = None
) -> Generator[Answer, None, None]:
    """The answers of any footage; what is annotated is complete when the last of them comes.

    Who stops before that closes it, so that what was annotated by then can be played.
    """
    tracker = Tracker(how.smoothing)
    counted = _Counted(footage)
    analysed = 0
    with ExitStack() as held:
        kept = _kept(annotate, source, recogniser, held) if annotate else []
        for moment in moments(recogniser, counted, how, tracker, between=bool(annotate)):
            for each in kept:
                each.add(moment)
            if moment.analysed:
                analysed += 1
                yield _answer(source, moment, footage.length)
    yield Answer(source=source, ending=counted.ending(analysed, tracker.count))


def _kept(
    folder: Path, source: Source, recogniser: Recogniser, held: ExitStack
) -> list[AnnotatedVideo | TimelineTable]:
    """What is written beside the answers: clip.mov.mp4, clip.mov.csv and clip.mov.png."""
    path = folder / source.place
    classes = recogniser.network.classes
    video, table = AnnotatedVideo(path, len(classes)), TimelineTable(path, classes)
    return [held.enter_context(video), held.enter_context(table)]


def _answer(source: Source, moment: Moment, length: float | None) -> Answer:
    instant = Instant(frame=moment.frame.number, seconds=moment.frame.seconds, length=length)
    return Answer(source=source, faces=moment.faces, crops=moment.crops, instant=instant)


class _Counted:
    """Footage whose frames are counted as they go by."""

    def __init__(self, footage: Footage) -> None:
        self._footage = footage
        self._frames = 0
        self._seconds = 0.0

    @property
    def length(self) -> float | None:
        return self._footage.length

    @property
    def broken(self) -> int:
        return self._footage.broken

    def frames(self) -> Iterator[Frame]:
        for frame in self._footage.frames():
            self._frames += 1
            self._seconds = frame.seconds
            yield frame

    def ending(self, analysed: int, tracks: int) -> Ending:
        """What was seen, once it is over."""
        return Ending(
            frames=self._frames,
            analysed=analysed,
            broken=self.broken,
            tracks=tracks,
            seconds=self._seconds,
            length=self.length,
        )
