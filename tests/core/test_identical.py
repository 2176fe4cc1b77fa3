"""Groups of identical pictures, against comparing every pair."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mien.core.identical import picture_digests, picture_groups


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 2)), min_size=1, max_size=30))
def test_groups_agree_with_every_pair_compared(pictures: list[tuple[int, int]]) -> None:
    pixels = np.array(pictures, dtype=np.uint8)[:, None, :]  # (n, 1, 2)
    groups = picture_groups(pixels)
    same = [[bool((one == other).all()) for other in pixels] for one in pixels]
    assert (groups[:, None] == groups[None, :]).tolist() == same


def test_groups_count_in_order_of_appearance() -> None:
    pixels = np.array([5, 9, 5, 7, 9], dtype=np.uint8)[:, None, None]
    assert picture_groups(pixels).tolist() == [0, 1, 0, 2, 1]


def test_a_view_has_the_digest_of_its_copy() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 6, 6), dtype=np.uint8)
    assert picture_digests(pixels[:, ::2, ::2]) == picture_digests(pixels[:, ::2, ::2].copy())
