"""Faces followed from frame to frame: a number for each, and probabilities averaged over time.

A face goes on with the track whose last box overlaps its box most, by intersection over union, from 0.3 on; pairs are
made best first, each face and each track once (greedy matching, as in Bochinski, Eiselein & Sikora 2017, "High-speed
tracking-by-detection without using image information", AVSS). A face that goes on with none begins a track; numbers
count from 1 and are never given again. A track that no face goes on with waits where it was last seen, for one second
or over two analysed frames, whichever is longer; then it ends.

Probabilities are averaged exponentially: what was said t seconds ago counts exp(-t / smoothing) as much as what is said
now, so the result does not depend on how many frames a second are analysed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.core.expression import Box, FaceExpression

LEAST_OVERLAP = 0.3
PATIENCE = 1.0  # seconds that a track waits for its face
PATIENT_FRAMES = 2  # analysed frames that it waits at least
SMOOTHING = 0.5  # seconds: expressions change within them, single frames flicker faster

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class TrackedFace(FaceExpression):
    """A face of a video: what FaceExpression says, its probabilities averaged over the track so far.

    track  the number of the face, from 1, the same in every frame
    raw    probabilities in this frame alone
    """

    track: int
    raw: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        raw = {name: round(one, 4) for name, one in zip(self.classes, self.raw, strict=True)}
        return super().to_dict() | {"track": self.track, "raw": raw}


@dataclass
class _Track:
    """A face as it was last seen."""

    number: int
    box: Box
    averaged: Floats
    seen: float  # seconds
    missed: int = 0  # analysed frames since then


class Tracker:
    """Follows the faces of one video; frames are given in order of time.

    smoothing  seconds, the time constant of averaging; 0: none
    """

    def __init__(self, smoothing: float = SMOOTHING) -> None:
        self.smoothing = smoothing
        self.count = 0  # tracks begun so far
        self._tracks: list[_Track] = []

    def follow(self, faces: Sequence[FaceExpression], frame: int, seconds: float) -> tuple[TrackedFace, ...]:
        """The faces of the next frame, in their order, with numbers and averages."""
        self._tracks = [track for track in self._tracks if _waits(track, seconds)]
        overlaps = overlap([track.box for track in self._tracks], [face.box for face in faces])
        going_on = {face: self._tracks[track] for track, face in pairs(overlaps, LEAST_OVERLAP)}
        for track in self._tracks:
            track.missed += 1
        tracks = [self._seen(face, going_on.get(place), seconds) for place, face in enumerate(faces)]
        return tuple(_tracked(face, track, frame, seconds) for face, track in zip(faces, tracks, strict=True))

    def _seen(self, face: FaceExpression, track: _Track | None, seconds: float) -> _Track:
        """The track that a face goes on with, or begins."""
        raw = np.array(face.probabilities, dtype=np.float64)
        if track is None:
            self.count += 1
            track = _Track(self.count, face.box, raw, seconds)
            self._tracks.append(track)
        else:
            track.averaged = averaged(track.averaged, raw, seconds - track.seen, self.smoothing)
            track.box, track.seen, track.missed = face.box, seconds, 0
        return track


def _tracked(face: FaceExpression, track: _Track, frame: int, seconds: float) -> TrackedFace:
    said = {each.name: getattr(face, each.name) for each in fields(FaceExpression)}
    said |= {"probabilities": tuple(track.averaged.tolist()), "frame": frame, "seconds": seconds}
    return TrackedFace(**said, track=track.number, raw=face.probabilities)


def _waits(track: _Track, seconds: float) -> bool:
    return track.missed <= PATIENT_FRAMES or seconds - track.seen <= PATIENCE


def averaged(before: Floats, now: Floats, passed: float, smoothing: float) -> Floats:
    """The average so far moved towards what is said now, `passed` seconds later.

    >>> averaged(np.array([1.0, 0.0]), np.array([0.0, 1.0]), passed=0.5, smoothing=0.5).round(3).tolist()
    [0.368, 0.632]
    """
    kept = math.exp(-passed / smoothing) if smoothing else 0.0
    return now + kept * (before - now)


def overlap(first: Sequence[Box], second: Sequence[Box]) -> Floats:
    """Intersection over union of every box of the first (rows) with every one of the second (columns).

    >>> overlap([Box(left=0, top=0, width=10, height=10)], [Box(left=5, top=0, width=10, height=10)]).round(3).tolist()
    [[0.333]]
    """
    one, other = _edges(first)[:, None], _edges(second)[None]  # (n, 1, 4) and (1, m, 4)
    begins, ends = np.maximum(one[..., :2], other[..., :2]), np.minimum(one[..., 2:], other[..., 2:])
    shared = np.prod(np.maximum(ends - begins, 0), axis=-1)  # (n, m)
    areas = [np.prod(edges[..., 2:] - edges[..., :2], axis=-1) for edges in (one, other)]
    return shared / (areas[0] + areas[1] - shared)


def _edges(boxes: Sequence[Box]) -> Floats:
    """Left, top, right, bottom: (n, 4)."""
    edges = [(box.left, box.top, box.left + box.width, box.top + box.height) for box in boxes]
    return np.array(edges, dtype=np.float64).reshape(-1, 4)


def pairs(overlaps: Floats, least: float) -> list[tuple[int, int]]:
    """Rows and columns that belong together, best first, each once; those under `least` stay alone.

    >>> pairs(np.array([[0.9, 0.8], [0.7, 0.2]]), least=0.3)
    [(0, 0)]
    """
    left, found = overlaps.copy(), []
    while left.size and left.max() >= least:
        row, column = (int(place) for place in np.unravel_index(left.argmax(), left.shape))
        found.append((row, column))
        left[row, :] = left[:, column] = -1.0
    return found
