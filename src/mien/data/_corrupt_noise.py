"""Noise of a sensor: of the same size everywhere, or of single photons.

Both look up tables of quantiles with twelve random bits a pixel, so that no platform's random or mathematical library
decides what comes out.
"""

import math
from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from mien.core.images import Uint8
from mien.data._drawn_random import Stream

_QUANTILES = 4096
_LEVELS = np.arange(256.0)
_MIDDLES = (np.arange(_QUANTILES) + 0.5) / _QUANTILES


def gaussian_noise(faces: Uint8, deviation: float, stream: Stream) -> Uint8:
    """Normal noise of this standard deviation in grey levels."""
    return _noised(faces, _gaussian_table(deviation), stream)


def shot_noise(faces: Uint8, photons: float, stream: Stream) -> Uint8:
    """Poisson noise, as where a white pixel collects so many photons on average: bright pixels vary most."""
    return _noised(faces, _poisson_table(photons), stream)


def _noised(faces: Uint8, table: Uint8, stream: Stream) -> Uint8:
    """Each grey level replaced by a random one of its row of the table (256, quantiles)."""
    words = stream.bits("noise", faces[0].size)  # (n, s * s)
    return table[faces, (words >> np.uint64(52)).astype(np.intp).reshape(faces.shape)]


@cache
def _gaussian_table(deviation: float) -> Uint8:
    normal = np.array([NormalDist().inv_cdf(share) for share in _MIDDLES])
    return _levels(_LEVELS[:, None] + deviation * normal)


@cache
def _poisson_table(photons: float) -> Uint8:
    most = math.ceil(photons + 6 * math.sqrt(photons) + 6)
    found = [
        np.searchsorted(_poisson_distribution(photons * level / 255, most), _MIDDLES) for level in _LEVELS
    ]
    return _levels(np.array(found, dtype=np.float64) * (255 / photons))


def _poisson_distribution(mean: float, most: int) -> NDArray[np.float64]:
    """Probabilities of at most 0, 1 ... `most` events, float64 (most + 1,)."""
    counts = np.arange(most + 1)
    if mean == 0:
        return np.ones(most + 1)
    logs = counts * math.log(mean) - mean - np.array([math.lgamma(count + 1) for count in counts.tolist()])
    return np.exp(logs).cumsum()


def _levels(values: NDArray[np.float64]) -> Uint8:
    # a trace above a half, so that a last bit does not decide how halves are rounded
    return np.clip(np.floor(values + 0.500001), 0, 255).astype(np.uint8)
