"""Timeline: what a figure of a video's expressions shows, read from their table in constant memory."""

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

MOST_TRACKS = 6  # the ones seen longest
COLUMNS = 960  # parts of the whole time, each a point of a line


@dataclass(frozen=True, kw_only=True, eq=False)
class Timeline:
    """Mean probabilities of a few tracks in equal parts of the time.

    classes   their names
    tracks    numbers of the tracks that were seen longest, in ascending order
    left_out  how many other tracks there were
    seconds   time of the last row; the parts divide the time from 0 to it
    shares    (tracks, parts, classes), NaN where a track was not seen
    """

    classes: tuple[str, ...]
    tracks: tuple[int, ...]
    left_out: int
    seconds: float
    shares: NDArray[np.float64]


def read_timeline(path: Path, *, columns: int = COLUMNS, most: int = MOST_TRACKS) -> Timeline:
    """The means of a table of seconds, track and probabilities; it is read twice, and never held."""
    with path.open(newline="", encoding="utf-8") as file:
        classes = tuple(next(csv.reader(file))[2:])
    rows_of: Counter[int] = Counter()
    last = 0.0
    for seconds, track, _ in _rows(path):
        rows_of[track] += 1
        last = max(last, seconds)
    tracks = tuple(sorted(sorted(rows_of, key=lambda track: (-rows_of[track], track))[:most]))
    return Timeline(
        classes=classes,
        tracks=tracks,
        left_out=len(rows_of) - len(tracks),
        seconds=last,
        shares=_means(path, tracks, last, (len(tracks), columns, len(classes))),
    )


def _means(
    path: Path, tracks: tuple[int, ...], last: float, shape: tuple[int, int, int]
) -> NDArray[np.float64]:
    sums, counts = np.zeros(shape), np.zeros((*shape[:2], 1))
    places = {track: place for place, track in enumerate(tracks)}
    for seconds, track, shares in _rows(path):
        if track in places:
            part = min(int(seconds / last * shape[1]) if last else 0, shape[1] - 1)
            sums[places[track], part] += shares
            counts[places[track], part] += 1
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _rows(path: Path) -> Iterator[tuple[float, int, list[float]]]:
    """Seconds, track and probabilities, row by row."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        next(rows)
        for seconds, track, *shares in rows:
            yield float(seconds), int(track), [float(share) for share in shares]
