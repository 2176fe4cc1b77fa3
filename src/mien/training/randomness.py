"""Counter-based random numbers: a value depends on what it is for, never on what was drawn before it."""

import numpy as np
from numpy.typing import NDArray

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = 2**64 - 1


def key(*counters: int) -> int:
    """One 64-bit number from several, each of which changes all of it."""
    mixed = np.uint64(0)
    for counter in counters:
        mixed = _mix(np.array([(int(mixed) + _GOLDEN + counter) & _MASK], dtype=np.uint64))[0]
    return int(mixed)


def uniforms(seed: int, epoch: int, samples: NDArray[np.int64], draws: int) -> NDArray[np.float32]:
    """Numbers from 0 to below 1, float32 (n, draws): row i depends on seed, epoch and samples[i] only.

    Source: SplitMix64, Steele, Lea & Flood 2014, as a hash of the counter.

    >>> both = uniforms(1, 2, np.array([5, 6]), 3)
    >>> bool((both[1] == uniforms(1, 2, np.array([6]), 3)[0]).all())
    True
    """
    counters = np.arange(1, draws + 1, dtype=np.uint64) + samples.astype(np.uint64)[:, None] * draws
    start = np.array(key(seed, epoch), dtype=np.uint64)
    with np.errstate(over="ignore"):
        bits = _mix(_mix(start + counters * np.array(_GOLDEN, dtype=np.uint64)))
    return (bits >> np.uint64(40)).astype(np.float32) * np.float32(2**-24)


def order(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    """A permutation of 0 to count - 1 for this epoch."""
    return np.random.Generator(np.random.Philox(key=[key(seed, epoch), 1])).permutation(count)


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
