"""Pictures that are probably no face: blank ones, text, placeholders, and whatever lies far from the other faces."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.analysis._shrunk import Float32s, is_flat, shrunk
from mien.analysis.pca import fit
from mien.core.images import Bools, Ints, Strings, Uint8
from mien.core.rows import Rows

Float64s = NDArray[np.float64]

BLANK, FEW_LEVELS, PLACEHOLDER = "blank", "few grey levels", "placeholder"
GRAPHIC, UNLIKE_FACES = "graphic", "unlike the faces"

# A picture is listed from these on; how many of FER2013's are, and are no faces to ten people: docs/audit.md.
_EVEN = 0.4  # share of the picture that one can draw with a filling tool
_UNLIKE = 3.0  # robust deviations from the middle of the pictures
_EVEN_LEVELS = 4  # grey levels within a block that is called even
_BLOCKS = 16  # along each side
_LEAST_SIDE = 32  # smaller pictures have no blocks to look into

_SIDE = 16
_AXES = 80
_PICTURES_AN_AXIS = 20  # fewer, and the axes follow single pictures
_SAMPLE = 20_000
_LEAST_PICTURES = 200  # fewer do not tell what the faces have in common
_ROUNDS = 2
_OUTSIDE = (
    0.03  # of the sample that each round leaves out of the next: pictures that are no faces bend the axes
)
_LEVELS = 12  # grey levels that even dark photographs exceed
_MANY_TWINS = 10  # identical pictures from which on they are taken for a placeholder
_CHUNK = 2048  # pictures looked at at once


@dataclass(frozen=True, kw_only=True, eq=False)
class FaceDoubts:
    """How doubtful it is that each of n pictures shows a face.

    score    float64 (n,), 1 from where on a picture is listed, the larger the more doubtful; infinite where it can
             be no photograph of anything
    reason   str (n,): BLANK, FEW_LEVELS, PLACEHOLDER, GRAPHIC or UNLIKE_FACES where the picture is listed, else ""
    """

    score: Float64s
    reason: Strings

    @property
    def listed(self) -> Bools:
        """Which pictures have a reason, bool (n,)."""
        return self.reason != ""

    def ranked(self) -> Ints:
        """The listed rows, the most doubtful first."""
        order = np.argsort(-self.score, kind="stable")
        return order[self.listed[order]]


def face_doubts(pixels: Uint8, groups: Ints, *, seed: int = 0) -> FaceDoubts:
    """Doubts about pictures (n, h, w), of which those with the same group number (n,) are identical.

    Blank pictures, few grey levels, placeholders (the same picture many times) and graphics (much of them even)
    show in the picture itself. The others are compared with what the pictures have in common, as most of them are
    faces: their distance from the principal axes of the pictures and along them (Moghaddam and Pentland 1997,
    "Probabilistic Visual Learning for Object Representation").
    """
    twins, counts = np.unique(groups, return_inverse=True, return_counts=True)[1:]
    certain = [is_flat(shrunk(pixels, _SIDE)), _few_levels(pixels), counts[twins] >= _MANY_TWINS]
    even, plain = even_shares(pixels) / _EVEN, ~np.any(certain, axis=0)
    unlike = np.zeros(len(pixels))
    if plain.sum() >= _LEAST_PICTURES:
        unlike[plain] = distances(pixels[plain], seed) / _UNLIKE
    reasons = [BLANK, FEW_LEVELS, PLACEHOLDER, GRAPHIC, UNLIKE_FACES]
    return FaceDoubts(
        score=np.where(plain, np.maximum(even, unlike), np.inf),
        reason=np.select([*certain, even >= 1, unlike >= 1], reasons, ""),
    )


def _few_levels(pixels: Uint8) -> Bools:
    """Fewer grey levels than a photograph has."""
    found = np.zeros(len(pixels), dtype=bool)
    for row, picture in enumerate(pixels):
        found[row] = np.count_nonzero(np.bincount(picture.ravel(), minlength=256)) < _LEVELS
    return found


def even_shares(pixels: Uint8) -> Float64s:
    """Share of each picture (n,) that is even: blocks, a 16th of the side, whose pixels hardly differ."""
    shares = np.zeros(len(pixels))
    if min(pixels.shape[1:]) >= _LEAST_SIDE:
        for start in range(0, len(pixels), _CHUNK):
            shares[start : start + _CHUNK] = _even_shares(pixels[start : start + _CHUNK])
    return shares


def _even_shares(pixels: Uint8) -> Float64s:
    high, wide = pixels.shape[1] // _BLOCKS, pixels.shape[2] // _BLOCKS
    inner = pixels[:, : high * _BLOCKS, : wide * _BLOCKS]
    lowest, highest = inner[:, ::high, ::wide].copy(), inner[:, ::high, ::wide].copy()
    for row in range(high):
        for column in range(wide):
            np.minimum(lowest, inner[:, row::high, column::wide], out=lowest)
            np.maximum(highest, inner[:, row::high, column::wide], out=highest)
    return (highest - lowest <= _EVEN_LEVELS).mean(axis=(1, 2))


def distances(pixels: Uint8, seed: int = 0) -> Float64s:
    """How far each picture lies from the others, (n,), in robust deviations; none may be without contrast."""
    rows = _levelled(shrunk(pixels, _SIDE))
    sample = np.random.default_rng(seed).permutation(len(rows))[:_SAMPLE]
    for _ in range(_ROUNDS):
        beside, along = _logarithms(rows, rows[sample])
        score = np.maximum(_deviations(beside, sample), _deviations(along, sample))
        ranked = sample[np.argsort(score[sample])]
        sample = ranked[: round(len(ranked) * (1 - _OUTSIDE))]
    return score


def _levelled(pictures: Float32s) -> Float64s:
    """Rows (n, 256) of mean 0 and length 1."""
    flat = pictures.reshape(len(pictures), -1).astype(np.float64)
    centred = flat - flat.mean(axis=1, keepdims=True)
    return centred / np.linalg.norm(centred, axis=1, keepdims=True)


def _logarithms(rows: Float64s, sample: Float64s) -> tuple[Float64s, Float64s]:
    """Logarithms of the squared distance from the sample's axes, and of that along them in units of variance."""
    found = fit(Rows.of(sample), min(_AXES, len(sample) // _PICTURES_AN_AXIS), mean_norm=False)
    centred = rows - found.mean
    places = centred @ found.axes.T
    beside = np.maximum((centred**2).sum(axis=1) - (places**2).sum(axis=1), 1e-9)
    return np.log(beside), np.log((places**2 / found.variances).sum(axis=1))


def _deviations(values: Float64s, sample: Ints) -> Float64s:
    """Distance from the median in units of 1.4826 times the median distance, which is a normal deviation."""
    middle = np.median(values[sample])
    return (values - middle) / max(1.4826 * float(np.median(np.abs(values[sample] - middle))), 1e-9)
