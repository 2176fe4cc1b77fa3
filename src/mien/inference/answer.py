"""Answer: what came of a picture, of a frame of a video, or of a whole video."""

from dataclasses import dataclass, field

import numpy as np

from mien.core.expression import FaceExpression
from mien.core.images import Uint8
from mien.data.pictures import SIDE
from mien.inference.sources import Source


@dataclass(frozen=True, kw_only=True)
class Instant:
    """Which frame of a video: number from 0, seconds since its start, and how long the video is where it says so."""

    frame: int
    seconds: float
    length: float | None = None


@dataclass(frozen=True, kw_only=True)
class Ending:
    """A video that was seen to its end.

    frames    that could be decoded; analysed: how many of them
    broken    that could not, or came out damaged, and were left out
    tracks    faces that were followed
    seconds   time of the last frame; 0 where there was none
    length    what the file says of itself, None where it does not
    """

    frames: int
    analysed: int
    broken: int
    tracks: int
    seconds: float
    length: float | None = None

    @property
    def complaint(self) -> str:
        """What was wrong with it, in words; empty where nothing was."""
        said = []
        if self.broken:
            said.append(
                "1 broken frame was skipped"
                if self.broken == 1
                else f"{self.broken:,} broken frames were skipped"
            )
        # A second, or a twentieth: the last frame lasts a while too, and lengths in headers are estimates.
        if self.length and self.length - self.seconds > max(1.0, self.length / 20):
            said.append(f"it ends at {self.seconds:.1f} s of {self.length:.1f} s")
        return ", ".join(said)


@dataclass(frozen=True, kw_only=True, eq=False)
class Answer:
    """What came of one picture: its faces and their crops, or why it could not be read.

    instant  of one frame of a video, which; None otherwise
    ending   of a video as a whole, which comes after its frames; None otherwise
    """

    source: Source
    faces: tuple[FaceExpression, ...] = ()
    crops: Uint8 = field(default_factory=lambda: np.empty((0, SIDE, SIDE), dtype=np.uint8))
    error: str = ""
    instant: Instant | None = None
    ending: Ending | None = None
