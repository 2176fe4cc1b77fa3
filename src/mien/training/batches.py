"""Faces in memory as bytes, handed out as normalised batches."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from mien.core.config import Augmentation, StoredScores
from mien.core.images import PIXEL_MEAN, PIXEL_STD, Ints, LabelledImages
from mien.training import randomness
from mien.training.augment import DRAWS, augment, numbers
from mien.training.mixup import Blend
from mien.training.processes import ALONE, Processes

EVALUATION_BATCH = 256

# How the faces of a step are blended, from its number and their labels.
Blends = Callable[[int, torch.Tensor], Blend | None]


def normalise(pixels: torch.Tensor) -> torch.Tensor:
    """Grey bytes (n, s, s) as network input, float32 (n, 1, s, s)."""
    return pixels[:, None].float().sub_(255 * PIXEL_MEAN).mul_(1 / (255 * PIXEL_STD))


def made_smaller(inputs: torch.Tensor, side: int) -> torch.Tensor:
    """Inputs (n, 1, s, s) as (n, 1, side, side), each pixel a weighted mean of those it covers; 0: as they are."""
    return functional.interpolate(inputs, size=side, mode="bilinear", antialias=True) if side else inputs


@dataclass(frozen=True)
class Batch:
    """Varied faces of a step. Where several processes share it, each holds the inputs of its own faces only.

    inputs   float32 (o, 1, s, s), as the network sees them; o is b in one process
    labels   int64 (b,)
    rows     int64 (b,), which of the training faces they are
    views    int64 (b,), which stored view of its face each is; None where views are made as they are needed
    blended  how pairs of them are blended, where they are
    """

    inputs: torch.Tensor
    labels: torch.Tensor
    rows: torch.Tensor
    views: torch.Tensor | None = None
    blended: Blend | None = None


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

    def part(self, rows: slice) -> "Faces":
        """Some of them, without a copy."""
        return Faces(self.pixels[rows], self.labels[rows])

    def shuffled(
        self,
        batch_size: int,
        how: Augmentation,
        *,
        seed: int,
        epoch: int,
        stored: StoredScores | None = None,
        blends: Blends = lambda _, __: None,
        processes: Processes = ALONE,
    ) -> Iterator[Batch]:
        """Every face once, varied, in batches of nearly equal size; with stored scores, in views that they know."""
        order = randomness.order(seed, epoch, len(self))
        views = None if stored is None else views_in_turn(stored, epoch, order)
        uniform = numbers(seed, epoch, order)
        if stored is not None and views is not None:
            uniform = numbers_of_views(stored.seed, views, order)
        # equal sizes: a last batch of one face would leave BatchNorm without a spread
        steps = np.array_split(np.arange(len(self)), steps_per_epoch(len(self), batch_size))
        for step, places in enumerate(steps):
            chosen = torch.from_numpy(order[places]).to(self.labels.device)
            labels = self.labels[chosen]
            blend = blends(step, labels)
            yield Batch(
                inputs=self._inputs(order[places], uniform[places], how, blend, processes),
                labels=labels,
                rows=chosen,
                views=None if views is None else torch.from_numpy(views[places]).to(self.labels.device),
                blended=blend,
            )

    def _inputs(
        self,
        rows: Ints,
        uniform: NDArray[np.float32],
        how: Augmentation,
        blend: Blend | None,
        processes: Processes,
    ) -> torch.Tensor:
        """What the network sees of a batch in this process: its share, each face blended where all are."""
        if processes.size == 1:
            inputs = self.varied(rows, uniform, how)
            return inputs if blend is None else blend.faces(inputs)
        own = np.arange(len(rows))[processes.share(len(rows))]
        inputs = self.varied(rows[own], uniform[own], how)
        if blend is None:
            return inputs
        # partners may be another process's faces: varied here once more, which is cheaper than to send them
        partners = blend.partner.cpu().numpy()[own]
        return torch.lerp(self.varied(rows[partners], uniform[partners], how), inputs, blend.kept)

    def varied(self, rows: Ints, uniform: NDArray[np.float32], how: Augmentation) -> torch.Tensor:
        """These faces as network input (b, 1, s, s), varied as the random numbers (b, DRAWS) decide."""
        chosen, numbers = (torch.from_numpy(each).to(self.labels.device) for each in (rows, uniform))
        return augment(normalise(self.pixels[chosen]), numbers, how)

    def in_order(self, batch_size: int = EVALUATION_BATCH) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Every face once, as it is."""
        for start in range(0, len(self), batch_size):
            rows = slice(start, start + batch_size)
            yield normalise(self.pixels[rows]), self.labels[rows]


def steps_per_epoch(count: int, batch_size: int) -> int:
    """Batches that hold all faces, each at least two of them."""
    return max(min(-(-count // batch_size), count // 2), 1)


def views_in_turn(stored: StoredScores, epoch: int, rows: Ints) -> Ints:
    """Which stored view of each face an epoch shows, int64 (n,): all of them in turn, each face from another one on."""
    first = (randomness.uniforms(stored.seed, 0, rows, 1)[:, 0] * stored.views).astype(np.int64)
    return (first + epoch) % stored.views


def numbers_of_views(seed: int, views: Ints, rows: Ints) -> NDArray[np.float32]:
    """The random numbers (n, DRAWS) that decide these views of these faces."""
    uniform = np.empty((len(rows), DRAWS), dtype=np.float32)
    for view in np.unique(views):
        mine = views == view
        uniform[mine] = numbers(seed, int(view) + 1, rows[mine])
    return uniform
