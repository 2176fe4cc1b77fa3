"""Many pictures through detector and network: read and detected by threads, judged in batches, answered in order."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

from mien.core.errors import DataError
from mien.core.expression import FaceExpression
from mien.core.images import Uint8
from mien.inference.recogniser import Recogniser, Seen
from mien.inference.sources import Source

WORKERS = 2
BATCH = 32  # pictures whose faces go through the network together, and whose answers are written together


@dataclass(frozen=True, kw_only=True, eq=False)
class Answer:
    """What came of one picture: its faces and their crops, or why it could not be read."""

    source: Source
    faces: tuple[FaceExpression, ...] = ()
    crops: Uint8 = field(default_factory=lambda: Seen().crops)
    error: str = ""


def answers(recogniser: Recogniser, sources: Sequence[Source], *, workers: int = WORKERS) -> Iterator[Answer]:
    """One answer for each picture, in their order; a bad picture is an answer too, and stops nothing.

    Memory stays the same however many there are: at most two batches are read ahead, and of what was read only the
    faces are kept.
    """
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
