import numpy as np
import pytest
import scipy.ndimage
import torch

import mien.training.augment as columns_of
from mien.core.config import NO_AUGMENTATION, Augmentation
from mien.training import randomness
from mien.training.augment import DRAWS, ERASE, FLIP, augment, numbers

SIDE = 48


def smooth_faces(count=1):
    random = np.random.default_rng(0)
    noise = random.standard_normal((count, SIDE, SIDE))
    return torch.tensor(scipy.ndimage.gaussian_filter(noise, (0, 4, 4)) * 10, dtype=torch.float32)[:, None]


def draws(count=1, **columns):
    uniform = torch.full((count, DRAWS), 0.5)
    uniform[:, FLIP] = 0.9
    for name, value in columns.items():
        uniform[:, getattr(columns_of, name)] = value
    return uniform


def how(**changes):
    return Augmentation(**({"flip": False, "shift": 0, "rotation": 0, "scale": 0, "erase": 0} | changes))


def test_nothing_wanted_nothing_changed():
    faces = smooth_faces(3)
    assert augment(faces, torch.rand(3, DRAWS), NO_AUGMENTATION) is faces


@pytest.mark.parametrize("also", [{}, {"shift": 1e-6}])
def test_flip_mirrors_below_a_half(also):
    faces = smooth_faces(2)
    uniform = draws(2)
    uniform[0, FLIP] = 0.1
    found = augment(faces, uniform, how(flip=True, **also))
    assert torch.allclose(found[0], faces[0].flip(2), atol=1e-4)
    assert torch.allclose(found[1], faces[1], atol=1e-4)


def test_a_whole_shift_moves_whole_pixels():
    faces = smooth_faces()
    found = augment(faces, draws(SHIFT_X=0.999999, SHIFT_Y=0.25), how(shift=4))  # 4 to the left, 2 down
    assert torch.allclose(found[0, 0, 2:, :-4], faces[0, 0, :-2, 4:], atol=1e-3)
    assert torch.allclose(found[0, 0, 10:, -1], found[0, 0, 10:, -4], atol=1e-3)  # the border is repeated


def keys_kernel(distance, a=-0.75):
    """Keys 1981, "Cubic convolution interpolation for digital image processing", equation 8."""
    d = np.abs(distance)
    near = (a + 2) * d**3 - (a + 3) * d**2 + 1
    far = a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a
    return np.where(d <= 1, near, np.where(d < 2, far, 0))


def read_at(face, rows, columns):
    """A face (s, s) at places between its pixels, which lie within it; beyond the border the border is repeated."""
    rows, columns = np.clip(rows, 0, SIDE - 1), np.clip(columns, 0, SIDE - 1)
    found = np.zeros(rows.shape)
    for down in range(-2, 4):
        for right in range(-2, 4):
            row, column = np.floor(rows) + down, np.floor(columns) + right
            value = face[np.clip(row, 0, SIDE - 1).astype(int), np.clip(column, 0, SIDE - 1).astype(int)]
            found += value * keys_kernel(rows - row) * keys_kernel(columns - column)
    return found


ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2


def noise(seed=0):
    return np.random.default_rng(seed).standard_normal((SIDE, SIDE))


@pytest.mark.parametrize(("draw", "degrees"), [(1.0, 20), (0.25, -10)])
def test_rotation_equals_the_sum_over_neighbours(draw, degrees):
    face, angle = noise(), np.deg2rad(degrees)
    found = augment(torch.tensor(face)[None, None].float(), draws(ROTATION=draw), how(rotation=20))[0, 0]
    rows = np.sin(angle) * COLUMNS + np.cos(angle) * ROWS
    columns = np.cos(angle) * COLUMNS - np.sin(angle) * ROWS
    centre = (SIDE - 1) / 2
    assert np.abs(found.numpy() - read_at(face, rows + centre, columns + centre)).max() < 1e-3


def test_rotation_turns_as_scipy_does():
    face = smooth_faces()
    found = augment(face, draws(ROTATION=1.0), how(rotation=20))[0, 0].numpy()
    expected = scipy.ndimage.rotate(face[0, 0].numpy(), 20, reshape=False, order=3, mode="nearest")
    inside = slice(10, 38)
    assert np.abs(found[inside, inside] - expected[inside, inside]).max() < 0.05


def test_scale_equals_the_sum_over_neighbours():
    face, centre = noise(1), (SIDE - 1) / 2
    found = augment(torch.tensor(face)[None, None].float(), draws(SCALE=1.0), how(scale=0.2))[0, 0].numpy()
    assert np.abs(found - read_at(face, ROWS / 1.2 + centre, COLUMNS / 1.2 + centre)).max() < 1e-3


