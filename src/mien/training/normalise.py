"""BatchNorm and the activations on both sides of it in one, each array read as few times as can be.

What the numbers mean is as in Ioffe & Szegedy 2015 (arXiv 1502.03167); sums end in
double and do not depend on the number of threads.
"""

from collections import Counter
from itertools import pairwise
from typing import Any

import torch
from torch import nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from mien.training.compiled import LANES, call, converted, plain


class BatchNorm2d(nn.BatchNorm2d):
    """nn.BatchNorm2d between two LeakyReLU; a slope of 1 is none, of 0 is ReLU."""

    before: float = 1.0
    after: float = 1.0

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """(n, c, h, w) -> the same, channels last."""
        if not self._serves(values):
            bent = functional.leaky_relu(values, self.before)
            return functional.leaky_relu(super().forward(bent), self.after)
        values = values.contiguous(memory_format=torch.channels_last)
        if not self.training:
            return self._with_running(values)
        mean, variance = _moments(values, self.before)
        self._remember(mean, variance, values.numel() // self.num_features)
        found: torch.Tensor = _Normalised.apply(  # type: ignore[no-untyped-call]
            values, self.weight, self.bias, mean, (variance + self.eps).rsqrt(), self.before, self.after
        )
        return found

    def _serves(self, values: torch.Tensor) -> bool:
        """Whether normalise.c computes this; torch does the rest, or says what is wrong with it."""
        fits = values.ndim == 4 and values.shape[1] == self.num_features and len(values) > 0
        if not (plain(values, self.weight) and fits):
            return False
        if self.training:
            return values.numel() > self.num_features  # of one value there is no spread
        return not torch.is_grad_enabled()  # gradients past running statistics are rare: torch's

    @torch.no_grad()
    def _remember(self, mean: torch.Tensor, variance: torch.Tensor, rows: int) -> None:
        """Move the running statistics; the variance is that of all faces, not of these."""
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.momentum is not None
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance * (rows / (rows - 1)), self.momentum)

    def _with_running(self, values: torch.Tensor) -> torch.Tensor:
        assert self.running_mean is not None
        assert self.running_var is not None
        scale = self.weight * (self.running_var + self.eps).rsqrt()
        return _scaled(values, scale, self.bias - self.running_mean * scale, self.before, self.after)


class Nothing(nn.Module):
    """An activation that the BatchNorm beside it computes."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """The values."""
        return values


def fits(layer: nn.Module) -> bool:
    """Whether normalise.c computes this layer."""
    return (
        type(layer) is nn.BatchNorm2d
        and layer.affine
        and layer.track_running_stats
        and layer.momentum is not None
        and layer.num_features % LANES == 0
    )


def use(network: nn.Module) -> int:
    """Turn every BatchNorm that fits, and the activations beside it, into one; how many they are."""
    places = Counter(id(layer) for _, layer in network.named_modules(remove_duplicate=False))
    for parent in network.modules():
        if type(parent) is nn.Sequential:  # in which each layer's result goes to the next and nowhere else
            alone = [layer if places[id(layer)] == 1 else None for layer in parent._modules.values()]
            for first, second in pairwise(alone):
                _merge(first, second)
    return converted(network, fits, BatchNorm2d)


def _merge(first: nn.Module | None, second: nn.Module | None) -> None:
    """Let the BatchNorm of two neighbours compute the other one, where that is an activation it can."""
    if first is None or second is None:
        return
    if fits(first) and (slope := slope_of(second)) is not None:
        first.after, second.__class__ = slope, Nothing  # type: ignore[assignment]
    elif fits(second) and (slope := slope_of(first)) is not None:
        second.before, first.__class__ = slope, Nothing  # type: ignore[assignment]


def slope_of(layer: nn.Module) -> float | None:
    """By what negative values are multiplied, where this is an activation that does no more."""
    if type(layer) is nn.ReLU:
        return 0.0
    return float(layer.negative_slope) if type(layer) is nn.LeakyReLU else None


class _Normalised(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        values: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor,
        mean: torch.Tensor,
        inverse: torch.Tensor,
        before: float,
        after: float,
    ) -> torch.Tensor:
        scale = weight * inverse
        offset = bias - mean * scale
        ctx.save_for_backward(values, scale, offset, mean, inverse)
        ctx.slopes = before, after
        return _scaled(values, scale, offset, before, after)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        values, scale, offset, mean, inverse = ctx.saved_tensors
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        rows, channels = _size(values)
        sums = torch.empty(2, channels, dtype=torch.float64)
        call(
            "gradient_moments",
            values,
            gradient,
            rows,
            channels,
            scale,
            offset,
            mean,
            *ctx.slopes,
            sums,
        )
        plain, leaning = sums.float() / rows
        slope = -scale * inverse * inverse * leaning
        level = -scale * plain - slope * mean
        out = torch.empty_like(values)
        known = values, gradient, out, rows, channels, scale, offset, slope, level
        call("normalised_gradient", *known, *ctx.slopes)
        return out, leaning * inverse * rows, plain * rows, None, None, None, None


def _moments(values: torch.Tensor, before: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and variance (c,) of all rows of what the activation before makes of the values."""
    rows, channels = _size(values)
    found = torch.empty(2, channels, dtype=torch.float64)
    call("moments", values, rows, channels, before, found)
    mean, variance = found.float()
    return mean, variance


def _scaled(
    values: torch.Tensor, scale: torch.Tensor, offset: torch.Tensor, before: float, after: float
) -> torch.Tensor:
    rows, channels = _size(values)
    out = torch.empty_like(values)
    call("scaled", values, out, rows, channels, scale, offset, before, after)
    return out


def _size(values: torch.Tensor) -> tuple[int, int]:
    channels = values.shape[1]
    return values.numel() // channels, channels
