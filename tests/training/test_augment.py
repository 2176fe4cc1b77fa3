import numpy as np
import pytest
import scipy.ndimage
import torch

import mien.training.augment as columns_of
from mien.core.config import NO_AUGMENTATION, Augmentation
from mien.training.augment import DRAWS, ERASE, FLIP, augment

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


def test_a_face_is_varied_alike_alone_and_in_a_batch():
    faces = smooth_faces(5)
    uniform = torch.rand(5, DRAWS)
    everything = Augmentation(erase=1.0)
    together = augment(faces, uniform, everything)
    assert torch.equal(augment(faces[3:4], uniform[3:4], everything)[0], together[3])
