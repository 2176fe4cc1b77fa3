"""BatchNorm's statistics measured on faces as they are, in place of the running averages of varied ones.

Varied, blended and erased faces have other means and variances than the faces that a network predicts: the averages that
training leaves behind fit the wrong ones (Wu & Johnson 2021, "Rethinking 'Batch' in BatchNorm", arXiv 2105.07576,
sections 3 and 4). docs/experiments.md has what measuring them anew gains.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from mien.training.batches import EVALUATION_BATCH, Faces, normalise
from mien.training.machine import Machine


@torch.no_grad()
def measure(network: nn.Module, faces: Faces, machine: Machine, *, count: int, mirrored: bool) -> None:
    """Give every BatchNorm the mean and variance that it sees on so many of these faces; nothing else changes.

    count     faces, evenly spaced among all; all of them where there are fewer
    mirrored  every second one is shown as its mirror image, for networks that were trained on both
    """
    count = min(count, len(faces))
    rows = torch.from_numpy(np.arange(count) * len(faces) // max(count, 1)).to(faces.pixels.device)
    with _measuring(network) as layers, machine.autocast():
        if not layers or count < 2:
            return
        # equal sizes, so that every batch counts alike
        for done, mine in enumerate(rows.tensor_split(-(-count // EVALUATION_BATCH))):
            for layer in layers:
                layer.momentum = 1 / (done + 1)  # the mean of all batches so far
            inputs = normalise(faces.pixels[mine])
            if mirrored:
                inputs[1::2] = inputs[1::2].flip(3)
            network(inputs.contiguous(memory_format=torch.channels_last))


@contextmanager
def _measuring(network: nn.Module) -> Iterator[list[_BatchNorm]]:
    """The layers that keep statistics, which alone are in training mode meanwhile."""
    layers = [
        layer for layer in network.modules() if isinstance(layer, _BatchNorm) and layer.track_running_stats
    ]
    before = [(layer, layer.momentum) for layer in layers]
    mode = network.training
    network.eval()
    try:
        for layer in layers:
            layer.train()
        yield layers
    finally:
        network.train(mode)
        for layer, momentum in before:
            layer.momentum = momentum
