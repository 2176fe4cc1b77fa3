"""3x3 and 4x4 convolutions with a fifth of the multiplications, forwards and backwards, on processors with a compiler.

Winograd's minimal filtering on tiles of 8x8 (Lavin & Gray 2016, arXiv 1509.09308) in winograd.c. Results differ from
torch's by rounding (tests/training/test_winograd.py holds the bounds) and do not depend on the number of threads.
bench/train_step.py times both.
"""

import ctypes
from typing import Any

import torch
from torch import nn
from torch.autograd.function import once_differentiable

from mien.training.compiled import call, converted, plain

PANEL = 16  # channels come in so many at once
POINTS = 64
BLOCK, CHUNK = 24, 384  # tiles at once: what fits in the caches at hand
SKEW = 16  # floats between matrices, as in winograd.c


class _Shape(ctypes.Structure):
    _fields_ = tuple(
        (name, ctypes.c_long) for name in ("n", "h", "w", "c", "oh", "ow", "k", "top", "left", "m")
    )


class Conv2d(nn.Conv2d):
    """nn.Conv2d of 3x3 or 4x4 and stride 1; what winograd.c cannot do falls back on torch's."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """(n, c, h, w) -> (n, k, oh, ow), channels last."""
        if not self._serves(values):
            return super().forward(values)
        found: torch.Tensor = _Convolution.apply(values, self.weight, *_padding(self))  # type: ignore[no-untyped-call]
        return found if self.bias is None else found + self.bias[:, None, None]

    def _serves(self, values: torch.Tensor) -> bool:
        """Whether they are what winograd.c takes; torch says what is wrong with others."""
        top, bottom, left, right = _padding(self)
        return (
            plain(values, self.weight)
            and values.ndim == 4
            and len(values) > 0
            and values.shape[1] == self.in_channels
            and values.shape[2] + top + bottom >= self.kernel_size[0]
            and values.shape[3] + left + right >= self.kernel_size[1]
        )


def fits(layer: nn.Module) -> bool:
    """Whether winograd.c computes this layer."""
    return (
        type(layer) is nn.Conv2d
        and layer.kernel_size in ((3, 3), (4, 4))
        and layer.stride == layer.dilation == (1, 1)
        and layer.groups == 1
        and layer.padding_mode == "zeros"
        and layer.in_channels % PANEL == layer.out_channels % PANEL == 0
        and max(_padding(layer)) < layer.kernel_size[0]
    )


def use(network: nn.Module) -> int:
    """Turn the layers that fit into Conv2d of this file; how many they are. Weights and their names stay."""
    return converted(network, fits, Conv2d)


def _padding(layer: nn.Conv2d) -> tuple[int, int, int, int]:
    """Rows above and below, columns left and right."""
    if layer.padding == "same":  # torch pads the odd one behind
        all_rows, all_columns = (side - 1 for side in layer.kernel_size)
        return all_rows // 2, all_rows - all_rows // 2, all_columns // 2, all_columns - all_columns // 2
    rows, columns = (0, 0) if isinstance(layer.padding, str) else layer.padding
    return int(rows), int(rows), int(columns), int(columns)


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: torch.Tensor, weight: torch.Tensor, *padding: int) -> torch.Tensor:
        values = values.contiguous(memory_format=torch.channels_last)
        ctx.save_for_backward(values, weight)
        ctx.padding = padding
        return _convolved(values, weight.permute(2, 3, 1, 0).contiguous(), padding)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        values, weight = ctx.saved_tensors
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        of_values = of_weight = None
        if ctx.needs_input_grad[0]:
            turned = weight.flip(2, 3).permute(2, 3, 0, 1).contiguous()  # (r, r, k, c)
            of_values = _convolved(
                gradient, turned, tuple(weight.shape[2] - 1 - rows for rows in ctx.padding)
            )
        if ctx.needs_input_grad[1]:
            of_weight = _filter_gradient(values, gradient, ctx.padding, weight.shape[2])
        return of_values, of_weight, None, None, None, None


def _convolved(values: torch.Tensor, filters: torch.Tensor, padding: tuple[int, ...]) -> torch.Tensor:
    """(n, c, h, w) with filters (r, r, c, k) -> (n, k, oh, ow)."""
    kernel, _, channels, width = filters.shape
    shape = _shape(values.shape, width, padding, kernel)
    points = filters.new_empty(POINTS * (channels * width + SKEW))
    out = torch.empty(
        (shape.n, width, shape.oh, shape.ow), dtype=torch.float32, memory_format=torch.channels_last
    )
    call("filters", filters, points, channels, width, kernel)
    call("convolve", values, points, out, shape, BLOCK)
    return out


def _filter_gradient(
    values: torch.Tensor, gradient: torch.Tensor, padding: tuple[int, ...], kernel: int
) -> torch.Tensor:
    """The gradient (k, c, r, r) of the filters."""
    width = gradient.shape[1]
    shape = _shape(values.shape, width, padding, kernel)
    out = values.new_empty(kernel, kernel, shape.c, width)
    call("filter_gradient", values, gradient, out, shape, CHUNK)
    return out.permute(3, 2, 0, 1)


def _shape(values: torch.Size, width: int, padding: tuple[int, ...], kernel: int) -> _Shape:
    n, c, h, w = values
    top, bottom, left, right = padding
    return _Shape(
        n, h, w, c, h + top + bottom - kernel + 1, w + left + right - kernel + 1, width, top, left, 9 - kernel
    )
