"""Batches: every face once with its row, and pairs of faces blended where they are to be."""

import numpy as np
import pytest
import torch
from PIL import Image

from mien.core.config import NO_AUGMENTATION, Augmentation
from mien.training.batches import Batch, Faces, made_smaller, normalise
from mien.training.mixup import Blend
from mien.training.processes import ALONE, Alone, Processes


def test_every_face_comes_once_with_its_row_and_label() -> None:
    pixels = torch.arange(10, dtype=torch.uint8)[:, None, None].expand(10, 4, 4).contiguous()
    faces = Faces(pixels, torch.arange(10) % 3)
    rows = []
    for batch in faces.shuffled(4, NO_AUGMENTATION, seed=1, epoch=2):
        assert torch.equal(batch.inputs, normalise(pixels[batch.rows]))
        assert torch.equal(batch.labels, batch.rows % 3)
        assert batch.views is None
        rows += batch.rows.tolist()
    assert sorted(rows) == list(range(10)) != rows


class OneOf(Alone):
    """A process of three that never speak to each other."""

    size = 3

    def __init__(self, rank: int) -> None:
        self.rank = rank


@pytest.mark.parametrize("kept", [None, 0.75])
def test_shares_of_a_batch_are_the_rows_of_the_whole(kept: float | None) -> None:
    """Blended with partners from other processes' shares, too; labels and rows are told whole."""
    pixels = torch.randint(256, (11, 12, 12), dtype=torch.uint8)
    faces = Faces(pixels, torch.arange(11) % 3)

    def blends(step: int, labels: torch.Tensor) -> Blend | None:
        return None if kept is None else Blend(torch.roll(torch.arange(len(labels)), step + 1), kept)

    def batches(processes: Processes) -> list[Batch]:
        how = Augmentation(erase=0.5)
        return list(faces.shuffled(6, how, seed=1, epoch=2, blends=blends, processes=processes))

    shares = [batches(OneOf(rank)) for rank in range(3)]
    for step, whole in enumerate(batches(ALONE)):
        mine = [one[step] for one in shares]
        assert torch.allclose(torch.cat([one.inputs for one in mine]), whole.inputs, atol=1e-6)
        assert [len(one.inputs) for one in mine] == [2, 2, len(whole.labels) - 4]
        assert all(
            torch.equal(one.rows, whole.rows) and torch.equal(one.labels, whole.labels) for one in mine
        )
        if kept is not None and whole.blended:
            own = batches_unblended(faces)[step]
            assert torch.equal(whole.inputs, torch.lerp(own[whole.blended.partner], own, kept))


def batches_unblended(faces: Faces) -> list[torch.Tensor]:
    return [batch.inputs for batch in faces.shuffled(6, Augmentation(erase=0.5), seed=1, epoch=2)]


def test_smaller_inputs_are_what_pillow_makes() -> None:
    pixels = torch.randint(256, (5, 48, 48), dtype=torch.uint8)
    normal = normalise(pixels)
    smaller = made_smaller(normal, 32)
    resized = [
        Image.fromarray(face).resize((32, 32), Image.Resampling.BILINEAR) for face in normal[:, 0].numpy()
    ]
    assert smaller.shape == (5, 1, 32, 32)
    assert np.allclose(smaller[:, 0], np.stack(resized), atol=1e-5)
    assert made_smaller(normal, 0) is normal
