"""Folds: what belongs together stays together, classes are even, and all of it follows from the seed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as made
from sklearn.model_selection import StratifiedGroupKFold

from mien.analysis.folds import fold_of_each
from mien.analysis.same_pictures import same_pictures
from mien.core.errors import ConfigError
from mien.data.drawn import draw


@settings(max_examples=60, deadline=None)
@given(
    sizes=made.lists(made.integers(1, 6), min_size=5, max_size=40),
    folds=made.integers(2, 5),
    seed=made.integers(0, 99),
)
def test_every_face_has_a_fold_and_groups_stay_together(sizes, folds, seed):
    random = np.random.default_rng(seed)
    groups = random.permutation(np.repeat(np.arange(len(sizes)), sizes))
    labels = random.integers(0, 3, len(groups))
    found = fold_of_each(groups, labels, folds, seed=seed)
    assert ((found >= 1) & (found <= folds)).all()
    for group in range(len(sizes)):
        assert len(set(found[groups == group].tolist())) == 1


def test_single_faces_are_shared_out_to_within_one():
    labels = np.repeat([0, 1, 2], [100, 33, 7])
    found = fold_of_each(np.arange(140), labels, 5, seed=1)
    for label in range(3):
        counts = np.bincount(found[labels == label], minlength=6)[1:]
        assert counts.max() - counts.min() <= 1
    assert np.bincount(found)[1:].tolist() == [28] * 5


def test_groups_are_as_even_as_scikit_learns():
    """On FER2013's shares, with duplicates: no class is less even than where scikit-learn keeps groups together."""
    random = np.random.default_rng(4)
    labels = random.choice(7, 2000, p=[0.14, 0.02, 0.14, 0.25, 0.17, 0.11, 0.17])
    groups = np.arange(2000)
    groups[:300] = random.integers(0, 60, 300)
    mine = fold_of_each(groups, labels, 5, seed=0)
    theirs = np.empty(2000, dtype=np.int64)
    splitter = StratifiedGroupKFold(5, shuffle=True, random_state=0)
    for fold, (_, rows) in enumerate(splitter.split(labels, labels, groups), start=1):
        theirs[rows] = fold

    def spread(folds):
        return [np.ptp(np.bincount(folds[labels == label], minlength=6)[1:]) for label in range(7)]

    assert max(spread(mine)) <= max(spread(theirs))


def test_the_seed_decides():
    groups, labels = np.arange(90), np.arange(90) % 3
    first = fold_of_each(groups, labels, 3, seed=5)
    assert (first == fold_of_each(groups, labels, 3, seed=5)).all()
    assert (first != fold_of_each(groups, labels, 3, seed=6)).any()


@pytest.mark.parametrize("folds", [1, 0, 5])
def test_impossible_numbers_of_folds(folds):
    with pytest.raises(ConfigError, match=f"expected from 2 to the 4 different faces, got {folds}"):
        fold_of_each(np.array([0, 1, 2, 3, 3]), np.zeros(5, dtype=np.int64), folds)


def test_identical_mirrored_and_brightened_pictures_are_one_group():
    pixels = draw(60, seed=8).faces.pixels.copy()
    pixels[50] = pixels[0]
    pixels[51] = pixels[1, :, ::-1]
    pixels[52] = np.clip(pixels[2].astype(int) * 0.9 + 12, 0, 255)
    groups = same_pictures(pixels)
    assert [groups[row] for row in (50, 51, 52)] == [groups[row] for row in (0, 1, 2)]
    assert len(np.unique(groups)) == 57
