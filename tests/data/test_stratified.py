"""A smaller training part."""

import numpy as np
import pytest

from mien.core.errors import ConfigError
from mien.core.images import LabelledImages
from mien.data.splits import split
from mien.data.stratified import smaller, stratified
from tests.conftest import small_faces


def uneven(sizes=(100, 50, 7)):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    count = len(labels)
    return LabelledImages(
        pixels=np.random.default_rng(0).integers(0, 256, (count, 8, 8)).astype(np.uint8),
        labels=labels,
        ids=np.arange(count).astype(str),
        classes=("a", "b", "c", "none of these"),
        split=np.full(count, ""),
        source="uneven",
    )


@pytest.mark.parametrize("count", [1, 10, 50, 156, 157])
def test_each_class_has_its_share_to_within_a_face(count):
    chosen = stratified(uneven(), count, seed=3)
    assert len(chosen) == count
    exact = np.array([100, 50, 7, 0]) * count / 157
    assert (np.abs(chosen.counts() - exact) < 1).all()


def test_the_choice_follows_from_seed_and_pictures_alone():
    faces = uneven()
    mixed = faces.select(np.random.default_rng(1).permutation(len(faces)))
    chosen = set(stratified(faces, 60, seed=3).ids.tolist())
    assert set(stratified(mixed, 60, seed=3).ids.tolist()) == chosen
    assert set(stratified(faces, 60, seed=4).ids.tolist()) != chosen
    assert chosen < set(stratified(faces, 120, seed=3).ids.tolist())


@pytest.mark.parametrize("count", [0, -1, 158])
def test_more_than_there_are_or_none_is_refused(count):
    with pytest.raises(ConfigError, match="from 1 to the 157 faces of uneven"):
        stratified(uneven(), count, seed=0)


@pytest.mark.parametrize("how", ["official", "random:0.2"])
@pytest.mark.parametrize("own_parts", [True, False])
def test_the_validation_part_stays_whole_and_the_test_part_stays_out(how, own_parts):
    faces = small_faces() if own_parts else uneven()
    parts = split(faces, how, seed=5)
    again = split(smaller(faces, 30, how, seed=5))
    assert len(again.train) == 30
    assert set(again.train.ids.tolist()) < set(parts.train.ids.tolist())
    assert again.val.ids.tolist() == parts.val.ids.tolist()
    assert (again.val.pixels == parts.val.pixels).all()
    assert again.test is None
