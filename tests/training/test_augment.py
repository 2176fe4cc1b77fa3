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


@pytest.mark.parametrize(("draw", "degrees"), [(1.0, 20), (0.25, -10)])
def test_rotation_equals_scipy(draw, degrees):
    faces = smooth_faces()
    found = augment(faces, draws(ROTATION=draw), how(rotation=20))[0, 0].numpy()
    expected = scipy.ndimage.rotate(faces[0, 0].numpy(), degrees, reshape=False, order=1, mode="nearest")
    inside = slice(10, 38)
    assert np.abs(found[inside, inside] - expected[inside, inside]).max() < 1e-3


def test_scale_equals_scipy():
    faces = smooth_faces()
    found = augment(faces, draws(SCALE=1.0), how(scale=0.2))[0, 0].numpy()
    centre = (SIDE - 1) / 2
    expected = scipy.ndimage.affine_transform(
        faces[0, 0].numpy(), np.eye(2) / 1.2, offset=centre - centre / 1.2, order=1, mode="nearest"
    )
    assert np.abs(found - expected).max() < 1e-3


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
