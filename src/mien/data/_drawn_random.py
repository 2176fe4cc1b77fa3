"""Numbers that look random and depend on nothing but (seed, index of the face, name of the number)."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.uint64]
Field = NDArray[Any]  # float32; numpy's own annotations lose that in mixed arithmetic

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_EVEN_BYTES = np.uint64(0x00FF00FF00FF00FF)
_SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31))


def mixed(state: Bits) -> Bits:
    """SplitMix64's output function: 64 well-stirred bits for each state (Steele, Lea, Flood, OOPSLA 2014)."""
    state = (state ^ (state >> _SHIFTS[0])) * _FIRST
    state = (state ^ (state >> _SHIFTS[1])) * _SECOND
    return state ^ (state >> _SHIFTS[2])


def shares(words: Bits) -> Field:
    """Bits as numbers from 0 to below 1, in the 24 bits that a float32 holds exactly."""
    return (words >> np.uint64(40)).astype(np.float32) * np.float32(2.0**-24)


@dataclass(frozen=True, kw_only=True, eq=False)
class Stream:
    """The numbers of the faces at these indices: the same for a face whichever faces are asked for beside it.

    Every number has a name, so that a new one leaves the others as they are.

    >>> few, many = (Stream(seed=3, index=np.arange(n, dtype=np.uint64)) for n in (2, 9))
    >>> bool((few.uniform("skin") == many.uniform("skin")[:2]).all())
    True
    """

    seed: int
    index: Bits  # (n,)

    @cached_property
    def _faces(self) -> Bits:
        """One state per face, (n,)."""
        start = mixed(np.array([self.seed], dtype=np.uint64) * _STEP + _STEP)
        return mixed(start + (self.index + np.uint64(1)) * _STEP)

    def _states(self, names: Sequence[str]) -> Bits:
        """One state per face and name, (n, names)."""
        keys = np.array([zlib.crc32(name.encode()) for name in names], dtype=np.uint64)
        return mixed(self._faces[:, None] ^ keys)

    def bits(self, name: str, count: int = 1) -> Bits:
        """64 bits each, (n, count)."""
        return mixed(self._states([name]) + np.arange(1, count + 1, dtype=np.uint64) * _STEP)

    def uniforms(self, names: Sequence[str]) -> Field:
        """Numbers evenly spread from 0 to below 1, a column for each name, (n, names)."""
        return shares(mixed(self._states(names) + _STEP))

    def uniform(self, name: str, low: float = 0.0, high: float = 1.0) -> Field:
        """Evenly spread from low to below high, (n,)."""
        return low + (high - low) * self.uniforms([name])[:, 0]

    def chance(self, name: str, probability: float) -> NDArray[np.bool_]:
        """True for this share of the faces, (n,)."""
        return self.uniform(name) < probability

    def choice(self, name: str, size: int) -> NDArray[np.int64]:
        """A whole number from 0 to size - 1, (n,)."""
        return (self.uniform(name) * size).astype(np.int64)

    def grain(self, name: str, shape: tuple[int, int]) -> Field:
        """Noise of mean 0 and deviation 1, (n, *shape): sums of four uniform numbers, near enough to normal."""
        count = shape[0] * shape[1]
        words = self.bits(name, (count + 1) // 2)
        pairs = (words & _EVEN_BYTES) + ((words >> np.uint64(8)) & _EVEN_BYTES)  # four sums of two bytes
        sums = (pairs + (pairs >> np.uint64(32))).view(np.uint16).reshape(len(words), -1, 4)[:, :, :2]
        # Four bytes have mean 4 * 127.5 and deviation sqrt(4 * (256**2 - 1) / 12).
        values = (sums.reshape(len(words), -1)[:, :count] - np.float32(510)) * np.float32((3 / 65535) ** 0.5)
        return values.reshape(len(words), *shape)
