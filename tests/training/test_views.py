"""Views of a face at test time, against numpy's padding and hand-made networks."""

import numpy as np
import pytest
import torch
from torch import nn

from mien.core.errors import ConfigError
from mien.training.batches import Faces, normalise
from mien.training.evaluate import logits
from mien.training.machine import Machine
from mien.training.views import checked, shifted, views

MACHINE = Machine(device=torch.device("cpu"), precision=torch.float32, why="test")


class Places(nn.Module):
    """Scores that depend on where the bright pixels are: two of them, not symmetric in any way."""

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        return torch.stack([faces[:, 0, 1, 2], faces[:, 0, 3, 0] * 2, faces[:, 0].sum((1, 2)) / 7], 1)


@pytest.mark.parametrize("down", [-2, 0, 1])
@pytest.mark.parametrize("right", [-1, 0, 2])
def test_a_shift_repeats_the_border_as_numpys_edge_padding_does(down, right) -> None:
    faces = np.random.default_rng(0).normal(size=(2, 1, 6, 7)).astype(np.float32)
    padded = np.pad(faces, ((0, 0), (0, 0), (2, 2), (2, 2)), mode="edge")
    expected = padded[:, :, 2 - down : 8 - down, 2 - right : 9 - right]
    assert (shifted(torch.from_numpy(faces), down, right).numpy() == expected).all()


def test_there_are_one_two_and_eighteen_different_views() -> None:
    face = torch.rand(1, 1, 8, 8)
    for tta, count in (("none", 1), ("flip", 2), ("flip+shift", 18)):
        found = [view.numpy().tobytes() for view in views(face, tta)]
        assert len(found) == len(set(found)) == count
        assert torch.equal(next(iter(views(face, tta))) if tta != "flip+shift" else face, face)
        assert face.numpy().tobytes() in found


@pytest.mark.parametrize(("tta", "shifts"), [("none", (0,)), ("flip", (0,)), ("flip+shift", (-1, 0, 1))])
def test_answers_are_the_mean_probabilities_of_all_views(tta, shifts) -> None:
    pixels = torch.from_numpy(np.random.default_rng(1).integers(0, 256, (5, 6, 6)).astype(np.uint8))
    found = logits(Places(), Faces(pixels, torch.zeros(5, dtype=torch.int64)), MACHINE, tta).softmax(1)
    faces = normalise(pixels).double().numpy()
    probs = []
    for down in shifts:
        for right in shifts:
            padded = np.pad(faces, ((0, 0), (0, 0), (2, 2), (2, 2)), mode="edge")
            moved = padded[:, :, 2 - down : 8 - down, 2 - right : 8 - right]
            for seen in (moved,) if tta == "none" else (moved, moved[..., ::-1]):
                scores = np.exp(Places()(torch.from_numpy(seen.copy())).numpy())
                probs.append(scores / scores.sum(1, keepdims=True))
    assert found.numpy() == pytest.approx(np.mean(probs, axis=0), abs=1e-6)


def test_an_unknown_name_lists_the_known() -> None:
    assert checked("flip") == "flip"
    with pytest.raises(ConfigError, match=r"expected none, flip, flip\+shift, got mirror"):
        checked("mirror")
