"""The arithmetic of a sliding window in one dimension: which inputs it meets, and how often."""

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, kw_only=True)
class Window:
    """A kernel that takes `positions` steps along `length` inputs.

    Tap k of position o meets input o * stride + k * dilation - before.
    A transposed convolution is the same window with its roles swapped: `length` is then the length of its output.
    Counts named "inside" leave out the taps that fall on padding.

    >>> window = Window(length=8, positions=3, kernel=2, stride=3)
    >>> window.pairs_inside, window.covered
    (6, 6)
    """

    length: int
    positions: int
    kernel: int
    stride: int = 1
    before: int = 0
    dilation: int = 1

    @property
    def pairs_inside(self) -> int:
        """Meetings of a tap with an input."""
        return sum(_taps_inside(self))

    @property
    def positions_inside(self) -> int:
        """Positions that meet at least one input."""
        return sum(taps > 0 for taps in _taps_inside(self))

    @property
    def taps_inside(self) -> int:
        """Taps that meet at least one input somewhere."""
        starts = range(-self.before, self.positions * self.stride - self.before, self.stride)
        offsets = range(0, self.kernel * self.dilation, self.dilation)
        return sum(any(0 <= start + offset < self.length for start in starts) for offset in offsets)

    @property
    def covered(self) -> int:
        """Places under at least one tap, padding included."""
        return len(_covered(self))

    @property
    def covered_inside(self) -> int:
        """Inputs under at least one tap."""
        return sum(self.before <= place < self.before + self.length for place in _covered(self))


@cache
def _taps_inside(window: Window) -> tuple[int, ...]:
    """For each position, how many of its taps meet an input; arithmetic instead of a walk over the taps."""
    counts = []
    for position in range(window.positions):
        start = position * window.stride - window.before
        first = max(0, -(start // window.dilation))  # the first tap at or after input 0
        last = min(window.kernel - 1, (window.length - 1 - start) // window.dilation)
        counts.append(max(0, last - first + 1))
    return tuple(counts)


@cache
def _covered(window: Window) -> frozenset[int]:
    """Places, counted from the first padded one, that at least one tap meets."""
    starts = range(0, window.positions * window.stride, window.stride)
    offsets = range(0, window.kernel * window.dilation, window.dilation)
    return frozenset(start + offset for start in starts for offset in offsets)
