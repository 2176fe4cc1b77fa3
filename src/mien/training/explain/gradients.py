"""Which pixels a score depends on, by its gradient: plain, along a path from grey, and averaged under noise."""

import numpy as np
import torch
from torch import nn

PATH_POINTS = 32
NOISY_COPIES = 32
NOISE_SHARE = 0.15  # of the range of a face's values: Smilkov et al. found 10 to 20 % sharpest


def gradient(network: nn.Module, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Derivative of each face's target logit by its pixels, float32 (n, s, s).

    inputs   float32 (n, 1, s, s), as the network sees them; targets int64 (n,). The network is in eval mode.
    Source: Simonyan, Vedaldi & Zisserman 2014, "Deep inside convolutional networks".
    """
    inputs = inputs.detach().clone().requires_grad_()
    (found,) = torch.autograd.grad(target_scores(network, inputs, targets).sum(), inputs)
    return found[:, 0]


def target_scores(network: nn.Module, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The logit of each face's target, (n,)."""
    return network(inputs).gather(1, targets[:, None])[:, 0]


def integrated_gradients(
    network: nn.Module, inputs: torch.Tensor, targets: torch.Tensor, points: int = PATH_POINTS
) -> torch.Tensor:
    """What each pixel adds to the target logit on the way from even mid-grey to the face, float32 (n, s, s).

    Mid-grey is 0 to the network. The path integral is a Gauss-Legendre sum over so many points; the pixels of a face
    add up to the logit's change, as far as that sum is exact.
    Source: Sundararajan, Taly & Yan 2017, "Axiomatic attribution for deep networks".
    """
    places, weights = np.polynomial.legendre.leggauss(points)
    total = torch.zeros_like(inputs[:, 0])
    for place, weight in zip((places + 1) / 2, weights / 2, strict=True):
        total += float(weight) * gradient(network, float(place) * inputs, targets)
    return total * inputs[:, 0]


def smooth_gradient(
    network: nn.Module, inputs: torch.Tensor, targets: torch.Tensor, copies: int = NOISY_COPIES, seed: int = 0
) -> torch.Tensor:
    """The gradient, averaged over noisy copies of each face, float32 (n, s, s).

    The noise is normal, its deviation NOISE_SHARE of the face's range of values.
    Source: Smilkov, Thorat, Kim, Viegas & Wattenberg 2017, "SmoothGrad: removing noise by adding noise".
    """
    noises = noise_of(inputs, copies, seed)
    return torch.stack([gradient(network, inputs + noise, targets) for noise in noises]).mean(0)


def noise_of(inputs: torch.Tensor, copies: int, seed: int) -> torch.Tensor:
    """The noise of each copy, float32 (copies, n, 1, s, s); every face has the same, scaled by its range."""
    drawn = torch.randn((copies, 1, *inputs.shape[1:]), generator=torch.Generator().manual_seed(seed))
    spread = inputs.amax((1, 2, 3), keepdim=True) - inputs.amin((1, 2, 3), keepdim=True)
    return drawn.to(inputs.device) * (NOISE_SHARE * spread)
