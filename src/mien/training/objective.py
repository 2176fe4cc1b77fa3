"""What a training step pulls a network towards."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn import functional

from mien.training.batches import Batch

# The loss of a batch, a scalar: of the network's logits, float32 (b, k), for the batch's inputs; of (b, members, k)
# the sum of the members' losses, so that each is trained as it would be alone.
Objective = Callable[[torch.Tensor, Batch], torch.Tensor]


@dataclass(frozen=True)
class Labels:
    """Cross-entropy against the labels, a share of each target spread over all classes (Szegedy et al. 2016)."""

    smoothing: float

    def __call__(self, logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        """In nats; against both labels of a face where pairs were blended."""
        if logits.ndim == 3:
            return torch.stack([self(each, batch) for each in logits.unbind(1)]).sum()
        if batch.blended:
            return batch.blended.loss(logits, batch.labels, self.smoothing)
        return functional.cross_entropy(logits, batch.labels, label_smoothing=self.smoothing)
