import pytest
import torch
import torchinfo
from torch import nn

from mien.core.errors import ConfigError
from mien.models import registry
from mien.models._blocks import Dropout, count_parameters
from mien.models.cnn import Cnn, CnnOptions


@pytest.mark.parametrize(
    ("name", "trainable", "with_statistics"), [("cnn", 2_114_471, 2_119_015), ("dnn", 2_104_227, 2_106_379)]
)
def test_parameter_counts_are_the_reports(name, trainable, with_statistics):
    network = registry.build(name)
    count = count_parameters(network)
    assert (count.trainable, count.with_statistics) == (trainable, with_statistics)
    assert torchinfo.summary(network, verbose=0).trainable_params == trainable


def test_cnn_shapes_are_the_reconstructions():
    shapes = []
    network = registry.build("cnn").eval()
    for layer in network.blocks:
        layer.register_forward_hook(
            lambda layer, _in, out: shapes.append((type(layer).__name__, tuple(out.shape[1:])))
        )
    network(torch.zeros(1, 1, 48, 48))
    pooled = [shape for name, shape in shapes if name == "AvgPool2d"]
    assert pooled == [(32, 24, 24), (64, 12, 12), (128, 6, 6), (256, 2, 2)]
    assert shapes[-1] == ("Flatten", (1024,))


def test_blocks_come_in_the_reports_order():
    kinds = [type(layer).__name__ for layer in registry.build("cnn").blocks]
    assert kinds[:5] == ["Conv2d", "LeakyReLU", "BatchNorm2d", "AvgPool2d", "Dropout"]
    shares = [layer.p for layer in registry.build("cnn").blocks if isinstance(layer, nn.Dropout)]
    assert shares == [0.1, 0.2, 0.3, 0.4]


@pytest.mark.parametrize(
    ("choices", "present", "absent"),
    [
        ({"pool": "max"}, nn.MaxPool2d, nn.AvgPool2d),
        ({"dropout": "none"}, nn.Conv2d, nn.Dropout),
        ({"batch_norm": False}, nn.Linear, nn.BatchNorm2d),
        ({"activation": "relu"}, nn.ReLU, nn.LeakyReLU),
    ],
)
def test_the_reports_open_questions_can_be_chosen(choices, present, absent):
    kinds = [type(layer) for layer in registry.build("cnn", choices).modules()]
    assert any(issubclass(kind, present) for kind in kinds)
    assert not any(issubclass(kind, absent) for kind in kinds)


@pytest.mark.parametrize("name", registry.names())
@pytest.mark.parametrize(("side", "classes"), [(48, 7), (64, 3)])
def test_every_network_takes_any_side_and_number_of_classes(name, side, classes):
    network = registry.build(name, side=side, classes=classes).eval()
    logits = network(torch.randn(5, 1, side, side))
    assert logits.shape == (5, classes)
    assert torch.allclose(network(torch.zeros(5, 1, side, side)).std(0), torch.zeros(classes), atol=1e-6)


def test_building_leaves_running_statistics_fresh():
    means = [
        layer.running_mean.abs().sum()
        for layer in Cnn(CnnOptions(), 48, 7).modules()
        if hasattr(layer, "running_mean")
    ]
    assert sum(means) == 0


def test_match_finds_the_nearest_width():
    def size(width):
        return 2304 * width + width + 4 * width + width * 256 + 256 + 4 * 256 + 256 * 7 + 7  # by hand

    found = registry.options("dnn", {}, match="cnn").hidden
    nearest = min(range(1, 2000), key=lambda width: abs(size(width) - 2_119_015))
    assert found == (nearest, 256) == (825, 256)
    assert count_parameters(registry.build("dnn", match="cnn")).with_statistics == size(nearest)


def test_match_is_for_faces_of_their_side():
    matched, wanted = (
        count_parameters(registry.build(name, match=other, side=64)).with_statistics
        for name, other in (("dnn", "cnn"), ("cnn", None))
    )
    assert abs(matched - wanted) <= (64 * 64 + 5 + 256) / 2  # half of what one unit of width costs


def test_cnn_has_no_single_width_to_match():
    with pytest.raises(ConfigError, match="cannot be matched"):
        registry.build("cnn", match="dnn")


def test_an_unknown_network_lists_the_known():
    with pytest.raises(ConfigError, match="there are cnn, dnn"):
        registry.build("vgg")


@pytest.mark.parametrize(
    ("name", "choices", "message"),
    [
        ("cnn", {"filters": (8, 8)}, "as many filters as kernels"),
        ("cnn", {"dense_dropout": 1.0}, "dense_dropout"),
        ("dnn", {"hidden": ()}, "hidden widths"),
        ("cnn", {"dense": (0,)}, "at least 1"),
        ("cnn", {"kernels": (-1, 4, 3, 3)}, "at least 1"),
        ("dnn", {"dropout": 1.0}, "dropout"),
    ],
)
def test_choices_that_make_no_network_are_refused(name, choices, message):
    with pytest.raises(ConfigError, match=message):
        registry.build(name, choices)


def test_faces_too_small_for_the_blocks_are_refused():
    with pytest.raises(ConfigError, match="16x16 pixels are too small"):
        registry.build("cnn", side=16)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_dropout_drops_its_share_and_keeps_the_mean(layout):
    torch.manual_seed(0)
    values = torch.ones(50, 16, 25, 25).contiguous(memory_format=layout).requires_grad_()
    dropped = Dropout(0.3)(values)
    share = (dropped == 0).float().mean().item()
    assert share == pytest.approx(0.3, abs=4 * (0.21 / values.numel()) ** 0.5)
    assert dropped.unique().tolist() == pytest.approx([0, 1 / 0.7])
    dropped.sum().backward()
    assert (values.grad == dropped.detach()).all()


def test_dropout_does_nothing_outside_training():
    values = torch.randn(3, 4)
    assert Dropout(0.5).eval()(values) is values
