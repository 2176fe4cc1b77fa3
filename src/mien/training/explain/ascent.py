"""The input that excites a class or a filter most, by gradient ascent."""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

from mien.core.images import PIXEL_MEAN, PIXEL_STD
from mien.training.explain.layers import outputs_of

STEPS = 96
RATE = 0.15  # of a step, in the network's units: 1 is 64 grey levels
DECAY = 0.02  # share of every pixel's distance from mid-grey that is taken away at each step: an L2 penalty
BLUR_EVERY = 4  # steps, after which each pixel is averaged with its neighbours (1 2 1 along both axes)
JITTER = 2  # pixels by which the picture is shifted before a step, and back after it

REGULARISATION = (
    f"{STEPS} steps of {RATE} along the gradient (scaled to a root mean square of 1) from faint noise; each takes "
    f"{DECAY:.0%} of the distance from mid-grey away (an L2 penalty: Simonyan et al. 2014), shifts by up to {JITTER} "
    f"pixels and back, and every {BLUR_EVERY} steps a 1 2 1 blur (Yosinski et al. 2015); values stay grey levels."
)

Score = Callable[[torch.Tensor], torch.Tensor]


def class_images(network: nn.Module, classes: int, side: int, seed: int = 0) -> torch.Tensor:
    """For each class the picture of its highest logit that the ascent found, float32 (classes, side, side)."""
    targets = torch.arange(classes)

    def score(pictures: torch.Tensor) -> torch.Tensor:
        return network(pictures).gather(1, targets.to(pictures.device)[:, None])[:, 0]

    return climbed(score, _start(network, classes, side, seed), seed)


def filter_images(
    network: nn.Module, layer: nn.Module, filters: int, side: int, seed: int = 0
) -> torch.Tensor:
    """For each of a convolution's first filters the picture that excites it most, float32 (filters, side, side)."""

    def score(pictures: torch.Tensor) -> torch.Tensor:
        with outputs_of(layer) as seen:
            network(pictures)
        # below 0 a tenth: the plain mean would ask a filter of edges for even brightness, none would leave dead ones
        return torch.stack([functional.leaky_relu(seen[0][k, k], 0.1).mean() for k in range(filters)])

    return climbed(score, _start(network, filters, side, seed), seed)


def climbed(score: Score, pictures: torch.Tensor, seed: int) -> torch.Tensor:
    """Pictures (n, 1, s, s) after the ascent of their scores (n,), float32 (n, s, s)."""
    random = torch.Generator().manual_seed(seed + 1)
    low, high = ((level - PIXEL_MEAN) / PIXEL_STD for level in (0, 1))
    for step in range(1, STEPS + 1):
        down, right = torch.randint(-JITTER, JITTER + 1, (2,), generator=random).tolist()
        moved = pictures.roll((down, right), (2, 3)).detach().requires_grad_()
        (slope,) = torch.autograd.grad(score(moved).sum(), moved)
        size = slope.square().mean((1, 2, 3), keepdim=True).sqrt().clamp_min(1e-12)
        pictures = (moved + RATE * slope / size).detach().roll((-down, -right), (2, 3))
        pictures = ((1 - DECAY) * pictures).clamp(low, high)
        if step % BLUR_EVERY == 0 and step < STEPS:
            pictures = _blurred(pictures)
    return pictures[:, 0]


def _start(network: nn.Module, count: int, side: int, seed: int) -> torch.Tensor:
    noise = 0.1 * torch.randn((count, 1, side, side), generator=torch.Generator().manual_seed(seed))
    return noise.to(next(network.parameters()).device)


def _blurred(pictures: torch.Tensor) -> torch.Tensor:
    line = torch.tensor([0.25, 0.5, 0.25], device=pictures.device)
    kernel = (line[:, None] * line)[None, None]
    return functional.conv2d(functional.pad(pictures, (1, 1, 1, 1), mode="replicate"), kernel)
