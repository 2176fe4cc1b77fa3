"""Mixup: pairs of faces of a batch blended, and their labels with them (Zhang et al. 2018)."""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from mien.core.config import TrainConfig
from mien.training import randomness

_STREAM = 2  # of Philox; the order of the faces has another


@dataclass(frozen=True)
class Blend:
    """For each face of a batch the row of its partner, int64 (b,), and the share that it keeps, 1/2 or more."""

    partner: torch.Tensor
    kept: float

    def faces(self, inputs: torch.Tensor) -> torch.Tensor:
        """Each face with its partner laid over it."""
        return torch.lerp(inputs[self.partner], inputs, self.kept)

    def loss(self, logits: torch.Tensor, labels: torch.Tensor, smoothing: float) -> torch.Tensor:
        """Cross-entropy against both labels, weighted alike."""
        own, partners = (
            functional.cross_entropy(logits, each, label_smoothing=smoothing)
            for each in (labels, labels[self.partner])
        )
        return self.kept * own + (1 - self.kept) * partners


def blend(config: TrainConfig, epoch: int, step: int, labels: torch.Tensor) -> Blend | None:
    """How the faces of this batch are blended, or None where this one is left as it is.

    It depends on the seed, the epoch and the step only, so that a resumed run blends alike.
    """
    if not config.mixup or config.is_late(epoch):
        return None
    random = np.random.Generator(np.random.Philox(key=[randomness.key(config.seed, epoch, step), _STREAM]))
    if random.random() >= config.mixup_share:
        return None
    partner = torch.from_numpy(random.permutation(len(labels))).to(labels.device)
    share = float(random.beta(config.mixup, config.mixup))
    # pairs have no order, so a face may as well always keep the larger share: its own label is then the main one
    return Blend(partner, max(share, 1 - share))
