"""Attributions: equal to Captum's on the same networks, and by hand where a hand can compute them."""

import pytest
import torch
from torch import nn

from mien.core.errors import ConfigError
from mien.models import registry
from mien.training.explain.grad_cam import grad_cam
from mien.training.explain.gradients import (
    NOISY_COPIES,
    PATH_POINTS,
    gradient,
    integrated_gradients,
    noise_of,
    smooth_gradient,
    target_scores,
)
from mien.training.explain.layers import (
    convolution,
    convolutions,
    feature_maps,
    first_filters,
    second_convolution,
    strongest_slices,
)
from mien.training.explain.methods import GRAD_CAM, methods
from mien.training.explain.occlusion import occlusion

SMALL = {
    "cnn": {"filters": (4, 6), "kernels": (4, 3), "padding": ("same", "valid"), "dense": (12,)},
    "trunk": {"stem": 4, "widths": (6, 8), "blocks": (1, 1), "head": 8},
    "pocket": {"widths": (4, 6), "blocks": (1, 1)},
    "dnn": {"hidden": (12,)},
}


def network_of(name: str) -> nn.Module:
    torch.manual_seed(3)
    network = registry.build(name, SMALL[name], classes=5).eval()
    with torch.no_grad():  # so that no two channels are alike
        for weights in network.parameters():
            weights.add_(0.05 * torch.randn_like(weights))
    return network


@pytest.fixture
def faces():
    return torch.randn(3, 1, 48, 48, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def targets():
    return torch.tensor([4, 0, 2])


def watched(faces):
    """A copy whose gradient is wanted, as Captum expects."""
    return faces.clone().requires_grad_()


@pytest.mark.parametrize("name", SMALL)
def test_gradients_are_captums(name, faces, targets, monkeypatch):
    attr = pytest.importorskip("captum.attr")
    network = network_of(name)
    expected = attr.Saliency(network).attribute(watched(faces), target=targets, abs=False)
    torch.testing.assert_close(gradient(network, faces, targets), expected[:, 0])
    expected = attr.IntegratedGradients(network).attribute(
        watched(faces), target=targets, n_steps=PATH_POINTS
    )
    torch.testing.assert_close(
        integrated_gradients(network, faces, targets), expected[:, 0].float(), rtol=1e-3, atol=1e-5
    )
    noises = noise_of(faces, NOISY_COPIES, seed=0)
    # Captum draws noise face by face; it gets the same
    monkeypatch.setattr(torch, "normal", lambda mean, std: noises.transpose(0, 1).reshape(std.shape))
    tunnel = attr.NoiseTunnel(attr.Saliency(network))
    expected = tunnel.attribute(
        watched(faces), target=targets, nt_type="smoothgrad", nt_samples=NOISY_COPIES, abs=False
    )
    torch.testing.assert_close(smooth_gradient(network, faces, targets), expected[:, 0], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", ["cnn", "trunk", "pocket"])
def test_grad_cam_is_captums(name, faces, targets):
    attr = pytest.importorskip("captum.attr")
    network = network_of(name)
    for layer in (None, convolutions(network, 48)[0].name):
        module = convolution(network, 48, layer).module
        coarse = attr.LayerGradCam(network, module).attribute(
            watched(faces), target=targets, relu_attributions=True
        )
        expected = attr.LayerAttribution.interpolate(coarse, (48, 48), "bilinear")[:, 0]
        found = grad_cam(network, faces, targets, layer)
        assert found.max() > 0
        torch.testing.assert_close(found, expected.detach())


@pytest.mark.parametrize(("name", "window", "step"), [("cnn", 8, 4), ("dnn", 11, 5)])
def test_occlusion_is_captums(name, window, step, faces, targets):
    attr = pytest.importorskip("captum.attr")
    network = network_of(name)
    expected = attr.Occlusion(network).attribute(
        faces, target=targets, sliding_window_shapes=(1, window, window), strides=(1, step, step)
    )
    found = occlusion(network, faces, targets, window, step)
    torch.testing.assert_close(found, expected[:, 0].float(), rtol=1e-3, atol=1e-4)
    if (window, step) == (8, 4):
        assert (occlusion(network, faces, targets) == found).all()


def test_a_linear_network_by_hand(targets):
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 5, bias=False)).eval()
    weights = network[1].weight.detach().reshape(5, 8, 8)[targets]
    faces = torch.randn(3, 1, 8, 8)
    torch.testing.assert_close(gradient(network, faces, targets), weights)
    torch.testing.assert_close(integrated_gradients(network, faces, targets), weights * faces[:, 0])
    torch.testing.assert_close(smooth_gradient(network, faces, targets), weights)
    torch.testing.assert_close(occlusion(network, faces, targets, 1, 1), weights * faces[:, 0])


