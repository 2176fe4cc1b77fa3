"""BatchNorm's statistics measured on faces as they are, in place of the running averages of varied ones.

Varied, blended and erased faces have other means and variances than the faces that a network predicts: the averages
that training leaves behind fit the wrong ones (Wu & Johnson 2021, "Rethinking 'Batch' in BatchNorm", arXiv 2105.07576,
sections 3 and 5). docs/experiments.md has what measuring them anew gains.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from mien.training.batches import EVALUATION_BATCH, Faces, normalise
from mien.training.machine import Machine


def unvaried(faces: Faces, count: int, *, mirrored: bool) -> Iterator[torch.Tensor]:
    """So many of these faces, evenly spaced among all, as network input (b, 1, s, s) in batches of nearly equal size.

    mirrored  every second one as its mirror image, for networks that were trained on both
    """
    count = min(count, len(faces))
    rows = torch.arange(count, device=faces.pixels.device) * len(faces) // count
    for mine in rows.tensor_split(-(-count // EVALUATION_BATCH)):
        inputs = normalise(faces.pixels[mine])
        if mirrored:
            inputs[1::2] = inputs[1::2].flip(3)
        yield inputs


@torch.no_grad()
def measure(network: nn.Module, batches: Iterable[torch.Tensor], machine: Machine) -> None:
    """Give every BatchNorm the mean and variance that it sees on these inputs (b, 1, s, s); nothing else changes.

    Every batch counts alike, and holds two faces at least.
    """
    with _measuring(network) as layers, machine.autocast():
        for done, inputs in enumerate(batches if layers else ()):
            for layer in layers:
                layer.momentum = 1 / (done + 1)  # the mean of all batches so far
            network(inputs.contiguous(memory_format=torch.channels_last))


@contextmanager
def _measuring(network: nn.Module) -> Iterator[list[_BatchNorm]]:
    """The layers that keep statistics, which alone are in training mode meanwhile."""
    layers = [
        layer for layer in network.modules() if isinstance(layer, _BatchNorm) and layer.track_running_stats
    ]
    before = [(layer, layer.momentum, layer.get_buffer("num_batches_tracked").clone()) for layer in layers]
    mode = network.training
    network.eval()
    try:
        for layer in layers:
            layer.train()
        yield layers
    finally:
        network.train(mode)
        for layer, momentum, tracked in before:
            layer.momentum = momentum
            layer.get_buffer("num_batches_tracked").copy_(tracked)
