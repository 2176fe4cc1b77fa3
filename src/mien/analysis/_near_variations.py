"""The small changes after which a picture still counts as the same one."""

from dataclasses import dataclass

import numpy as np

from mien.analysis._shrunk import Float32s

MOST_SHIFT, MOST_SCALE = 0.045, 0.06  # of the side (2 pixels of 48); of the size
_GAIN, _LIFT, _NOISE = 0.25, 30.0, 4.0  # contrast, brightness and coding noise, the last two in grey levels


@dataclass(frozen=True, kw_only=True, eq=False)
class Warp:
    """How n pictures are moved: shifts as shares of the side, right and down, and how much larger they become."""

    right: Float32s
    down: Float32s
    larger: Float32s

    @classmethod
    def random(cls, random: np.random.Generator, count: int) -> "Warp":
        """Moves up to the largest that count as small."""
        right, down, larger = random.uniform(-1, 1, (3, count)).astype(np.float32)
        return cls(right=MOST_SHIFT * right, down=MOST_SHIFT * down, larger=MOST_SCALE * larger)


def warped(pictures: Float32s, warp: Warp) -> Float32s:
    """Pictures (n, side, side) moved and resized about their middle, linear between pixels, edges repeated."""
    side = pictures.shape[1]
    rows = _samples(side, warp.down, warp.larger)
    columns = _samples(side, warp.right, warp.larger)
    return rows @ (pictures @ columns.swapaxes(1, 2))


def _samples(side: int, shift: Float32s, larger: Float32s) -> Float32s:
    """What each new line takes of each old one, (n, side, side)."""
    middle = (side - 1) / 2
    lines = np.arange(side, dtype=np.float32)
    source = (lines - middle - shift[:, None] * side) / (1 + larger[:, None]) + middle  # (n, side)
    source = np.clip(source, 0, side - 1)
    return np.clip(1 - np.abs(source[:, :, None] - lines), 0, None)


def varied(pictures: Float32s, random: np.random.Generator) -> Float32s:
    """The same pictures (n, side, side), grey levels 0 to 255, after a small random change of every kind."""
    moved = warped(pictures, Warp.random(random, len(pictures)))
    gain = random.uniform(1 - _GAIN, 1 + _GAIN, (len(pictures), 1, 1))
    lift = random.uniform(-_LIFT, _LIFT, (len(pictures), 1, 1))
    noise = random.normal(0, _NOISE, pictures.shape)
    return np.clip(moved * gain + lift + noise, 0, 255).astype(np.float32)
