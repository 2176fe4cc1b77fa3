"""FaceExpression: labels, the threshold, and what is refused."""

import json

import pytest

from mien.core.errors import DataError
from mien.core.expression import UNSURE_BELOW, Box, FaceExpression
from mien.core.labels import EXPRESSIONS

BOX = Box(left=10.04, top=-2.0, width=48.0, height=50.06)


def face(**changes):
    shares = (0.05, 0.05, 0.05, 0.6, 0.05, 0.05, 0.15)
    return FaceExpression(**{"box": BOX, "probabilities": shares, "classes": EXPRESSIONS, **changes})


def test_the_most_probable_class_is_the_label():
    assert (face().label, face().expression, face().confidence) == ("happy", "happy", 0.6)


def test_under_the_threshold_the_label_is_unsure_and_the_expression_stays():
    assert (face(threshold=0.61).label, face(threshold=0.61).expression) == ("unsure", "happy")
    assert face(threshold=0.6).label == "happy"
    assert 1 / 7 < UNSURE_BELOW < 1


def test_the_dictionary_is_plain_json_and_whole():
    said = json.loads(json.dumps(face(score=0.98765, frame=3, seconds=0.12).to_dict()))
    assert said["box"] == {"left": 10.0, "top": -2.0, "width": 48.0, "height": 50.1}
    assert list(said["probabilities"]) == list(EXPRESSIONS)
    assert (said["label"], said["confidence"], said["score"]) == ("happy", 0.6, 0.9877)
    assert (said["frame"], said["seconds"]) == (3, 0.12)


@pytest.mark.parametrize("shares", [(1.0,), (0.5,) * 7, (float("nan"),) * 7, (2.0, -1.0, 0, 0, 0, 0, 0)])
def test_what_is_no_distribution_over_the_classes_is_refused(shares):
    with pytest.raises(DataError, match="expected"):
        face(probabilities=shares)


def test_a_box_without_a_side_is_refused():
    with pytest.raises(DataError, match="sides above 0"):
        Box(left=0, top=0, width=0, height=3)
