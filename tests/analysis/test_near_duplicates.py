"""Near duplicates among drawn faces: planted ones are found, distinct faces are not taken for them."""

import numpy as np
import pytest

from mien.analysis._near_alignment import _correlation, likeness
from mien.analysis._near_forest import near_pairs
from mien.analysis._near_variations import Warp, warped
from mien.analysis._shrunk import shrunk
from mien.analysis.duplicates import merged
from mien.analysis.near_duplicates import ALIKE, near_duplicates
from mien.core.errors import ConfigError
from mien.data.drawn import draw
from tests.analysis.planted import KINDS, planted

DISTINCT, PLANTED = 320, 100


@pytest.fixture(scope="module")
def pixels():
    """Distinct drawn faces, and behind them near duplicates of the first ones."""
    random = np.random.default_rng(0)
    faces = draw(DISTINCT, seed=3).faces.pixels
    copies = [planted(faces[row], KINDS[row % len(KINDS)], random) for row in range(PLANTED)]
    return np.concatenate([faces, np.stack(copies)])


@pytest.fixture(scope="module")
def found(pixels):
    return near_duplicates(pixels)


def test_planted_ones_are_found_and_no_other(found):
    pairs = set(zip(found.first.tolist(), found.second.tolist(), strict=True))
    true = {(row, DISTINCT + row) for row in range(PLANTED)}
    assert len(pairs & true) >= 0.95 * PLANTED
    assert pairs <= true
    assert len(pairs) == len(found)


def test_each_pair_tells_whether_it_is_mirrored(found):
    kinds = [KINDS[row % len(KINDS)] for row in found.first.tolist()]
    expected = [kind in ("mirrored", "all of these") for kind in kinds]
    # faces are nearly symmetric, yet not to the search
    assert np.mean(found.mirrored == expected) > 0.97
    exact = found.likeness[[kind == "mirrored" for kind in kinds]]
    assert exact.min() > 0.999
    assert (np.diff(found.likeness) <= 0).all()
    assert found.likeness.min() >= ALIKE


def test_the_same_seed_finds_the_same(pixels, found):
    again = near_duplicates(pixels)
    assert again.first.tolist() == found.first.tolist()
    assert again.likeness.tolist() == found.likeness.tolist()


def test_flat_and_few_pictures_make_no_pair():
    flat = np.full((50, 48, 48), 80, dtype=np.uint8)
    assert len(near_duplicates(flat)) == 0
    assert len(near_duplicates(flat[:0])) == 0
    one = np.random.default_rng(0).integers(0, 256, (3, 48, 48)).astype(np.uint8)
    assert len(near_duplicates(one)) == 0
    assert len(near_duplicates(np.repeat(one[:1], 2, axis=0))) == 1


def test_choices_out_of_range():
    pictures = np.zeros((2, 48, 48), dtype=np.uint8)
    with pytest.raises(ConfigError, match="alike over 0"):
        near_duplicates(pictures, alike=0)
    with pytest.raises(ConfigError, match="trees, got 0"):
        near_duplicates(pictures, trees=0)


def test_the_forest_finds_the_neighbours_of_brute_force():
    random = np.random.default_rng(0)
    points = random.normal(size=(1500, 8)).astype(np.float32) * 10
    points[1000:] = points[:500] + random.normal(size=(500, 8)).astype(np.float32) / 2
    distances = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    true = {(i, j) for i, j in np.argwhere(distances <= 6).tolist() if i < j}
    pairs = [tuple(pair) for pair in near_pairs(points, 6, trees=12).tolist()]
    assert len(pairs) == len(set(pairs))
    assert set(pairs) <= true | {(i, j) for i, j in pairs if abs(distances[i, j] - 6) < 1e-2}
    assert len(set(pairs) & true) >= 0.98 * len(true)


def test_crowded_points_make_no_more_pairs_than_they_have_neighbours():
    crowd = np.random.default_rng(0).normal(size=(600, 4)).astype(np.float32)
    pairs = near_pairs(crowd, 1e6, trees=4)
    assert len(pairs) <= 8 * 600
    groups = merged(pairs[:, 0], pairs[:, 1], 600)
    assert groups.max() == 0  # they still hang together


def test_areas_and_moves():
    picture = np.arange(16, dtype=np.uint8).reshape(1, 4, 4)
    assert shrunk(picture, 2).tolist() == [[[2.5, 4.5], [10.5, 12.5]]]
    assert np.allclose(shrunk(picture, 3).mean(), picture.mean())
    numbers = np.arange(25, dtype=np.float32).reshape(1, 5, 5)
    one = np.array([0.2], dtype=np.float32)  # a fifth of 5: one pixel
    none = np.zeros(1, dtype=np.float32)
    assert warped(numbers, Warp(right=one, down=none, larger=none))[0, 0].tolist() == [0, 0, 1, 2, 3]
    assert warped(numbers, Warp(right=none, down=one, larger=none))[0, :, 0].tolist() == [0, 0, 5, 10, 15]
    assert warped(numbers, Warp(right=none, down=none, larger=one * 5))[0, 2].tolist() == [
        11,
        11.5,
        12,
        12.5,
        13,
    ]


def test_alignment_finds_the_move_back():
    still = shrunk(draw(40, seed=8).faces.pixels, 24)
    warp = Warp.random(np.random.default_rng(0), 40)
    after = likeness(still, warped(still, warp) * 0.8 + 20)
    assert np.median(after) > 0.9  # at 24 pixels a move blurs; at the pictures' own 48 less
    assert np.median(after) > np.median(_correlation(still, warped(still, warp))) + 0.1
    assert likeness(still, still).min() > 0.9999
    assert likeness(still, np.roll(still, 1, axis=0)).max() < 0.9
