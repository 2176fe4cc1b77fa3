"""Splits: official parts by every spelling; seeded ones that never part identical pictures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.core.errors import ConfigError, DataError
from mien.core.images import LabelledImages
from mien.core.labels import EXPRESSIONS
from mien.data.splits import split


def faces_of(labels: np.ndarray, parts: np.ndarray, pixels: np.ndarray | None = None) -> LabelledImages:
    count = len(labels)
    if pixels is None:
        pixels = np.random.default_rng(3).integers(0, 256, (count, 8, 8), dtype=np.uint8)
    return LabelledImages(
        pixels=pixels,
        labels=labels,
        ids=np.arange(count).astype(str),
        classes=EXPRESSIONS,
        split=parts,
        source="made up",
    )


def plain_faces(count: int = 700, part: str = "") -> LabelledImages:
    return faces_of(np.arange(count) % 7, np.full(count, part))


@pytest.mark.parametrize(
    ("train", "val", "test"),
    [
        ("Training", "PublicTest", "PrivateTest"),
        ("train", "val", "test"),
        ("TRAIN", "Valid", "Test"),
        ("training", "validation", "testing"),
        ("train", "dev", "test"),
    ],
)
def test_official_parts_by_their_names(train: str, val: str, test: str) -> None:
    names = np.array([train, train, val, test, train, val])
    parts = split(faces_of(np.zeros(6, dtype=np.int64), names))
    assert parts.train.ids.tolist() == ["0", "1", "4"]
    assert parts.val.ids.tolist() == ["2", "5"]
    assert parts.test is not None
    assert parts.test.ids.tolist() == ["3"]


def test_a_set_without_a_test_part_has_none() -> None:
    assert split(faces_of(np.zeros(2, dtype=np.int64), np.array(["Training", "PublicTest"]))).test is None


def test_a_folder_with_train_and_test_lends_a_tenth_of_train_for_validation() -> None:
    faces = faces_of(np.arange(770) % 7, np.array(["train"] * 700 + ["test"] * 70))
    parts = split(faces)
    assert parts.train.counts().tolist() == [90] * 7
    assert parts.val.counts().tolist() == [10] * 7
    assert parts.test is not None
    assert parts.test.ids.tolist() == faces.ids[700:].tolist()


def test_data_without_parts_is_split_80_10_10_by_class() -> None:
    parts = split(plain_faces())
    assert parts.test is not None
    assert [part.counts().tolist() for part in (parts.train, parts.val, parts.test)] == [
        [80] * 7,
        [10] * 7,
        [10] * 7,
    ]
    everywhere = [face for part in (parts.train, parts.val, parts.test) for face in part.ids.tolist()]
    assert sorted(everywhere, key=int) == plain_faces().ids.tolist()


def test_random_takes_a_share_of_training_and_keeps_the_official_validation_for_the_test() -> None:
    faces = faces_of(
        np.arange(870) % 7, np.array(["Training"] * 700 + ["PublicTest"] * 100 + ["PrivateTest"] * 70)
    )
    parts = split(faces, "random:0.2")
    assert parts.val.counts().tolist() == [20] * 7
    assert len(parts.train) == 560
    assert set(parts.val.split.tolist()) == {"Training"}
    assert parts.test is not None
    assert parts.test.ids.tolist() == faces.ids[700:800].tolist()


def test_random_without_parts_has_no_test() -> None:
    parts = split(plain_faces(), "random:0.1")
    assert (len(parts.train), len(parts.val), parts.test) == (630, 70, None)


def test_random_keeps_the_test_part_of_a_folder() -> None:
    parts = split(faces_of(np.arange(80) % 7, np.array(["train"] * 70 + ["test"] * 10)), "random:0.1")
    assert parts.test is not None
    assert len(parts.test) == 10


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), min_size=12, max_size=60), st.integers(0, 99)
)
def test_identical_pictures_never_fall_on_both_sides(faces: list[tuple[int, int]], seed: int) -> None:
    pictures = np.array([picture for picture, _ in faces], dtype=np.uint8)
    if len(set(pictures.tolist())) < 4:
        return
    labels = np.array([label for _, label in faces])
    made = faces_of(labels, np.full(len(faces), ""), pictures[:, None, None])
    try:
        parts = split(made, "random:0.3", seed=seed)
    except DataError:
        return  # every class is one picture: nothing can be split off
    assert not set(parts.train.pixels.ravel().tolist()) & set(parts.val.pixels.ravel().tolist())
    assert len(parts.train) + len(parts.val) == len(made)


def test_copies_count_as_faces_in_the_share() -> None:
    pixels = np.repeat(np.arange(50, dtype=np.uint8), 4)[:, None, None]  # 50 pictures, four times each
    parts = split(faces_of(np.zeros(200, dtype=np.int64), np.full(200, ""), pixels), "random:0.1")
    assert len(parts.val) == 20


def test_a_split_depends_on_pictures_and_seed_and_not_on_their_order() -> None:
    faces = plain_faces()
    turned = faces.select(np.arange(len(faces))[::-1])
    first, again, other = split(faces), split(turned), split(faces, seed=1)
    assert set(first.val.ids.tolist()) == set(again.val.ids.tolist())
    assert set(first.val.ids.tolist()) != set(other.val.ids.tolist())


def test_a_rare_class_still_reaches_the_validation_part() -> None:
    faces = faces_of(np.array([0] * 97 + [1] * 3), np.full(100, ""))
    assert split(faces, "random:0.1").val.counts()[:2].tolist() == [10, 1]


@pytest.mark.parametrize(
    "how", ["", "half", "random", "random:", "random:0", "random:0.0", "random:1", "random:1.5"]
)
def test_another_text_is_refused_with_the_forms_that_there_are(how: str) -> None:
    with pytest.raises(ConfigError, match=r"official.*random:0\.1"):
        split(plain_faces(20), how)


def test_parts_of_other_names_are_refused() -> None:
    with pytest.raises(DataError, match="got 'fold1'"):
        split(plain_faces(20, "fold1"))


def test_data_without_a_training_part_is_refused() -> None:
    with pytest.raises(DataError, match="no part for training, only PublicTest"):
        split(plain_faces(20, "PublicTest"))


def test_too_few_faces_are_refused() -> None:
    with pytest.raises(DataError, match="too few"):
        split(plain_faces(1))


@pytest.mark.parametrize("how", ["official", "random:0.1"])
def test_held_out_parts_alone_are_never_trained_on(how: str) -> None:
    parts = np.array(["PublicTest", "PrivateTest"] * 50)
    with pytest.raises(DataError, match="no part for training, only PrivateTest, PublicTest"):
        split(faces_of(np.arange(100) % 7, parts), how)
