"""The proof of the methods on drawn faces, of which the pixels that carry the expression are known."""

from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from mien.analysis.attribution import MethodProof, method_proof
from mien.core.images import Floats
from mien.data.drawn import DrawnFaces
from mien.training.batches import normalise
from mien.training.explain.methods import Method

_BATCH = 32
FEWEST_PIXELS = 20  # of a mask: where fewer move, there is nothing to point at


@dataclass(frozen=True, kw_only=True)
class Proved:
    """The proof of every method, the number of drawn faces, and the share of them that the network names right."""

    methods: tuple[MethodProof, ...]
    faces: int
    accuracy: float


def proof(
    network: nn.Module, drawn: DrawnFaces, methods: dict[str, Method], device: torch.device, seed: int = 0
) -> Proved:
    """Where each method's maps of the true class fall, beside those of the network with shuffled weights.

    Faces that hardly move (neutral ones mostly) are left out. The network must know the drawn faces' classes.
    """
    rows = np.flatnonzero(drawn.mask.sum(axis=(1, 2)) >= FEWEST_PIXELS)
    pixels, labels, masks = drawn.faces.pixels[rows], drawn.true_labels[rows], drawn.mask[rows]
    inputs = normalise(torch.tensor(pixels, device=device))
    targets = torch.tensor(labels, device=device)
    random = shuffled(network, seed)
    with torch.no_grad():
        right = network(inputs).argmax(1) == targets
    return Proved(
        methods=tuple(
            method_proof(
                name, heats(method, network, inputs, targets), heats(method, random, inputs, targets), masks
            )
            for name, method in methods.items()
        ),
        faces=len(rows),
        accuracy=float(right.float().mean()),
    )


def heats(method: Method, network: nn.Module, inputs: torch.Tensor, targets: torch.Tensor) -> Floats:
    """A method's maps in batches, float32 (n, s, s)."""
    parts = (slice(start, start + _BATCH) for start in range(0, len(inputs), _BATCH))
    found: Floats = torch.cat([method.heat(network, inputs[part], targets[part]) for part in parts]).numpy()
    return found


def shuffled(network: nn.Module, seed: int = 0) -> nn.Module:
    """The network with the weights of each tensor in random order: as large, but nothing learned is left in place.

    Source: the sanity check of Adebayo et al. 2018, "Sanity checks for saliency maps".
    """
    random = torch.Generator().manual_seed(seed)
    found = deepcopy(network).eval()
    with torch.no_grad():
        for weights in found.parameters():
            order = torch.randperm(weights.numel(), generator=random).to(weights.device)
            weights.copy_(weights.flatten()[order].reshape(weights.shape))
    return found
