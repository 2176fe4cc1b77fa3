"""What a training step pulls a network towards."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn import functional

from mien.training.batches import Batch

# The loss of a batch, a scalar: of the network's logits, float32 (b, k), for the batch's inputs.
Objective = Callable[[torch.Tensor, Batch], torch.Tensor]


@dataclass(frozen=True)
class Labels:
    """Cross-entropy against the labels, a share of each target spread over all classes (Szegedy et al. 2016)."""

    smoothing: float

    def __call__(self, logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        """In nats; against both labels of a face where pairs were blended."""
        if batch.blended:
            return batch.blended.loss(logits, batch.labels, self.smoothing)
        return functional.cross_entropy(logits, batch.labels, label_smoothing=self.smoothing)
