"""Pictures that are nearly the same: re-encoded, mirrored, brightened, shifted or scaled by a little.

Three steps, each linear in memory and near it in time: a short description of every picture and of its mirror image
(_near_descriptor), near neighbours among the descriptions (_near_forest), and for each candidate pair the likeness
of the two pictures after the small move that brings them together best (_near_alignment).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.analysis._near_alignment import likeness
from mien.analysis._near_descriptor import coarse_pictures, learn
from mien.analysis._near_forest import near_pairs
from mien.analysis._shrunk import Float32s, is_flat, shrunk
from mien.core.errors import ConfigError
from mien.core.images import Bools, Ints, Uint8

# Measured on drawn faces (bench/near_duplicates.py): of the pairs of 10,000 distinct ones none is as alike, of
# planted near duplicates more than 95 in 100 are.
ALIKE = 0.91
_SIDE = 24
_TREES = 12
_PAIRS_AT_ONCE = 256  # what they need stays in the cache


@dataclass(frozen=True, kw_only=True, eq=False)
class NearPairs:
    """Pairs of pictures that are nearly the same; row i of every field is pair i, the most alike first.

    first, second  int64 (m,), rows of the pictures, the lower one first
    mirrored       bool (m,), whether one is the mirror image of the other
    likeness       float32 (m,), correlation of their detail after alignment, at most 1
    candidates     how many pairs were compared to find these
    """

    first: Ints
    second: Ints
    mirrored: Bools
    likeness: Float32s
    candidates: int

    def __len__(self) -> int:
        return len(self.first)


def near_duplicates(pixels: Uint8, *, alike: float = ALIKE, trees: int = _TREES, seed: int = 0) -> NearPairs:
    """Pairs of nearly the same pictures (n, h, w); pictures with hardly any contrast are in none.

    alike  the least likeness of a pair, over 0 and at most 1
    trees  more of them miss fewer pairs and take longer
    Identical pictures are found too, but many of the same make many pairs: leave all but one of each out.

    Raises ConfigError where a choice is out of range.
    """
    if not (0 < alike <= 1 and trees >= 1):
        raise ConfigError(
            f"near duplicates: expected alike over 0 and at most 1, got {alike}, and trees, got {trees}"
        )
    coarse = coarse_pictures(pixels)
    rows = np.flatnonzero(~is_flat(coarse))
    if len(rows) < 2:
        return _pairs(np.empty((0, 3), dtype=np.int64), np.empty(0, dtype=np.float32), alike)
    found = _candidates(pixels, coarse, rows, trees, seed)
    return _pairs(found, _likenesses(pixels, found), alike)


def _candidates(pixels: Uint8, coarse: Float32s, rows: Ints, trees: int, seed: int) -> Ints:
    """First row, second row, and 1 where one is to be mirrored: int64 (m, 3), each once."""
    descriptor = learn(pixels, rows, seed)
    points = np.concatenate(
        [descriptor.describe(coarse[rows]), descriptor.describe(coarse[rows][:, :, ::-1])]
    )  # (2n, d)
    pairs = near_pairs(points, descriptor.reach, trees=trees, seed=seed)
    mirrored, places = np.divmod(pairs, len(rows))
    triples = np.column_stack([np.sort(rows[places], axis=1), mirrored[:, 0] != mirrored[:, 1]])
    return np.unique(triples[triples[:, 0] != triples[:, 1]], axis=0)


def _likenesses(pixels: Uint8, triples: Ints) -> Float32s:
    found = np.empty(len(triples), dtype=np.float32)
    for start in range(0, len(triples), _PAIRS_AT_ONCE):
        first, second, mirrored = triples[start : start + _PAIRS_AT_ONCE].T
        one, other = shrunk(pixels[first], _SIDE), shrunk(pixels[second], _SIDE)  # (b, 24, 24)
        turned = np.where(mirrored[:, None, None] == 1, other[:, :, ::-1], other)
        found[start : start + len(first)] = likeness(one, turned)
    return found


def _pairs(triples: Ints, found: NDArray[np.float32], alike: float) -> NearPairs:
    """Those that are alike, the most alike first; of a pair that is so both ways, the better way."""
    order = np.argsort(-found, kind="stable")
    order = order[found[order] >= alike]
    kept = order[np.sort(np.unique(triples[order, :2], axis=0, return_index=True)[1])]
    return NearPairs(
        first=triples[kept, 0],
        second=triples[kept, 1],
        mirrored=triples[kept, 2] == 1,
        likeness=found[kept],
        candidates=len(triples),
    )
