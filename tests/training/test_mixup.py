"""Blended faces and labels, against hand-computed values; what decides them."""

import numpy as np
import pytest
import torch

from mien.core.config import TrainConfig
from mien.training.mixup import Blend, blend

LABELS = torch.arange(8) % 3


def test_faces_and_loss_by_hand() -> None:
    half = Blend(torch.tensor([1, 0]), 0.75)
    faces = torch.tensor([0.0, 8.0]).reshape(2, 1, 1, 1)
    assert half.faces(faces).flatten().tolist() == [2.0, 6.0]
    logits = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
    shares = torch.log_softmax(logits, 1)
    expected = -(0.75 * (shares[0, 0] + shares[1, 1]) + 0.25 * (shares[0, 1] + shares[1, 0])) / 2
    assert float(half.loss(logits, torch.tensor([0, 1]), 0.0)) == pytest.approx(float(expected))


def test_it_follows_from_seed_epoch_and_step() -> None:
    config = TrainConfig(mixup=0.4, mixup_share=1.0, seed=3)
    one, again, later = blend(config, 2, 5, LABELS), blend(config, 2, 5, LABELS), blend(config, 2, 6, LABELS)
    assert None not in (one, again, later)
    assert one.kept == again.kept != later.kept
    assert one.partner.equal(again.partner)
    assert sorted(one.partner.tolist()) == list(range(8))


def test_how_often_and_how_much() -> None:
    config = TrainConfig(mixup=0.4, mixup_share=0.25)
    found = [blend(config, 1, step, LABELS) for step in range(2000)]
    kept = np.array([one.kept for one in found if one])
    assert len(kept) / 2000 == pytest.approx(0.25, abs=0.03)
    # Beta(a, a) has its mean at 1/2 and the variance 1 / (4 (2a + 1)); folding it at 1/2 keeps the distances
    assert kept.min() >= 0.5
    assert ((kept - 0.5) ** 2).mean() == pytest.approx(1 / (4 * 1.8), rel=0.15)
    assert blend(TrainConfig(), 1, 0, LABELS) is None


def test_none_in_late_epochs() -> None:
    config = TrainConfig(mixup=0.4, mixup_share=1.0, epochs=4, late_share=0.25)
    assert [blend(config, epoch, 0, LABELS) is None for epoch in (1, 2, 3, 4)] == [False, False, False, True]
