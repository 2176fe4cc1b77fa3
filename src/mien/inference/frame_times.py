"""The time of a frame: from a stream's own timestamps, and which frames are analysed by it."""

import math
from dataclasses import dataclass
from fractions import Fraction

from mien.core.errors import ConfigError

EVERY = 0.2  # seconds between frames that are analysed: expressions last from half a second on
_SAME = 1e-6  # of an interval: 0.6 / 0.2 is 2.9999999999999996


@dataclass
class Clock:
    """Seconds since the start of a video, from its timestamps; they only go up.

    start  the first instant of the file, in seconds of its own clock; None: that of the first frame
    step   how long a frame lasts on average

    A frame without a timestamp comes one step after the one before. Where the file's clock jumps back, as in two
    recordings that were put together, time goes on by one step.

    >>> clock = Clock(start=Fraction(10), step=Fraction(1, 25))
    >>> [clock.seconds(each) for each in (Fraction(10), Fraction(21, 2), None, Fraction(3), Fraction(4))]
    [0.0, 0.5, 0.54, 0.58, 1.58]
    """

    start: Fraction | None
    step: Fraction
    _last: Fraction | None = None

    def seconds(self, stamp: Fraction | None) -> float:
        """The time of the next frame, to a microsecond."""
        expected = Fraction(0) if self._last is None else self._last + self.step
        if stamp is None:
            now = expected
        else:
            if self.start is None:
                self.start = stamp
            now = stamp - self.start
            if now < 0 or (self._last is not None and now <= self._last):
                self.start, now = stamp - expected, expected
        self._last = now
        return round(float(now), 6)


@dataclass
class Chooser:
    """Which frames are analysed: the first at or after each multiple of `every` seconds; of 0, all.

    >>> chooser = Chooser(0.2)
    >>> [seconds for seconds in (0.0, 0.1, 0.19, 0.21, 0.3, 0.6, 0.7) if chooser.takes(seconds)]
    [0.0, 0.21, 0.6]
    """

    every: float
    _slot: int = -1

    def takes(self, seconds: float) -> bool:
        """Whether the frame of this time, the next one, is analysed."""
        if self.every == 0:
            return True
        slot = math.floor(seconds / self.every + _SAME)
        taken = slot > self._slot
        self._slot = max(slot, self._slot)
        return taken


def parse_seconds(text: str, option: str) -> float:
    """Read "0.2s" or "0.2"; ConfigError, with the option's name, where it is something else.

    >>> parse_seconds("0.2s", "--every"), parse_seconds("3", "--every")
    (0.2, 3.0)
    """
    try:
        seconds = float(text.removesuffix("s"))
    except ValueError:
        seconds = math.nan
    check_seconds(seconds, option, text)
    return seconds


def check_seconds(seconds: float, option: str, given: object) -> None:
    """ConfigError where a time is not a number of seconds from 0 on."""
    if not 0 <= seconds < math.inf:
        raise ConfigError(f"{option}: expected seconds from 0 on, such as 0.2s, got '{given}'")
