"""Pictures that are no faces, put among drawn faces and found there."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mien.analysis.not_a_face import (
    BLANK,
    FEW_LEVELS,
    GRAPHIC,
    PLACEHOLDER,
    UNLIKE_FACES,
    distances,
    even_shares,
    face_doubts,
)
from mien.core.identical import picture_groups
from mien.data.drawn import draw

FACES = 320


def page(line: str) -> np.ndarray:
    """Dark letters on white."""
    picture = Image.new("L", (48, 48), 250)
    for row in range(3):
        ImageDraw.Draw(picture).text((2, 2 + 15 * row), line, fill=20)
    return np.asarray(picture)


@pytest.fixture(scope="module")
def faces():
    return draw(FACES, seed=5).faces.pixels


@pytest.fixture(scope="module")
def found(faces):
    random = np.random.default_rng(0)
    blank = random.integers(100, 104, (2, 48, 48))
    stamps = np.where(random.random((2, 48, 48)) < 0.5, 30, 220)
    placeholder = np.repeat(random.integers(0, 256, (1, 48, 48)), 12, axis=0)
    noise = random.integers(0, 256, (3, 48, 48))
    pages = np.stack([page("No image"), page("not found")])
    pixels = np.concatenate([faces, blank, stamps, placeholder, noise, pages]).astype(np.uint8)
    return face_doubts(pixels, picture_groups(pixels))


def test_each_is_found_for_its_reason(found):
    reasons = found.reason[FACES:].tolist()
    assert reasons[:2] == [BLANK] * 2
    assert reasons[2:4] == [FEW_LEVELS] * 2
    assert reasons[4:16] == [PLACEHOLDER] * 12
    assert reasons[16:19] == [UNLIKE_FACES] * 3
    assert set(reasons[19:]) <= {GRAPHIC, FEW_LEVELS}


def test_faces_are_faces(found):
    assert found.listed[:FACES].mean() <= 0.02
    assert found.ranked()[:16].min() >= FACES
    assert len(found.ranked()) == found.listed.sum()
    assert np.isinf(found.score[FACES : FACES + 16]).all()


def test_even_shares_are_those_of_brute_force(faces):
    few = faces[:20].astype(int)
    blocks = few.reshape(20, 16, 3, 16, 3).swapaxes(2, 3).reshape(20, 256, 9)
    assert even_shares(faces[:20]) == pytest.approx((np.ptp(blocks, axis=2) <= 4).mean(axis=1))
    assert even_shares(faces[:3, :20, :20]).tolist() == [0, 0, 0]


def test_brightness_and_contrast_do_not_count(faces):
    darker = (faces // 2 + 20).astype(np.uint8)
    assert np.corrcoef(distances(faces), distances(darker))[0, 1] > 0.98


def test_few_pictures_are_not_compared():
    random = np.random.default_rng(0)
    some = face_doubts(random.integers(0, 256, (5, 48, 48)).astype(np.uint8), np.arange(5))
    assert some.reason.tolist() == [""] * 5
    none = face_doubts(np.empty((0, 48, 48), dtype=np.uint8), np.empty(0, dtype=np.int64))
    assert len(none.ranked()) == 0
