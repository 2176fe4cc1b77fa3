"""Maps, weights and network inputs as grey pictures."""

import torch

from mien.core.images import PIXEL_MEAN, PIXEL_STD, Uint8

_HIGHEST = 0.99  # quantile that is shown as 255: single pixels would leave the rest of a map dark (Smilkov et al. 2017)


def map_picture(heat: torch.Tensor) -> Uint8:
    """Maps (..., s, s), 0 or more, each scaled to its own 99 % quantile: uint8."""
    top = heat.flatten(-2).quantile(_HIGHEST, dim=-1)[..., None, None]
    top = torch.where(top > 0, top, heat.amax((-2, -1), keepdim=True)).clamp_min(1e-30)
    return _bytes(255 * heat / top)


def input_picture(inputs: torch.Tensor) -> Uint8:
    """Network inputs (..., s, s) as the grey levels that they stand for: uint8."""
    return _bytes(255 * (inputs * PIXEL_STD + PIXEL_MEAN))


def weight_picture(weights: torch.Tensor) -> Uint8:
    """Weights or feature maps (n, h, w), each scaled to its largest size; 128 is 0: uint8."""
    top = weights.abs().amax((1, 2), keepdim=True).clamp_min(1e-30)
    return _bytes(128 + 127 * weights / top)


def _bytes(values: torch.Tensor) -> Uint8:
    found: Uint8 = values.detach().cpu().round().clamp(0, 255).to(torch.uint8).numpy()
    return found
