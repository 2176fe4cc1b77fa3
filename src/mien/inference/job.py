"""Pictures and videos through detector and network: read by threads, judged in batches, answered in order."""

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import groupby, islice
from pathlib import Path

from mien.core.errors import DataError
from mien.inference.answer import Answer
from mien.inference.recogniser import Recogniser, Seen
from mien.inference.sources import Source
from mien.inference.watched import answers_of_file
from mien.inference.watching import Watching

WORKERS = 2
BATCH = 32  # pictures whose faces go through the network together, and whose answers are written together


def answers(
    recogniser: Recogniser,
    sources: Sequence[Source],
    how: Watching | None = None,
    annotate: Path | None = None,
    *,
    workers: int = WORKERS,
) -> Generator[Answer, None, None]:
    """One answer for each picture, in their order; a bad picture is an answer too, and stops nothing.

    Of a video, one for each frame analysed, and one that ends it; `annotate` is the folder for what is made of videos.
    Memory stays the same however many there are: at most two batches are read ahead, and of what was read only the
    faces are kept.
    """
    for video, group in groupby(sources, key=lambda source: source.is_video):
        if not video:
            yield from _of_pictures(recogniser, list(group), workers)
            continue
        for source in group:
            yield from answers_of_file(recogniser, source, how or Watching(), annotate)


def _of_pictures(recogniser: Recogniser, sources: Sequence[Source], workers: int) -> Iterator[Answer]:
    waiting = iter(sources)
    ahead: deque[Future[tuple[Seen, str]]] = deque()
    pool = ThreadPoolExecutor(workers)
    try:
        for start in range(0, len(sources), BATCH):
            batch = sources[start : start + BATCH]
            wanted = 2 * BATCH - len(ahead)
            ahead.extend(pool.submit(_look, recogniser, each) for each in islice(waiting, wanted))
            seen = [ahead.popleft().result() for _ in batch]
            yield from _judged(recogniser, batch, seen)
    finally:
        pool.shutdown(cancel_futures=True)


def _look(recogniser: Recogniser, source: Source) -> tuple[Seen, str]:
    """What is seen in a picture, or why it cannot be read."""
    try:
        return recogniser.look(source.path), ""
    except DataError as error:
        return Seen(), str(error)


def _judged(
    recogniser: Recogniser, batch: Sequence[Source], seen: Sequence[tuple[Seen, str]]
) -> Iterator[Answer]:
    judged = recogniser.judge([each for each, _ in seen])
    for source, (each, error), faces in zip(batch, seen, judged, strict=True):
        yield Answer(source=source, faces=tuple(faces), crops=each.crops, error=error)
