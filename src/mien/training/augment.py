"""Varying training faces, a batch at a time, from random numbers that the caller brings."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from mien.core.config import Augmentation
from mien.core.images import PIXEL_MEAN, PIXEL_STD
from mien.training import randomness

# What each column of the random numbers decides; those of the light came later, and leave what was drawn before alone.
FLIP, SHIFT_X, SHIFT_Y, ROTATION, SCALE, ERASE, AREA, ASPECT, LEFT, TOP = _PLACED = range(10)
GAMMA, CONTRAST, BRIGHTNESS, SHARPNESS = _SHONE = range(10, 14)
DRAWS = 14
RESAMPLING = "bicubic"
REACH = 2  # pixels, from a place to the furthest that bicubic resampling reads
ERASED_AREA = (0.02, 0.2)
ERASED_ASPECT = (0.3, 1 / 0.3)


def numbers(seed: int, epoch: int, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """The random numbers (n, DRAWS) that decide how these faces are varied in an epoch."""
    lit = randomness.uniforms(randomness.key(seed, len(_PLACED)), epoch, rows, len(_SHONE))
    return np.hstack([randomness.uniforms(seed, epoch, rows, len(_PLACED)), lit])


def augment(faces: torch.Tensor, uniform: torch.Tensor, how: Augmentation) -> torch.Tensor:
    """Normalised faces (n, 1, s, s), varied; uniform (n, DRAWS) from 0 to below 1 decides how.

    Pixels from beyond the border repeat the border. One bicubic resampling does flip, shift, rotation and scale
    together (a bilinear one blurs, and faces are not blurred when they are predicted); a flip alone is exact. What a
    change of light makes blacker than black or whiter than white is black or white. Erased pixels are 0, the middle
    grey.
    """
    if how.shift or how.rotation or how.scale:
        side = faces.shape[-1]
        places = _places(_affine(uniform, how, side), side)
        # MPS has no padding_mode="border": what four pixels around a place can reach is laid around the face
        edge, padded = 1 - 1 / side, side + 2 * REACH
        places = places.clamp_(-edge, edge).mul_(side / padded)
        faces = functional.pad(faces, (REACH,) * 4, mode="replicate")
        faces = functional.grid_sample(faces, places, mode=RESAMPLING, align_corners=False)
    elif how.flip:
        faces = torch.where((uniform[:, FLIP] < 0.5)[:, None, None, None], faces.flip(3), faces)
    if how.sharpness:
        faces = _sharpened(faces, _signed(uniform, SHARPNESS) * how.sharpness)
    if how.light:
        faces = _lit(faces, uniform, how.light)
    return faces * _unerased(uniform, how.erase, faces.shape[-1]) if how.erase else faces  # (n, 1, s, s)


def _affine(uniform: torch.Tensor, how: Augmentation, side: int) -> torch.Tensor:
    """Where each pixel of the varied face comes from, as matrices (n, 2, 3) in units of half a side."""
    signed = uniform * 2 - 1
    angle = signed[:, ROTATION] * math.radians(how.rotation)
    zoom = 1 / (1 + signed[:, SCALE] * how.scale)
    mirror = torch.where(uniform[:, FLIP] < 0.5, -1.0, 1.0) if how.flip else torch.ones_like(angle)
    pixels = 2 * how.shift / side
    across = torch.stack(
        [angle.cos() * zoom * mirror, -angle.sin() * zoom, signed[:, SHIFT_X] * pixels], dim=1
    )
    down = torch.stack([angle.sin() * zoom * mirror, angle.cos() * zoom, signed[:, SHIFT_Y] * pixels], dim=1)
    return torch.stack([across, down], dim=1)  # (n, 2, 3)


def _places(matrices: torch.Tensor, side: int) -> torch.Tensor:
    """Where each pixel comes from, (n, s, s, 2), x before y: functional.affine_grid, but x and y lie apart in memory.

    So they are made, and read by grid_sample, several times as fast on a processor.
    """
    centres = (2 * torch.arange(side, device=matrices.device) + 1) / side - 1
    by_column, by_row, moved = matrices[:, :, :, None, None].unbind(2)  # (n, 2, 1, 1) each
    return (by_column * centres + moved + by_row * centres[:, None]).permute(0, 2, 3, 1)


def _signed(uniform: torch.Tensor, column: int) -> torch.Tensor:
    """A column as numbers from -1 to below 1, (n, 1, 1, 1)."""
    return (uniform[:, column] * 2 - 1)[:, None, None, None]


def _sharpened(faces: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    """Faces plus so much (n, 1, 1, 1) of their difference from their blur; below 0 blurred, above 0 sharpened."""
    blurred = functional.avg_pool2d(functional.pad(faces, (1,) * 4, mode="replicate"), 3, stride=1)
    return faces + (faces - blurred) * share


def _lit(faces: torch.Tensor, uniform: torch.Tensor, most: float) -> torch.Tensor:
    """Faces as grey from 0 to 1, by a power, stretched about their mean, and made lighter or darker."""
    gamma, contrast = ((_signed(uniform, column) * most).exp() for column in (GAMMA, CONTRAST))
    grey = (faces * PIXEL_STD + PIXEL_MEAN).clamp_(0, 1).pow(gamma)
    mean = grey.mean((2, 3), keepdim=True)
    moved = mean + _signed(uniform, BRIGHTNESS) * (most * PIXEL_STD)
    grey = ((grey - mean) * contrast + moved).clamp_(0, 1)
    return (grey - PIXEL_MEAN) / PIXEL_STD


def _unerased(uniform: torch.Tensor, probability: float, side: int) -> torch.Tensor:
    """1 where a pixel stays, 0 inside the erased rectangle (Zhong et al. 2017), float (n, 1, s, s)."""
    area = (ERASED_AREA[0] + uniform[:, AREA] * (ERASED_AREA[1] - ERASED_AREA[0])) * side * side
    low, high = (math.log(aspect) for aspect in ERASED_ASPECT)
    aspect = (low + uniform[:, ASPECT] * (high - low)).exp()
    height = (area * aspect).sqrt().clamp(max=side)
    width = (area / aspect).sqrt().clamp(max=side)
    pixels = torch.arange(side, device=uniform.device)
    rows = _inside(pixels, uniform[:, TOP] * (side - height), height)
    columns = _inside(pixels, uniform[:, LEFT] * (side - width), width)
    erased = rows[:, :, None] & columns[:, None, :] & (uniform[:, ERASE] < probability)[:, None, None]
    return (~erased)[:, None].float()


def _inside(pixels: torch.Tensor, start: torch.Tensor, length: torch.Tensor) -> torch.Tensor:
    """Whether each pixel lies in [start, start + length), bool (n, s)."""
    return (pixels >= start[:, None].round()) & (pixels < (start + length)[:, None].round())
