"""Grad-CAM: where the channels that speak for a class are active in a convolution's output."""

from contextlib import ExitStack

import torch
from torch import nn
from torch.nn import functional

from mien.training.explain.gradients import target_scores
from mien.training.explain.layers import convolution, last_convolutions, outputs_of


def grad_cam(
    network: nn.Module, inputs: torch.Tensor, targets: torch.Tensor, layer: str | None = None
) -> torch.Tensor:
    """Channels weighted by the mean gradient of the target logit, summed, kept above 0, enlarged: float32 (n, s, s).

    layer  name of a convolution; by default the last one, of an ensemble its members' last ones together.
           ConfigError where the network has none, as a `dnn`.
    Source: Selvaraju et al. 2017, "Grad-CAM: visual explanations from deep networks via gradient-based localization".
    """
    side = inputs.shape[-1]
    layers = [convolution(network, side, layer).module] if layer else last_convolutions(network, side)
    with ExitStack() as hooks:
        seen = [hooks.enter_context(outputs_of(each)) for each in layers]
        scores = target_scores(network, inputs.detach().clone().requires_grad_(), targets)
    active = [one for (one,) in seen]  # (n, c, h, w) each
    slopes = torch.autograd.grad(scores.sum(), active)
    weights = torch.cat(slopes, dim=1).mean((2, 3), keepdim=True)  # (n, c, 1, 1)
    coarse = (weights * torch.cat(active, dim=1)).sum(1, keepdim=True).relu().detach()
    return functional.interpolate(coarse, size=(side, side), mode="bilinear")[:, 0]
