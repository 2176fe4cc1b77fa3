"""Energy inside a mask and the pointing game, by hand, and what counts as beating chance."""

import numpy as np
import pytest

from mien.analysis.attribution import MethodProof, energy_inside, mask_shares, method_proof, pointing

MASK = np.zeros((1, 4, 4), dtype=bool)
MASK[0, 0, :2] = True


def test_measures_by_hand():
    heat = np.arange(16, dtype=np.float32).reshape(1, 4, 4)
    assert energy_inside(heat, MASK).tolist() == [1 / 120]
    assert pointing(heat, MASK).tolist() == [0]
    assert pointing(-heat, MASK).tolist() == [1]
    assert mask_shares(MASK).tolist() == [2 / 16]


def test_an_empty_map_counts_as_an_even_one():
    nothing = np.zeros((1, 4, 4), dtype=np.float32)
    assert energy_inside(nothing, MASK).tolist() == [2 / 16]
    assert pointing(nothing, MASK).tolist() == [2 / 16]


def test_random_maps_reach_the_share_of_the_mask():
    random = np.random.default_rng(0)
    masks = np.repeat(random.random((1, 12, 12)) < 0.3, 4000, axis=0)
    heat = random.random((4000, 12, 12))
    assert energy_inside(heat, masks).mean() == pytest.approx(mask_shares(masks)[0], abs=0.01)
    assert pointing(heat, masks).mean() == pytest.approx(mask_shares(masks)[0], abs=0.03)


def test_what_beats_both_and_what_does_not():
    random = np.random.default_rng(1)
    masks = random.random((200, 10, 10)) < 0.2
    noise = random.random((200, 10, 10))
    good = noise + 2 * masks
    proof = method_proof("good", good, noise, masks)
    assert proof.convincing
    assert proof.pointing.network == 1
    assert proof.energy.random == pytest.approx(0.2, abs=0.01)
    assert proof.energy.over_random < proof.energy.network - proof.energy.random
    assert not method_proof("noise", noise, random.random((200, 10, 10)), masks).convincing
    assert not method_proof("no better than shuffled", good, good, masks).convincing
    assert not method_proof("one face", good[:1], noise[:1], masks[:1]).convincing
    assert proof.to_dict()["convincing"] is True
    assert MethodProof.from_dict(proof.to_dict()) == proof
