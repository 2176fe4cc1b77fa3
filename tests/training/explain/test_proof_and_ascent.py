"""The proof on drawn faces with networks whose looking is known, and pictures that excite what they should."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from mien.data.drawn import draw
from mien.models import registry
from mien.training.explain.ascent import class_images, filter_images
from mien.training.explain.layers import outputs_of
from mien.training.explain.methods import methods
from mien.training.explain.proof import FEWEST_PIXELS, proof, shuffled

CPU = torch.device("cpu")
CHEAP = {name: methods()[name] for name in ("gradient", "occlusion")}


@pytest.fixture(scope="module")
def drawn():
    return draw(28, seed=5)


class Looking(nn.Module):
    """A linear network that looks at the given pixels only."""

    def __init__(self, where: np.ndarray) -> None:
        super().__init__()
        self.layer = nn.Linear(48 * 48, 7, bias=False)
        weights = torch.tensor(where.reshape(-1), dtype=torch.float32) * torch.arange(1, 8)[:, None]
        self.layer.weight.data.copy_(weights)

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        return self.layer(faces.flatten(1))


def test_a_network_that_looks_at_the_expression_is_told_from_one_that_does_not(drawn):
    moving = drawn.mask.mean(axis=0) > 0.25  # pixels that move in many faces
    still = drawn.mask.sum(axis=0) == 0
    assert moving.sum() > 20
    assert still.sum() > 20
    good, bad = (proof(Looking(where).eval(), drawn, CHEAP, CPU) for where in (moving, still))
    assert all(each.energy.beats_both for each in good.methods)
    assert not any(each.convincing for each in bad.methods)
    gradients = bad.methods[0]
    assert (gradients.energy.network, gradients.pointing.network) == (0, 0)
    enough = drawn.mask.sum(axis=(1, 2)) >= FEWEST_PIXELS
    assert good.faces == enough.sum() < 28
    shares = drawn.mask[enough].mean(axis=(1, 2))
    assert good.methods[0].energy.random == pytest.approx(shares.mean())
    inside = (drawn.mask[enough] & moving).sum(axis=(1, 2)) / moving.sum()  # even weights: an even map
    assert good.methods[0].energy.network == pytest.approx(inside.mean(), rel=1e-5)


def test_targets_are_the_true_classes_not_the_noisy_labels(drawn):
    network = registry.build("dnn", {"hidden": (8,)}).eval()
    wrong = replace(drawn, faces=replace(drawn.faces, labels=(drawn.faces.labels + 1) % 7))
    assert proof(network, wrong, CHEAP, CPU) == proof(network, drawn, CHEAP, CPU)


def test_shuffled_weights_are_the_same_numbers_elsewhere():
    network = registry.build("dnn", {"hidden": (8,)}).eval()
    before = [weights.clone() for weights in network.parameters()]
    other = shuffled(network, seed=1)
    for was, now, mine in zip(before, other.parameters(), network.parameters(), strict=True):
        assert torch.equal(was, mine)
        assert torch.equal(was.flatten().sort()[0], now.flatten().sort()[0])
    assert not torch.equal(before[0], next(other.parameters()))
    assert torch.equal(next(shuffled(network, seed=1).parameters()), next(other.parameters()))


def test_class_images_excite_their_class_more_than_any_face_does(drawn):
    torch.manual_seed(0)
    network = registry.build("dnn", {"hidden": (16,)}).eval()
    images = class_images(network, 7, 48)
    assert images.min() >= -2
    assert images.max() <= 2
    with torch.no_grad():
        excited = network(images[:, None]).diagonal()
        seen = network((torch.tensor(drawn.faces.pixels)[:, None].float() / 255 - 0.5) / 0.25)
    assert (excited > seen.amax(0)).all()
    assert torch.equal(images, class_images(network, 7, 48))


def test_filter_images_excite_their_filter_most():
    torch.manual_seed(0)
    options = {"filters": (6,), "kernels": (3,), "padding": ("same",), "dense": (4,)}
    network = registry.build("cnn", options).eval()
    images = filter_images(network, network.blocks[0], 3, 48)
    with torch.no_grad(), outputs_of(network.blocks[0]) as seen:
        network(images[:, None])
    means = nn.functional.leaky_relu(seen[0], 0.1).mean((2, 3))  # (3, 6)
    assert (means.diagonal() >= 0.98 * means[:, :3].amax(0)).all()
    assert (means.diagonal() > means[:, :3].mean(0)).all()
