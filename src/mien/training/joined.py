"""The end of a residual block in compiled code: gates, shortcut and activation in few passes over memory."""

from typing import Any

import torch
from torch import nn
from torch.autograd.function import once_differentiable

from mien.models.trunk import Gate, Residual
from mien.training.compiled import LANES, call, converted, plain
from mien.training.normalise import slope_of


class JoinedResidual(Residual):
    """Residual of `trunk` with gates, and a LeakyReLU or ReLU behind the sum."""

    gate: Gate  # what fits() asks for

    def join(self, shortcut: torch.Tensor, branch: torch.Tensor) -> torch.Tensor:
        """The shortcut plus the gated branch, bent: (n, c, h, w) twice -> the same, channels last."""
        fits = shortcut.shape == branch.shape and branch.shape[1] % LANES == 0 and branch.numel() > 0
        if not (fits and plain(shortcut, branch)):
            return super().join(shortcut, branch)
        shortcut, branch = (each.contiguous(memory_format=torch.channels_last) for each in (shortcut, branch))
        slope = float(slope_of(self.activation) or 0)
        if not torch.is_grad_enabled():
            return _joined(branch, shortcut, self.gate.gates(_means(branch)), slope)
        found: torch.Tensor = _Joined.apply(  # type: ignore[no-untyped-call]
            branch, shortcut, self.gate, slope, *self.gate.parameters()
        )
        return found


def use(network: nn.Module) -> int:
    """Turn every residual block that fits into one of this file; how many they are."""
    return converted(network, fits, JoinedResidual)


def fits(layer: nn.Module) -> bool:
    """Whether joined.c computes the end of this block."""
    if not (type(layer) is Residual and type(layer.gate) is Gate):
        return False
    slope = slope_of(layer.activation)
    return slope is not None and slope >= 0  # below, the result's sign does not tell what was bent


class _Joined(torch.autograd.Function):
    """The gates, which see only a mean a channel, are differentiated by torch; all else is compiled."""

    @staticmethod
    def forward(
        ctx: Any,
        branch: torch.Tensor,
        shortcut: torch.Tensor,
        gate: Gate,
        slope: float,
        *weights: torch.Tensor,
    ) -> torch.Tensor:
        with torch.enable_grad():
            means = _means(branch).requires_grad_()
            gates = gate.gates(means)
        out = _joined(branch, shortcut, gates, slope)
        ctx.save_for_backward(branch, out, means, gates, *weights)
        ctx.slope = slope
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        branch, out, means, gates, *weights = ctx.saved_tensors
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        size = _size(branch)
        of_gates = torch.empty_like(gates)
        call("joined_gates", gradient, out, branch, of_gates, *size, ctx.slope)
        wanted = [one for one in weights if one.requires_grad]
        of_means, *found = torch.autograd.grad(gates, (means, *wanted), of_gates)
        of_weights = [found.pop(0) if one.requires_grad else None for one in weights]
        level = of_means / size[1]
        of_branch, of_shortcut = torch.empty_like(branch), torch.empty_like(branch)
        call("joined_gradient", gradient, out, gates, level, of_branch, of_shortcut, *size, ctx.slope)
        return of_branch, of_shortcut, None, None, *of_weights


def _means(values: torch.Tensor) -> torch.Tensor:
    """(n, c, h, w) -> (n, c, 1, 1)."""
    n, _, c = size = _size(values)
    means = values.new_empty(n, c, 1, 1)
    call("channel_means", values, *size, means)
    return means


def _joined(branch: torch.Tensor, shortcut: torch.Tensor, gates: torch.Tensor, slope: float) -> torch.Tensor:
    out = torch.empty_like(branch)
    call("joined", branch, shortcut, gates, out, *_size(branch), slope)
    return out


def _size(values: torch.Tensor) -> tuple[int, int, int]:
    n, c, h, w = values.shape
    return n, h * w, c
