"""The frozen set of corruptions: its digest, each corruption against another way to compute it, and its seeds."""

import io
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from PIL import Image
from scipy import ndimage, stats

from mien.core.errors import ConfigError
from mien.data._corrupt_blur import disc, filtered, line
from mien.data._corrupt_cover import eyes_covered, mouth_covered
from mien.data.corruptions import CORRUPTIONS, FROZEN, STRENGTHS, corrupted, probes, set_digest

EVEN = np.full((6, 48, 48), 120, dtype=np.uint8)


def far(first: np.ndarray, second: np.ndarray) -> int:
    return int(np.abs(first.astype(int) - second.astype(int)).max())


def test_the_set_is_as_it_was_frozen() -> None:
    assert set_digest() == FROZEN
    assert len(CORRUPTIONS) == 14


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_more_strength_changes_more_and_faces_stay_faces(name: str) -> None:
    before = probes()[:3].copy()
    changes = []
    for strength in STRENGTHS:
        found = corrupted(before, name, strength)
        assert found.dtype == np.uint8
        assert found.shape == before.shape
        changes.append(np.abs(found.astype(int) - before).mean())
    assert changes[0] > 0
    assert changes[-1] > changes[0]
    assert (before == probes()[:3]).all()


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_face_depends_on_its_number_and_the_seed_alone(name: str) -> None:
    faces = np.resize(probes(), (70, 48, 48))
    rows = np.array([66, 3, 68])
    whole = corrupted(faces, name, 3)
    assert (corrupted(faces[rows], name, 3, rows=rows) == whole[rows]).all()
    drawn_by_lot = not (corrupted(faces, name, 3, seed=1) == whole).all()
    fixed = ("defocus blur", "contrast", "JPEG", "lower resolution", "eyes covered", "mouth covered")
    assert drawn_by_lot == (name not in fixed)


@settings(max_examples=15, deadline=None)
@given(some.sampled_from(sorted(CORRUPTIONS)), some.integers(1, 5), some.sampled_from([8, 24, 31, 64]))
def test_any_side(name: str, strength: int, side: int) -> None:
    faces = np.arange(2 * side * side, dtype=np.uint32).reshape(2, side, side).astype(np.uint8)
    assert corrupted(faces, name, strength).shape == faces.shape
    assert corrupted(faces[:0], name, strength).shape == (0, side, side)


def test_noise_has_the_distribution_that_it_names() -> None:
    normal = corrupted(EVEN, "Gaussian noise", 3).astype(float) - 120
    deviation = CORRUPTIONS["Gaussian noise"].amounts[2]
    assert normal.std() == pytest.approx(deviation, rel=0.02)
    assert stats.kstest(normal.ravel(), "norm", args=(0, deviation)).statistic < 0.04  # steps of a grey level
    photons = CORRUPTIONS["shot noise"].amounts[4]
    shot = corrupted(EVEN, "shot noise", 5).astype(float)
    poisson = stats.poisson(photons * 120 / 255)
    counts = np.round(shot * photons / 255).astype(int)
    for count in (8, 11, 14):
        assert (counts <= count).mean() == pytest.approx(poisson.cdf(count), abs=0.012)
    assert (corrupted(EVEN * 0, "shot noise", 5) == 0).all()


@pytest.mark.parametrize("kernel", [disc(2.3), line(7, 1), line(14, 6)])
def test_blur_is_scipys_correlation(kernel: np.ndarray) -> None:
    assert kernel.sum() == pytest.approx(1, abs=1e-6)
    faces = probes()[:2]
    expected = [ndimage.correlate(face.astype(float), kernel, mode="nearest") for face in faces]
    assert far(filtered(faces, kernel), np.floor(np.array(expected) + 0.5)) <= 1
    assert np.abs(filtered(faces, kernel) - np.array(expected)).max() < 0.51


