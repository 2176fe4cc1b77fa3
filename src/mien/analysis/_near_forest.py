"""Pairs of near neighbours without comparing all pairs: random projection trees.

Dasgupta and Freund 2008, "Random projection trees and low dimensional manifolds". A tree halves the points at the
median along random directions until few are left together; points that are near each other are rarely parted, and a
pair that one tree parts another one finds. Time grows as n log n, memory as n.
"""

from collections.abc import Iterator

import numpy as np

from mien.analysis._shrunk import Float32s
from mien.core.images import Ints

_LEAF = 96  # points that are compared with each other, at most
_LEAVES_AT_ONCE = 64
_NEIGHBOURS = 8  # of each point; larger groups hang together by the neighbours of neighbours


def near_pairs(points: Float32s, reach: float, *, trees: int, seed: int = 0) -> Ints:
    """Pairs of rows (m, 2), the lower first, whose squared distance is at most the reach; each pair once.

    Of each row's pairs those with its nearest neighbours, so that their number grows as n however crowded the points
    are. Nearly all of these are found; how many depends on the trees.
    """
    random = np.random.default_rng(seed)
    count = len(points)
    most = min(_NEIGHBOURS, count - 1)
    near = np.full((count, most), -1, dtype=np.int64)
    gaps = np.full((count, most), np.inf, dtype=np.float32)
    for _ in range(trees):
        for leaves in _chunks(_tree(points, random)):
            _improve(near, gaps, points, leaves)
    row, place = np.nonzero(gaps <= reach)
    pairs = np.sort(np.stack([row, near[row, place]], axis=1), axis=1)
    keys = np.unique(pairs[:, 0] * count + pairs[:, 1])
    return np.stack(np.divmod(keys, count), axis=1)


def _tree(points: Float32s, random: np.random.Generator) -> Ints:
    """Rows in leaves (l, size), equally large; a few rows stand in two leaves to fill the last places."""
    count = len(points)
    depth = max(int(np.ceil(np.log2(count / _LEAF))), 0)
    size = -(-count // 2**depth)
    rows = random.permutation(count)
    nodes = np.concatenate([rows, rows[: size * 2**depth - count]])[None, :]  # (1, total)
    for _ in range(depth):
        along = points @ random.standard_normal(points.shape[1], dtype=np.float32)
        middle = nodes.shape[1] // 2
        order = np.argpartition(along[nodes], middle, axis=1)
        nodes = np.take_along_axis(nodes, order, axis=1).reshape(-1, middle)
    return nodes


def _chunks(leaves: Ints) -> Iterator[Ints]:
    for start in range(0, len(leaves), _LEAVES_AT_ONCE):
        yield leaves[start : start + _LEAVES_AT_ONCE]


def _improve(near: Ints, gaps: Float32s, points: Float32s, leaves: Ints) -> None:
    """Bring neighbours (n, m) and their squared distances up to date with those within the leaves."""
    most = near.shape[1]
    found, distances = _nearest(points, leaves, most)
    rows = leaves.ravel()
    both, far = np.hstack([near[rows], found]), np.hstack([gaps[rows], distances])  # (r, 2m)
    order = np.argsort(both, axis=1)
    both, far = np.take_along_axis(both, order, axis=1), np.take_along_axis(far, order, axis=1)
    far[:, 1:][both[:, 1:] == both[:, :-1]] = np.inf  # found before
    best = np.argpartition(far, most - 1, axis=1)[:, :most]
    near[rows] = np.take_along_axis(both, best, axis=1)
    gaps[rows] = np.take_along_axis(far, best, axis=1)


def _nearest(points: Float32s, leaves: Ints, most: int) -> tuple[Ints, Float32s]:
    """The nearest rows of the same leaf, and their squared distances, (l * size, most)."""
    inside = points[leaves]  # (l, size, d)
    squares = np.einsum("lsd,lsd->ls", inside, inside)
    distances = squares[:, :, None] + squares[:, None, :] - 2 * (inside @ inside.swapaxes(1, 2))
    distances[leaves[:, :, None] == leaves[:, None, :]] = np.inf
    best = np.argpartition(distances, most - 1, axis=2)[:, :, :most]  # (l, size, most)
    found = leaves[np.arange(len(leaves))[:, None, None], best]
    return found.reshape(-1, most), np.take_along_axis(distances, best, axis=2).reshape(-1, most)
