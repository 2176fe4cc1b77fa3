"""Annotated pictures: the marks are there, told from any background, and the face stays free."""

import numpy as np
import pytest

from mien.core.expression import Box, FaceExpression
from mien.core.labels import EXPRESSIONS
from mien.inference.overlay import BRIGHT, DARK, Sizes, _arranged, annotated


def face(left, top, side, top_share=0.7):
    shares = [(1 - top_share) / 6] * 7
    shares[3] = top_share
    return FaceExpression(
        box=Box(left=left, top=top, width=side, height=side), probabilities=tuple(shares), classes=EXPRESSIONS
    )


@pytest.mark.parametrize("background", [0, 128, 255])
def test_the_box_has_two_edges_and_the_panel_lies_beside_the_face(background):
    made = np.asarray(annotated(np.full((400, 600, 3), background, dtype=np.uint8), [face(50, 60, 200)]))
    assert made.shape == (400, 600, 3)
    assert (made[60, 50:250] == BRIGHT).all()
    assert (made[58, 50:250] == DARK).all()
    assert (made[80:240, 70:230] == background).all()
    assert ((made[:, 256:] == BRIGHT).all(axis=2)).sum() > 100


def test_bars_are_as_long_as_their_probabilities():
    def bright(share):
        made = np.asarray(annotated(np.zeros((400, 900, 3), dtype=np.uint8), [face(50, 60, 200, share)]))
        rows = (made[:, 300:] == BRIGHT).all(axis=2).sum(axis=1)
        return rows[100:].max()

    assert bright(0.9) == pytest.approx(0.9 / 0.45 * bright(0.45), rel=0.05)


@pytest.mark.parametrize("side", [1, 48, 300])
def test_a_picture_that_is_the_face_is_enlarged_and_widened(side):
    made = annotated(np.full((side, side, 3), 90, dtype=np.uint8), [face(0, 0, side)])
    assert made.height >= 300
    assert made.width > made.height


def test_a_picture_without_a_face_stays_as_it_is_and_faces_over_the_edge_are_drawn():
    photo = np.random.default_rng(0).integers(0, 256, (400, 500, 3), dtype=np.uint8)
    assert np.array_equal(np.asarray(annotated(photo, [])), photo)
    assert annotated(photo, [face(-50, -50, 90), face(450, 380, 200)]).width >= 500


def test_panels_that_have_no_room_stand_in_columns_as_high_as_the_picture():
    faces = [face(x, y, 150) for x in (20, 210, 400) for y in (20, 210)]
    made = annotated(np.full((400, 570, 3), 90, dtype=np.uint8), faces)
    assert made.height == 400
    assert made.width < 570 + 4 * Sizes(13, 7).width


def test_panels_cover_neither_faces_nor_one_another():
    random = np.random.default_rng(2)
    for _ in range(50):
        corners = random.integers(-20, 700, (6, 2))
        boxes = [
            (x, y, x + side, y + side)
            for (x, y), side in zip(corners.tolist(), range(30, 210, 30), strict=True)
        ]
        panels = _arranged(boxes, [Sizes(12, 7)] * 6, (800, 700))
        covered = np.zeros((3000, 1200), dtype=int)
        for left, top, right, bottom in panels:
            covered[top:bottom, left:right] += 1
        assert covered.max() == 1
        for left, top, right, bottom in boxes:
            assert not covered[max(top, 0) : bottom, max(left, 0) : min(right, 800)].any()
