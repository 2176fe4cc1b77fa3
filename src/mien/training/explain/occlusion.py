"""Occlusion: how far a score falls where a part of the face is covered."""

import torch
from torch import nn

from mien.training.explain.gradients import target_scores

_WINDOW, _STEP = 6, 12  # so many windows fit beside each other, and so many steps are made along a side


@torch.no_grad()
def occlusion(
    network: nn.Module,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    window: int | None = None,
    step: int | None = None,
) -> torch.Tensor:
    """Fall of the target logit where a mid-grey square covers a pixel, mean over squares: float32 (n, s, s).

    window, step  in pixels; by default a sixth and a twelfth of the side (8 and 4 of 48)
    Source: Zeiler & Fergus 2014, "Visualizing and understanding convolutional networks", section 4.2.
    """
    side = inputs.shape[-1]
    window, step = window or max(side // _WINDOW, 1), step or max(side // _STEP, 1)
    whole = target_scores(network, inputs, targets)  # (n,)
    total, covered = torch.zeros_like(inputs[:, 0]), torch.zeros_like(inputs[0, 0])
    starts = range(0, side - window + step, step)
    for top in starts:
        for left in starts:
            square = (slice(top, top + window), slice(left, left + window))
            hidden = inputs.clone()
            hidden[:, :, *square] = 0
            total[:, *square] += (whole - target_scores(network, hidden, targets))[:, None, None]
            covered[square] += 1
    return total / covered
