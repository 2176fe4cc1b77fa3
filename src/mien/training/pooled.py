"""Average pooling of 2x2 pixels in compiled code (pooled.c): its gradient is written once, not added to zeros."""

from typing import Any

import torch
from torch import nn
from torch.autograd.function import once_differentiable

from mien.training.compiled import LANES, call, converted, plain


class AvgPool2d(nn.AvgPool2d):
    """nn.AvgPool2d(2)."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """(n, c, h, w) -> (n, c, h // 2, w // 2), channels last."""
        serves = plain(values) and values.ndim == 4 and values.shape[1] % LANES == 0
        if not (serves and len(values) > 0 and min(values.shape[2:]) > 1):
            return super().forward(values)
        found: torch.Tensor = _Pooled.apply(values)  # type: ignore[no-untyped-call]
        return found


def use(network: nn.Module) -> int:
    """Turn every average pooling of 2x2 into AvgPool2d of this file; how many they are."""
    return converted(network, fits, AvgPool2d)


def fits(layer: nn.Module) -> bool:
    """Whether pooled.c computes this layer."""
    return (
        type(layer) is nn.AvgPool2d
        and layer.kernel_size in (2, (2, 2))
        and layer.stride in (2, (2, 2))
        and layer.padding in (0, (0, 0))
        and not layer.ceil_mode
        and layer.divisor_override is None
    )


class _Pooled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: torch.Tensor) -> torch.Tensor:
        values = values.contiguous(memory_format=torch.channels_last)
        ctx.shape = n, c, h, w = values.shape
        out = values.new_empty((n, h // 2, w // 2, c)).permute(0, 3, 1, 2)
        call("pooled", values, out, n, h, w, c)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        n, c, h, w = ctx.shape
        out = gradient.new_empty((n, h, w, c)).permute(0, 3, 1, 2)
        call("pooled_gradient", gradient, out, n, h, w, c)
        return out
