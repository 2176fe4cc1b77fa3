"""Drawn faces: the same whichever are asked for, what they say of themselves is true, and bad wishes are refused."""

import numpy as np
import pytest

from mien.core.errors import ConfigError
from mien.core.labels import EXPRESSIONS
from mien.data import drawn
from mien.data._drawn_expressions import UNIT_NAMES, act
from mien.data._drawn_random import Stream
from mien.data.drawn import DrawnConfig, draw, from_spec, parse

FIELDS = ("true_labels", "action_units", "mask", "neighbours", "blend", "strength")


@pytest.fixture(scope="module")
def faces():
    return draw(700, seed=4, label_noise=0.2)


def test_same_wish_same_faces(faces):
    again = draw(700, seed=4, label_noise=0.2)
    assert again.faces.digest == faces.faces.digest
    assert all(np.array_equal(getattr(again, name), getattr(faces, name)) for name in FIELDS)


@pytest.mark.parametrize("count", [1, 10, 64, 65, 130])
def test_fewer_faces_are_the_first_of_more(faces, count):
    few = draw(count, seed=4, label_noise=0.2)
    first = faces.faces.select(np.arange(count))
    assert few.faces.digest == first.digest
    assert all(np.array_equal(getattr(few, name), getattr(faces, name)[:count]) for name in FIELDS)


def test_a_face_does_not_depend_on_the_chunk_it_is_drawn_in(faces, monkeypatch):
    monkeypatch.setattr(drawn, "_CHUNK", 17)
    other = draw(100, seed=4, label_noise=0.2)
    difference = other.faces.pixels.astype(int) - faces.faces.pixels[:100]
    assert np.abs(difference).max() <= 1  # sums may round otherwise in arrays of another size


def test_another_seed_gives_other_faces(faces):
    other = draw(64, seed=5)
    assert (other.faces.pixels != faces.faces.pixels[:64]).mean() > 0.9


def test_no_two_faces_are_alike(faces):
    assert len(np.unique(faces.faces.pixels.reshape(700, -1), axis=0)) == 700


def test_faces_fill_the_grey_levels(faces):
    pixels = faces.faces.pixels
    assert pixels.dtype == np.uint8
    assert pixels.shape == (700, 48, 48)
    # FER2013's pictures have mean 129 (deviation between pictures 32) and a deviation within of 54 (14).
    assert 100 < pixels.mean() < 155
    assert 20 < pixels.mean(axis=(1, 2)).std() < 45
    assert 40 < pixels.std(axis=(1, 2)).mean() < 68
    assert pixels.std(axis=(1, 2)).min() > 10


def test_classes_are_equally_frequent_in_each_part(faces):
    assert faces.faces.classes == EXPRESSIONS
    for part, each in (("train", 80), ("val", 10), ("test", 10)):
        inside = faces.faces.split == part
        assert np.bincount(faces.true_labels[inside]).tolist() == [each] * 7


def test_every_part_has_every_class_from_28_faces_on():
    few = draw(28)
    assert {(part, label) for part, label in zip(few.faces.split, few.true_labels, strict=True)} == {
        (part, label) for part in ("train", "val", "test") for label in range(7)
    }


def test_order_of_classes_differs_from_block_to_block(faces):
    orders = faces.true_labels.reshape(100, 7)
    assert (np.sort(orders, axis=1) == np.arange(7)).all()
    assert len(np.unique(orders, axis=0)) > 90


def test_ids_are_numbered(faces):
    assert faces.faces.ids[[0, 699]].tolist() == ["drawn-000000", "drawn-000699"]
    assert faces.faces.source == "drawn"


def test_label_noise_replaces_this_share_and_keeps_the_truth(faces):
    wrong = faces.faces.labels != faces.true_labels
    assert wrong.mean() == pytest.approx(0.2, abs=0.05)  # 3.3 standard errors of a share of 700
    assert len(set((faces.faces.labels - faces.true_labels)[wrong] % 7)) == 6
    clean = draw(128, seed=4)
    assert np.array_equal(clean.faces.labels, clean.true_labels)
    assert np.array_equal(clean.faces.pixels, faces.faces.pixels[:128])
    assert (draw(64, label_noise=1.0).faces.labels != draw(64).true_labels).all()


def test_ambiguity_is_twice_the_mean_share_of_the_neighbour():
    assert not draw(64, ambiguity=0).blend.any()
    assert (draw(64, ambiguity=1).blend == 0.5).all()
    stream = Stream(seed=1, index=np.arange(20000, dtype=np.uint64))
    blend = act(stream, np.arange(20000) % 7, 0.3).blend
    assert blend.mean() == pytest.approx(0.15, abs=0.005)
    assert blend.max() <= 0.5


def test_truth_has_the_stated_ranges(faces):
    assert faces.unit_names == UNIT_NAMES
    assert faces.action_units.shape == (700, len(UNIT_NAMES))
    assert faces.action_units.dtype == np.float32
    assert faces.action_units.min() >= 0
    assert faces.action_units.max() <= 1
    assert (faces.neighbours != faces.true_labels).all()
    assert faces.strength.min() >= 0.4
    assert faces.strength.max() <= 1
    assert len(faces) == 700


def test_spec_reads_as_the_call_it_stands_for():
    assert parse("drawn") == DrawnConfig()
    assert parse("drawn:count=60, seed=1,label_noise=0.05,ambiguity=0.4") == DrawnConfig(
        count=60, seed=1, label_noise=0.05, ambiguity=0.4
    )
    assert from_spec("drawn:count=9,seed=2").faces.digest == draw(9, seed=2).faces.digest


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("painted", "expected 'drawn'"),
        ("drawn:faces=3", "unknown key 'faces'; known are count, seed, label_noise, ambiguity"),
        ("drawn:count", "expected a whole number for count, got ''"),
        ("drawn:count=many", "expected a whole number for count, got 'many'"),
        ("drawn:count=1.5", "expected a whole number for count, got '1.5'"),
        ("drawn:ambiguity=x", "expected a number for ambiguity, got 'x'"),
        ("drawn:seed=1,seed=2", "seed is given twice"),
        ("drawn:count=0", "count to be a whole number from 1 to 1000000, got 0"),
        ("drawn:label_noise=nan", "label_noise to be a number from 0 to 1, got nan"),
    ],
)
def test_bad_spec_says_what_was_expected(spec, message):
    with pytest.raises(ConfigError) as caught:
        from_spec(spec)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "wish",
    [
        {"count": 2.5},
        {"count": True},
        {"seed": -1},
        {"label_noise": 1.2},
        {"ambiguity": -0.1},
        {"ambiguity": "a"},
    ],
)
def test_bad_numbers_are_refused(wish):
    with pytest.raises(ConfigError, match=next(iter(wish))):
        draw(**{"count": 3, **wish})
