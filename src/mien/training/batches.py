"""Faces in memory as bytes, handed out as normalised batches."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from mien.core.config import Augmentation
from mien.core.images import PIXEL_MEAN, PIXEL_STD, LabelledImages
from mien.training import randomness
from mien.training.augment import DRAWS, augment

EVALUATION_BATCH = 256


def normalise(pixels: torch.Tensor) -> torch.Tensor:
    """Grey bytes (n, s, s) as network input, float32 (n, 1, s, s)."""
    return pixels[:, None].float().sub_(255 * PIXEL_MEAN).mul_(1 / (255 * PIXEL_STD))


@dataclass(frozen=True)
class Faces:
    """Pixels uint8 (n, s, s) and labels int64 (n,) on the device that trains."""

    pixels: torch.Tensor
    labels: torch.Tensor

    @classmethod
    def of(cls, faces: LabelledImages, device: torch.device) -> "Faces":
        """Copied once; the bytes stay bytes until a batch is taken."""
        return cls(torch.tensor(faces.pixels, device=device), torch.tensor(faces.labels, device=device))

    def __len__(self) -> int:
        return len(self.labels)

    def shuffled(
        self, batch_size: int, how: Augmentation, *, seed: int, epoch: int
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Every face once, varied, in batches of nearly equal size: inputs (b, 1, s, s), labels (b,)."""
        order = randomness.order(seed, epoch, len(self))
        uniform = randomness.uniforms(seed, epoch, order, DRAWS)
        # equal sizes: a last batch of one face would leave BatchNorm without a spread
        for rows in np.array_split(np.arange(len(self)), steps_per_epoch(len(self), batch_size)):
            chosen = torch.from_numpy(order[rows]).to(self.labels.device)
            numbers = torch.from_numpy(uniform[rows]).to(self.labels.device)
            yield augment(normalise(self.pixels[chosen]), numbers, how), self.labels[chosen]

    def in_order(self, batch_size: int = EVALUATION_BATCH) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Every face once, as it is."""
        for start in range(0, len(self), batch_size):
            rows = slice(start, start + batch_size)
            yield normalise(self.pixels[rows]), self.labels[rows]


def steps_per_epoch(count: int, batch_size: int) -> int:
    """Batches that hold all faces, each at least two of them."""
    return max(min(-(-count // batch_size), count // 2), 1)