def test_integrated_gradients_add_up_to_the_change_of_the_score(faces, targets):
    network = network_of("cnn").double()
    total = integrated_gradients(network, faces.double(), targets, points=600).sum((1, 2))
    change = target_scores(network, faces.double(), targets) - target_scores(
        network, 0 * faces.double(), targets
    )
    torch.testing.assert_close(total, change.detach(), rtol=0.01, atol=0.01)


def test_faces_beside_it_change_no_map(faces, targets):
    network = network_of("cnn")
    for method in methods().values():
        whole = method.heat(network, faces, targets)
        torch.testing.assert_close(method.heat(network, faces[1:2], targets[1:2])[0], whole[1])
        assert whole.min() >= 0
    assert all(weights.grad is None for weights in network.parameters())


def test_grad_cam_says_why_a_dnn_has_none(faces, targets):
    with pytest.raises(ConfigError, match="no convolution, and Dense layers keep no places"):
        methods()[GRAD_CAM].heat(network_of("dnn"), faces, targets)
    with pytest.raises(ConfigError, match=r"no convolution is called 'head'; there are blocks\.0, blocks\.5"):
        methods("head")[GRAD_CAM].heat(network_of("cnn"), faces, targets)


def test_grad_cam_of_an_ensemble_is_that_of_its_last_layers_as_one(faces, targets):
    torch.manual_seed(3)
    member = "trunk+stem=4+widths=6-8+blocks=1-1+head=8"
    network = registry.build("ensemble", {"of": (member, member)}, classes=5).eval()
    coarse = 0
    for member in network.members:
        seen = []
        hook = member.head[0].register_forward_hook(lambda _layer, _in, out, seen=seen: seen.append(out))
        scores = member(faces)[range(3), targets] / 2
        hook.remove()
        (slopes,) = torch.autograd.grad(scores.sum(), seen[0])
        coarse = coarse + torch.einsum("nc,nchw->nhw", slopes.mean((2, 3)), seen[0].detach())
    wanted = nn.functional.interpolate(coarse.relu()[:, None], size=(48, 48), mode="bilinear")[:, 0]
    assert wanted.abs().max() > 0
    assert torch.allclose(grad_cam(network, faces, targets), wanted, atol=1e-6)


def test_the_last_convolution_is_none_of_the_gates():
    assert convolution(network_of("pocket"), 48).name.startswith("stages")
    assert "gates" not in convolution(network_of("pocket"), 48).name
    assert convolution(network_of("trunk"), 48).name == "head.0"
    assert convolution(network_of("cnn"), 48).name == "blocks.5"


def test_first_filters_and_feature_maps(faces):
    network = network_of("cnn")
    assert (first_filters(network, 48) == network.blocks[0].weight[:, 0]).all()
    assert first_filters(network_of("dnn"), 48).shape == (12, 48, 48)
    maps = feature_maps(network, faces[:1], network.blocks[0])
    torch.testing.assert_close(maps, network.blocks[0](faces[:1])[0].detach())
    with pytest.raises(ConfigError, match="no layer that sees the pixels"):
        first_filters(nn.Sequential(nn.Flatten(), nn.Linear(10, 3)), 48)


def test_the_second_layer_is_a_convolution_with_pictures_of_its_own():
    assert second_convolution(network_of("cnn"), 48).name == "blocks.5"
    assert second_convolution(network_of("dnn"), 48) is None
    assert max(second_convolution(network_of("pocket"), 48).module.kernel_size) > 1


def test_the_strongest_slice_of_each_filter():
    layer = nn.Conv2d(2, 2, 2)
    weights = torch.tensor([[[[1.0, 0], [0, 0]], [[0, 0], [0, -2]]], [[[3, 0], [0, 0]], [[2, 0], [0, 2]]]])
    layer.weight.data = weights
    assert torch.equal(strongest_slices(layer), torch.stack([weights[0, 1], weights[1, 0]]))