def test_half_a_pixel_leaves_more_detail_than_the_mean_of_two():
    face = torch.tensor(noise(2))[None, None].float()
    found = augment(face, draws(SHIFT_X=0.75), how(shift=1))[0, 0]
    assert found.var() > 1.2 * ((face[0, 0, :, 1:] + face[0, 0, :, :-1]) / 2).var()


def test_erased_share_and_area_are_as_stated():
    uniform = torch.tensor(np.random.default_rng(1).random((4000, DRAWS)), dtype=torch.float32)
    found = augment(torch.ones(4000, 1, SIDE, SIDE), uniform, how(erase=0.5))
    erased = (found == 0).float().mean(dim=(1, 2, 3))
    assert ((erased > 0) == (uniform[:, ERASE] < 0.5)).float().mean() == 1
    areas = erased[erased > 0]
    assert 0.015 < areas.min() < 0.03
    assert 0.18 < areas.max() < 0.215
    assert areas.mean().item() == pytest.approx(0.11, abs=0.01)


def grey_face():
    """Grey from 0.3 to 0.7, float64 (s, s)."""
    return 0.3 + 0.4 * np.random.default_rng(4).random((SIDE, SIDE))


def lit(grey, light=0.5, **columns):
    """That face as its pixels look, from 0 to 1, after these changes of light."""
    faces = torch.tensor((grey - 0.5) / 0.25, dtype=torch.float32)[None, None]
    return augment(faces, draws(**columns), how(light=light))[0, 0].numpy() * 0.25 + 0.5


def test_light_is_a_power_a_stretch_about_the_mean_and_a_sum():
    grey = grey_face()
    assert lit(grey) == pytest.approx(grey, abs=1e-6)
    assert lit(grey, GAMMA=1.0) == pytest.approx(grey ** np.exp(0.5), abs=1e-6)
    assert lit(grey, GAMMA=0.0) == pytest.approx(grey ** np.exp(-0.5), abs=1e-6)
    stretched = grey.mean() + (grey - grey.mean()) * np.exp(0.25)
    assert lit(grey, CONTRAST=0.75) == pytest.approx(stretched, abs=1e-6)
    assert lit(grey, BRIGHTNESS=0.0) == pytest.approx(grey - 0.125, abs=1e-6)
    powered = grey ** np.exp(0.5)
    both = powered.mean() + (powered - powered.mean()) * np.exp(-0.5) + 0.125
    assert lit(grey, GAMMA=1.0, CONTRAST=0.0, BRIGHTNESS=1.0) == pytest.approx(both, abs=1e-6)


def test_no_light_is_beyond_black_and_white():
    grey = np.linspace(0, 1, SIDE * SIDE).reshape(SIDE, SIDE)
    found = lit(grey, CONTRAST=1.0, BRIGHTNESS=1.0)
    wanted = 0.5 + (grey - 0.5) * np.exp(0.5) + 0.125
    assert found == pytest.approx(wanted.clip(0, 1), abs=1e-6)
    assert wanted.min() < 0
    assert wanted.max() > 1


@pytest.mark.parametrize(("draw", "share"), [(0.0, -0.8), (0.75, 0.4), (1.0, 0.8)])
def test_sharpness_adds_or_takes_what_a_blur_takes_away(draw, share):
    face = noise(3)
    found = augment(torch.tensor(face)[None, None].float(), draws(SHARPNESS=draw), how(sharpness=0.8))
    blurred = scipy.ndimage.uniform_filter(face, 3, mode="nearest")
    assert found[0, 0].numpy() == pytest.approx(face + share * (face - blurred), abs=1e-5)


def test_what_was_drawn_before_there_was_light_is_drawn_alike():
    rows = np.array([7, 2, 30_000])
    found = numbers(5, 3, rows)
    assert found.shape == (3, DRAWS)
    assert (found[:, :10] == randomness.uniforms(5, 3, rows, 10)).all()
    many = numbers(5, 3, np.arange(5000))
    assert np.abs(np.corrcoef(many.T) - np.eye(DRAWS)).max() < 0.06
    assert many.mean(0) == pytest.approx(np.full(DRAWS, 0.5), abs=0.02)


def test_a_face_is_varied_alike_alone_and_in_a_batch():
    faces = smooth_faces(5)
    uniform = torch.rand(5, DRAWS)
    everything = Augmentation(light=0.3, sharpness=0.5, erase=1.0)
    together = augment(faces, uniform, everything)
    assert torch.equal(augment(faces[3:4], uniform[3:4], everything)[0], together[3])
