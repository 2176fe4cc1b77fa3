"""Batches: every face once with its row, and pairs of faces blended where they are to be."""

import torch

from mien.core.config import NO_AUGMENTATION
from mien.training.batches import Batch, Faces, normalise
from mien.training.mixup import Blend


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


def test_a_batch_is_blended_or_left_as_it_is() -> None:
    inputs = torch.tensor([0.0, 8.0]).reshape(2, 1, 1, 1)
    batch = Batch(inputs=inputs, labels=torch.tensor([0, 1]), rows=torch.tensor([4, 5]))
    assert batch.blended_by(None) is batch
    blend = Blend(torch.tensor([1, 0]), 0.75)
    mixed = batch.blended_by(blend)
    assert mixed.inputs.flatten().tolist() == [2.0, 6.0]
    assert mixed.blended is blend
    assert mixed.rows is batch.rows
