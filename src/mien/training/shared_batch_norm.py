"""BatchNorm over the faces of all processes, which share a batch; torch's own SyncBatchNorm refuses processors."""

from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm


def share_batch_norms(network: nn.Module) -> None:
    """Put a SharedBatchNorm in place of every BatchNorm of a network; weights and statistics stay the same tensors."""
    for module in network.modules():
        for name, child in module.named_children():
            if isinstance(child, _BatchNorm) and not isinstance(child, SharedBatchNorm):
                setattr(module, name, SharedBatchNorm(child))


class SharedBatchNorm(_BatchNorm):
    """The layer as one process computes it of the whole batch; (n, c, ...) -> the same, n the own share of it."""

    def __init__(self, of: _BatchNorm) -> None:
        super().__init__(of.num_features, of.eps, of.momentum, of.affine, of.track_running_stats)
        self.__dict__["_parameters"].update(of._parameters)
        self.__dict__["_buffers"].update(of._buffers)
        self.train(of.training)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Values normalised by all processes' mean and variance while training; as any BatchNorm otherwise."""
        if not self.training and self.running_mean is not None:
            return super().forward(values)
        mean, variance, count = _moments(values.detach())
        self._remember(mean, variance * (count / (count - 1)))
        normalised: torch.Tensor = _Normalise.apply(  # type: ignore[no-untyped-call]
            values, self.weight, self.bias, mean, variance, count, self.eps
        )
        return normalised

    def _check_input_dim(self, input: torch.Tensor) -> None:  # noqa: A002 (torch's name)
        """Any number of dimensions: the layer that this one replaces was built for its input."""

    def _remember(self, mean: torch.Tensor, variance: torch.Tensor) -> None:
        """Move the running statistics, of which the variance is the unbiased one."""
        if not self.training or self.running_mean is None or self.running_var is None:
            return
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
        share = 1 / float(self.num_batches_tracked or 1) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(variance, share)


class _Normalise(torch.autograd.Function):
    """Values by moments of the whole batch, with the gradient that passes through the moments too.

    Ioffe & Szegedy 2015, section 3, the sums over the batch taken over all processes. The gradients of weight and bias
    are of the own share: whoever adds the processes' gradients up adds these too.
    """

    @staticmethod
    def forward(
        ctx: Any,
        values: torch.Tensor,
        weight: torch.Tensor | None,
        bias: torch.Tensor | None,
        mean: torch.Tensor,
        variance: torch.Tensor,
        count: float,
        eps: float,
    ) -> torch.Tensor:
        ctx.save_for_backward(values, weight, mean, (variance + eps).rsqrt())
        ctx.count, ctx.affine = count, bias is not None
        return functional.batch_norm(values, mean, variance, weight, bias, training=False, eps=eps)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        values, weight, mean, inverse = ctx.saved_tensors
        gradient = gradients[0].float()
        standard = (values.float() - _wide(mean, values)).mul_(_wide(inverse, values))
        own = torch.stack([_summed(gradient), _summed(gradient * standard)])  # (2, c)
        both = own.clone()
        dist.all_reduce(both)
        towards_mean, towards_spread = (both / ctx.count).unbind()
        scale = inverse if weight is None else inverse * weight
        found = gradient - _wide(towards_mean, values) - standard.mul_(_wide(towards_spread, values))
        found = found.mul_(_wide(scale, values)).to(values.dtype)
        of_weight, of_bias = (own[1], own[0]) if ctx.affine else (None, None)
        return found, of_weight, of_bias, None, None, None, None


def _moments(values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, float]:
    """Mean and biased variance (c,) over the values of all processes, float32, and how many values that were.

    Each process's own mean and squared distances are joined by Chan, Golub & LeVeque 1979: sums of squares alone would
    lose digits where the mean is large.
    """
    wide = values.float()
    count = values.numel() // values.shape[1]
    mean = _summed(wide) / count
    squares = _summed((wide - _wide(mean, values)).square_())
    told = torch.cat([mean.double(), squares.double(), mean.new_full((1,), count).double()])  # (2c + 1,)
    heard = [torch.empty_like(told) for _ in range(dist.get_world_size())]
    dist.all_gather(heard, told)
    everything = torch.stack(heard)  # (p, 2c + 1)
    counts = everything[:, -1:]
    means, spreads = everything[:, :-1].chunk(2, dim=1)  # (p, c) each
    total = counts.sum()
    joined = (means * counts).sum(0) / total
    spread = (spreads + counts * (means - joined).square()).sum(0) / total
    return joined.float(), spread.float(), float(total)


def _summed(values: torch.Tensor) -> torch.Tensor:
    """Over everything but the channels, (n, c, ...) -> (c,)."""
    return values.sum([0, *range(2, values.ndim)])


def _wide(channels: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """One number a channel (c,) in a shape that spreads over values (n, c, ...)."""
    return channels.view(1, -1, *[1] * (values.ndim - 2))
