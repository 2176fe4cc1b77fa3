"""Groups of pictures that show the same: identical, or nearly so."""

import numpy as np

from mien.analysis.duplicates import merged
from mien.analysis.near_duplicates import NearPairs, near_duplicates
from mien.core.identical import picture_groups
from mien.core.images import Ints, Uint8


def same_pictures(pixels: Uint8) -> Ints:
    """A group number for each picture (n, h, w), int64 (n,): identical and nearly identical ones share it."""
    return with_near(pixels, picture_groups(pixels))[1]


def with_near(pixels: Uint8, groups: Ints) -> tuple[NearPairs, Ints]:
    """Near pairs among the first pictures of all groups of identical ones (n,), and the groups that they join (n,)."""
    first = np.unique(groups, return_index=True)[1]
    pairs = near_duplicates(pixels[first])
    return pairs, merged(pairs.first, pairs.second, len(first))[groups]
