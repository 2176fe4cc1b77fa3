"""Faces as worse cameras, crops and moments would have given them: fourteen corruptions at five strengths.

The idea is Hendrycks & Dietterich 2019, "Benchmarking neural network robustness to common corruptions and
perturbations" (ICLR); kinds and strengths are chosen for grey faces of 48x48 pixels. The set has a name and never
changes under it: `set_digest` says whether this machine makes it as it was frozen.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from mien.core.errors import ConfigError
from mien.core.images import Ints, Uint8
from mien.data import _corrupt_blur as blur
from mien.data import _corrupt_cover as cover
from mien.data import _corrupt_noise as noise
from mien.data import _corrupt_picture as picture
from mien.data import _corrupt_place as place
from mien.data._drawn_random import Stream

SET = "mien-stress-1"
FROZEN = (
    "bb7a87c2a5ae14cd886feea49d3374350ccfcdff0b7a19ef8927e745e215e815"  # digest of the set as it was named
)
STRENGTHS = (1, 2, 3, 4, 5)
_CHUNK = 64  # faces at once, so that intermediate numbers stay in the processor's cache


@dataclass(frozen=True, kw_only=True)
class Corruption:
    """A way to make faces worse.

    amounts  what `apply` is given at each of the five strengths
    unit     what an amount is, for people
    apply    (faces uint8 (n, s, s), amount, stream of random numbers of each face) -> faces, of the same kind
    """

    amounts: tuple[float, float, float, float, float]
    unit: str
    apply: Callable[[Uint8, float, Stream], Uint8]


CORRUPTIONS: dict[str, Corruption] = {
    "Gaussian noise": Corruption(
        amounts=(5, 9, 14, 21, 30), unit="deviation in grey levels", apply=noise.gaussian_noise
    ),
    "shot noise": Corruption(
        amounts=(400, 200, 100, 50, 25), unit="photons of a white pixel", apply=noise.shot_noise
    ),
    "defocus blur": Corruption(
        amounts=(0.8, 1.2, 1.7, 2.3, 3), unit="radius in pixels of 48", apply=blur.defocus_blur
    ),
    "motion blur": Corruption(
        amounts=(3, 5, 7, 10, 14), unit="length in pixels of 48", apply=blur.motion_blur
    ),
    "brightness": Corruption(
        amounts=(25, 45, 65, 85, 110), unit="grey levels brighter or darker", apply=picture.brightness
    ),
    "contrast": Corruption(
        amounts=(0.7, 0.5, 0.35, 0.22, 0.12), unit="share of the contrast left", apply=picture.contrast
    ),
    "JPEG": Corruption(amounts=(50, 30, 18, 10, 5), unit="quality", apply=picture.jpeg),
    "lower resolution": Corruption(
        amounts=(32, 24, 18, 13, 9), unit="pixels a side, of 48", apply=picture.lower_resolution
    ),
    "eyes covered": Corruption(amounts=(3, 6, 9, 12, 15), unit="rows of 48", apply=cover.eyes_covered),
    "mouth covered": Corruption(amounts=(3, 6, 9, 12, 15), unit="rows of 48", apply=cover.mouth_covered),
    "side covered": Corruption(amounts=(8, 12, 16, 20, 24), unit="columns of 48", apply=cover.side_covered),
    "rotation": Corruption(amounts=(5, 10, 17, 27, 40), unit="degrees", apply=place.rotation),
    "shift": Corruption(amounts=(1, 2, 4, 6, 9), unit="pixels of 48", apply=place.shift),
    "scale": Corruption(
        amounts=(1.05, 1.1, 1.2, 1.35, 1.6), unit="times larger or smaller", apply=place.scale
    ),
}


def corrupted(faces: Uint8, name: str, strength: int, *, seed: int = 0, rows: Ints | None = None) -> Uint8:
    """Faces (n, s, s) under one corruption, each strength drawing the same random numbers.

    rows  int (n,), numbers of the faces, which decide their random numbers: a face comes out alike whichever other
          faces are asked for beside it; by default 0 to n - 1

    Raises ConfigError for an unknown name or a strength outside 1 to 5.
    """
    if name not in CORRUPTIONS:
        raise ConfigError(f"no corruption is called '{name}'; there are {', '.join(CORRUPTIONS)}")
    if strength not in STRENGTHS:
        raise ConfigError(f"strength of {name}: expected 1 to 5, got {strength}")
    chosen = CORRUPTIONS[name]
    index = (np.arange(len(faces)) if rows is None else rows).astype(np.uint64)
    found = np.empty_like(faces)
    for start in range(0, len(faces), _CHUNK):
        part = slice(start, start + _CHUNK)
        stream = Stream(seed=seed, index=index[part])
        found[part] = chosen.apply(faces[part], chosen.amounts[strength - 1], stream)
    return found


@cache
def set_digest() -> str:
    """SHA-256 (hex) of what every corruption makes, at every strength, of faces put together from formulas.

    Equal to FROZEN where this machine (numpy, and Pillow's JPEG) makes the set as it was named.
    """
    made = hashlib.sha256(SET.encode())
    for name in CORRUPTIONS:
        for strength in STRENGTHS:
            made.update(name.encode() + corrupted(probes(), name, strength).tobytes())
    return made.hexdigest()


def probes() -> Uint8:
    """Eight pictures of 48x48 with edges, ramps and texture, from whole numbers only."""
    number, y, x = np.mgrid[1:9, :48, :48]
    ramp = (number * 23 * x + (9 - number) * 17 * y) // 9 % 256
    ring = ((x - 24) ** 2 + (y - 20) ** 2) * number // 40 % 2 * 90
    return ((ramp + ring + x * y * number % 31) % 256).astype(np.uint8)
