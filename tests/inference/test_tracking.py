"""Faces followed: overlap against counted pixels, the rule by hand, averages against the closed form."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.core.expression import Box, FaceExpression
from mien.inference.tracking import Tracker, averaged, overlap, pairs


def face(left, top=0, side=10, happy=0.5):
    return FaceExpression(
        box=Box(left=left, top=top, width=side, height=side),
        probabilities=(happy, 1 - happy),
        classes=("happy", "sad"),
        score=0.9,
        threshold=0.6,
    )


def follow(tracker, *frames, every=0.2):
    """Track numbers, frame by frame; a face is given by its left edge."""
    return [
        [each.track for each in tracker.follow([face(left) for left in lefts], number, number * every)]
        for number, lefts in enumerate(frames)
    ]


def test_overlap_is_that_of_counted_pixels():
    random = np.random.default_rng(0)
    boxes = [
        Box(left=x, top=y, width=w, height=h)
        for x, y, w, h in np.hstack(
            [random.integers(0, 20, (14, 2)), random.integers(1, 15, (14, 2))]
        ).tolist()
    ]
    masks = np.zeros((14, 40, 40), dtype=bool)
    for mask, box in zip(masks, boxes, strict=True):
        mask[int(box.top) : int(box.top + box.height), int(box.left) : int(box.left + box.width)] = True
    counted = [[(one & other).sum() / (one | other).sum() for other in masks[6:]] for one in masks[:6]]
    assert overlap(boxes[:6], boxes[6:]) == pytest.approx(np.array(counted))
    assert overlap([], boxes).shape == (0, 14)


def test_pairs_are_made_best_first_each_once():
    overlaps = np.array([[0.5, 0.9, 0.0], [0.4, 0.8, 0.31]])
    assert pairs(overlaps, 0.3) == [(0, 1), (1, 0)]
    assert pairs(overlaps, 0.45) == [(0, 1)]
    assert pairs(np.empty((0, 3)), 0.3) == []


@given(st.integers(0, 5), st.integers(0, 5), st.integers(0, 1000))
def test_no_row_and_no_column_is_taken_twice_and_none_is_left_that_could_be(rows, columns, seed):
    overlaps = np.random.default_rng(seed).random((rows, columns))
    found = pairs(overlaps, 0.3)
    for side in zip(*found, strict=True):
        assert len(set(side)) == len(side)
    taken_rows, taken_columns = {row for row, _ in found}, {column for _, column in found}
    for row in set(range(rows)) - taken_rows:
        for column in set(range(columns)) - taken_columns:
            assert overlaps[row, column] < 0.3


def test_faces_keep_their_numbers_in_whatever_order_they_are_found():
    assert follow(Tracker(), [0, 100], [103, 2], [4, 106], [50, 6, 109]) == [
        [1, 2],
        [2, 1],
        [1, 2],
        [3, 1, 2],
    ]


def test_a_face_that_moves_too_far_is_another():
    # Boxes of 10 that are 5 apart share 5 of 15; 6 apart, 4 of 16: 0.25 is under 0.3.
    assert follow(Tracker(), [0], [5], [11]) == [[1], [1], [2]]


@pytest.mark.parametrize(
    ("every", "missed", "goes_on"),
    [
        (0.1, 9, True),
        (0.1, 10, False),
        (0.5, 1, True),
        (0.5, 2, True),
        (0.5, 3, False),
        (10, 2, True),
        (10, 3, False),
    ],
)
def test_a_track_waits_for_one_second_or_over_two_frames(every, missed, goes_on):
    frames = [[0], *[[]] * missed, [0]]
    assert follow(Tracker(), *frames, every=every)[-1] == ([1] if goes_on else [2])


def test_numbers_are_never_given_again():
    tracker = Tracker()
    assert follow(tracker, [0], [], [], [], [500], every=1) == [[1], [], [], [], [2]]
    assert tracker.count == 2


@pytest.mark.parametrize("a_second", [4, 10, 30, 60])
def test_the_average_does_not_depend_on_the_frame_rate(a_second):
    """A face sad until 0 s and happy from then on: after t seconds its average is 1 - exp(-t / smoothing)."""
    tracker = Tracker(smoothing=0.5)
    tracker.follow([face(0, happy=0.0)], 0, 0.0)
    for number in range(1, a_second + 1):
        (seen,) = tracker.follow([face(0, happy=1.0)], number, number / a_second)
    assert seen.probabilities[0] == pytest.approx(1 - math.exp(-1 / 0.5))
    assert seen.raw == (1.0, 0.0)


def test_a_single_frame_does_not_change_the_label_and_raw_scores_are_kept():
    tracker = Tracker(smoothing=0.5)
    tracker.follow([face(0, happy=0.9)], 0, 0.0)
    (seen,) = tracker.follow([face(1, happy=0.1)], 6, 0.2)
    assert (seen.label, seen.track, seen.frame, seen.seconds) == ("happy", 1, 6, 0.2)
    said = seen.to_dict()
    assert said["raw"] == {"happy": 0.1, "sad": 0.9}
    assert said["probabilities"]["happy"] == pytest.approx(0.1 + 0.8 * math.exp(-0.4), abs=1e-4)
    assert (said["track"], said["box"]["left"], said["score"]) == (1, 1.0, 0.9)


def test_without_smoothing_frames_stay_as_they_are():
    tracker = Tracker(smoothing=0)
    for happy in (0.9, 0.1, 0.4):
        (seen,) = tracker.follow([face(0, happy=happy)], 0, 0.0)
        assert seen.probabilities == seen.raw == (happy, 1 - happy)


def test_averages_of_probabilities_are_probabilities():
    random = np.random.default_rng(1)
    now = random.dirichlet(np.ones(7))
    for passed in random.random(50):
        now = averaged(now, random.dirichlet(np.ones(7)), passed, 0.5)
        assert now.sum() == pytest.approx(1)
        assert now.min() >= 0