def test_a_disc_has_its_area_and_a_line_its_direction() -> None:
    for radius in CORRUPTIONS["defocus blur"].amounts[1:]:
        inside = (disc(radius) / disc(radius).max()).sum()
        assert inside == pytest.approx(math.pi * radius**2, rel=0.12)
    assert (line(7, 0)[4].sum(), line(7, 4)[:, 4].sum()) == pytest.approx((1, 1))  # level, upright


def test_light_by_hand() -> None:
    brighter = corrupted(EVEN, "brightness", 1)
    assert set(np.unique(brighter)) == {95, 145}
    faces = np.zeros((1, 8, 8), dtype=np.uint8)
    faces[0, :4] = 200  # mean 100
    assert set(np.unique(corrupted(faces, "contrast", 2))) == {50, 150}


def test_pillow_does_jpeg_and_resolution() -> None:
    face = probes()[4]
    file = io.BytesIO()
    Image.fromarray(face).save(file, "JPEG", quality=10)
    assert (corrupted(face[None], "JPEG", 4)[0] == np.asarray(Image.open(file))).all()
    blocks = probes()[4].reshape(24, 2, 24, 2).mean(axis=(1, 3))
    coarse = corrupted(face[None], "lower resolution", 2)[0]
    near = np.array([0.75, 0.25])
    assert coarse[0, 0] == pytest.approx(blocks[0, 0], abs=1)
    assert coarse[1, 1] == pytest.approx(near @ blocks[:2, :2] @ near, abs=1)


def test_what_is_covered_holds_one_grey_and_the_rest_stays() -> None:
    faces = probes()
    for found, rows in (
        (eyes_covered(faces, 9, None), slice(11, 19)),
        (mouth_covered(faces, 9, None), slice(33, 42)),
    ):
        covered = found[:, rows, 6:42]
        assert (covered == covered[:, :1, :1]).all()
        assert np.abs(covered[:, 0, 0] - faces.mean(axis=(1, 2))).max() <= 0.5
        assert (found[:, :, :6] == faces[:, :, :6]).all()
    side = corrupted(faces, "side covered", 5)
    left = (side[:, :, :24] == side[:, :1, :1]).all(axis=(1, 2))
    right = (side[:, :, 24:] == side[:, -1:, -1:]).all(axis=(1, 2))
    assert (left ^ right).all()
    assert left.any()
    assert right.any()


def test_places_are_scipys_affine_maps() -> None:
    faces = ndimage.gaussian_filter(probes()[:4].astype(float), (0, 2, 2)).astype(np.uint8)
    middle = np.array([23.5, 23.5])
    turned = corrupted(faces, "rotation", 3)
    scaled = corrupted(faces, "scale", 4)
    angle = math.radians(17)
    for face, one, other in zip(faces, turned, scaled, strict=True):
        matrices = [
            np.array([[math.cos(a), math.sin(a)], [-math.sin(a), math.cos(a)]]) for a in (angle, -angle)
        ]
        assert min(far(_mapped(face, matrix, middle), one) for matrix in matrices) <= 2
        assert min(far(_mapped(face, np.eye(2) * step, middle), other) for step in (1.35, 1 / 1.35)) <= 2


def _mapped(face: np.ndarray, matrix: np.ndarray, middle: np.ndarray) -> np.ndarray:
    offset = middle - matrix @ middle
    return ndimage.affine_transform(face.astype(float), matrix, offset, order=1, mode="nearest").round()


def test_a_shift_is_a_whole_number_of_pixels() -> None:
    face = probes()[:1]
    moved = corrupted(face, "shift", 3)
    padded = np.pad(face[0], 4, mode="edge")
    steps = [(y, x) for y in (0, 4, 8) for x in (0, 4, 8) if (y, x) != (4, 4)]
    assert any((padded[y : y + 48, x : x + 48] == moved[0]).all() for y, x in steps)


def test_what_it_refuses() -> None:
    with pytest.raises(ConfigError, match="no corruption is called 'snow'; there are Gaussian noise"):
        corrupted(EVEN, "snow", 1)
    with pytest.raises(ConfigError, match="expected 1 to 5, got 6"):
        corrupted(EVEN, "JPEG", 6)
