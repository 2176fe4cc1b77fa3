import numpy as np
import pytest

from mien.core.errors import DataError
from mien.core.images import LabelledImages, Parts
from mien.core.labels import EXPRESSIONS, canonical_classes
from mien.core.predictions import Predictions


def faces(count=4, **changes):
    values = {
        "pixels": np.arange(count * 9, dtype=np.uint8).reshape(count, 3, 3),
        "labels": np.arange(count) % 2,
        "ids": np.array([f"face-{row}" for row in range(count)]),
        "classes": ("no", "yes"),
        "split": np.array(["train"] * count),
        "source": "made here",
    }
    return LabelledImages(**(values | changes))


def test_select_keeps_each_face_with_its_label_and_id():
    chosen = faces().select(np.array([3, 1]))
    assert chosen.ids.tolist() == ["face-3", "face-1"]
    assert chosen.labels.tolist() == [1, 1]
    assert chosen.pixels[0, 0, 0] == 27


def test_arrays_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        faces().pixels[0, 0, 0] = 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": np.array([0, 1, 2, 0])}, r"expected labels 0 to 1 \(no, yes\), got 0 to 2"),
        ({"labels": np.array([0, 1])}, "lengths disagree"),
        ({"ids": np.array(["a", "a", "b", "c"])}, "ids repeat"),
        ({"pixels": np.zeros((4, 3, 3))}, "expected pixels of uint8"),
        ({"pixels": np.zeros((4, 9), np.uint8)}, "expected pixels of uint8"),
    ],
)
def test_what_does_not_fit_is_refused(changes, message):
    with pytest.raises(DataError, match=message):
        faces(**changes)


def test_digest_changes_with_every_part_of_the_data():
    others = [
        faces(pixels=np.zeros((4, 3, 3), np.uint8)),
        faces(labels=np.array([1, 1, 0, 1])),
        faces(ids=np.array(list("abcd"))),
        faces(classes=("yes", "no")),
        faces(split=np.array(["train", "train", "train", "test"])),
    ]
    assert len({one.digest for one in [*others, faces(), faces(source="elsewhere")]}) == 6


def test_a_part_that_is_not_there_names_those_that_are():
    with pytest.raises(DataError, match="no part 'test'; it has train, val"):
        Parts(train=faces(), val=faces())["test"]


def test_predictions_find_their_faces_by_id():
    found = Predictions(
        probs=np.array([[0.25, 0.75], [1, 0]], np.float32),
        labels=np.array([1, 0]),
        ids=np.array(["face-3", "face-0"]),
        classes=("no", "yes"),
        split="val",
        run="one",
    )
    assert found.predicted.tolist() == [1, 0]
    assert found.joined(faces()).ids.tolist() == ["face-3", "face-0"]
    with pytest.raises(DataError, match="lacks 1 predicted faces, first: face-3"):
        found.joined(faces(2))


@pytest.mark.parametrize(
    ("probs", "message"),
    [([[0.5, 0.6]], "rows that sum to 1"), ([[1.0]], r"expected probabilities \(1, 2\)")],
)
def test_predictions_that_are_no_distribution_are_refused(probs, message):
    with pytest.raises(DataError, match=message):
        Predictions(
            probs=np.array(probs, np.float32),
            labels=np.array([0]),
            ids=np.array(["a"]),
            classes=("no", "yes"),
            split="val",
            run="one",
        )


@pytest.mark.parametrize(
    ("names", "indices"),
    [
        (["Anger", "disgusted", "FEAR", "happiness", "sadness", "surprised", "Neutral"], list(range(7))),
        (["6", "0"], [6, 0]),
        (["neutral"], [6]),
    ],
)
def test_spellings_of_the_seven_come_to_one_order(names, indices):
    assert canonical_classes(names) == (EXPRESSIONS, indices)


def test_other_names_stay_and_numbers_sort_by_value():
    assert canonical_classes(["10", "9", "8"]) == (("8", "9", "10"), [2, 1, 0])
    assert canonical_classes(["happy", "contempt"]) == (("contempt", "happy"), [1, 0])


def test_two_spellings_of_one_expression_are_refused():
    with pytest.raises(DataError, match="same expression"):
        canonical_classes(["sad", "sadness"])
