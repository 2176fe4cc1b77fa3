"""Layers in words, run by torch: the same sizes, the same counts."""

import pytest
import torch

from mien.analysis.cost import count, network_from_text
from mien.core.errors import ConfigError
from mien.models.from_layers import FromLayers
from mien.models.timing import layer_seconds, peak_rate
from mien.models.tracing import trace

NETWORKS = [
    (["conv 6 2x2 stride 3", "conv 4 2x2 stride 2"], (8, 8, 5)),
    (["conv 6 4 padding same", "leakyrelu", "batchnorm", "avgpool 2", "dropout 0.1"], (9, 8, 2)),
    (["conv 6 3 padding same stride 2 nobias", "conv 6 3x2 dilation 2x1 groups 3", "gelu"], (9, 12, 2)),
    (["transposed 4 3 stride 2 padding 1", "groupnorm 2", "silu", "layernorm"], (5, 4, 3)),
    (
        ["conv 4 1", "residual 1", "se 2", "maxpool 3 stride 2 padding 1", "globalavgpool", "flatten"],
        (7, 7, 4),
    ),
    (
        [
            "maxpool 2 padding same",
            "adaptiveavgpool 2",
            "adaptivemaxpool 1",
            "flatten",
            "linear 7",
            "softmax",
        ],
        (9, 9, 3),
    ),
    (["conv 6 3 stride 2", "relu6", "elu", "mish", "avgpool 2 padding 0:1"], (20, 3)),
    (
        ["conv 6 2x3x1 padding same", "hardswish", "hardsigmoid", "sigmoid", "tanh", "globalmaxpool"],
        (4, 5, 6, 2),
    ),
]


@pytest.mark.parametrize(("lines", "size"), NETWORKS)
def test_torch_gives_the_same_sizes(lines: list[str], size: tuple[int, ...]) -> None:
    network = network_from_text(lines, size, batch=2)
    made = FromLayers(network).eval()(torch.zeros(network.inputs[0]))
    assert tuple(made.shape) == network.steps[-1].output


@pytest.mark.parametrize(("lines", "size"), NETWORKS)
@pytest.mark.parametrize("training", [False, True])
def test_tracing_the_module_gives_the_same_counts(
    lines: list[str], size: tuple[int, ...], training: bool
) -> None:
    network = network_from_text(lines, size, batch=2)
    module = FromLayers(network)
    traced = count(trace(module, network.inputs[0][1:], batch=2, training=training), training=training)
    expected = count(network, training=training)
    assert traced.forward == expected.forward
    assert (traced.backward_inputs, traced.backward_weights) == (
        expected.backward_inputs,
        expected.backward_weights,
    )
    assert (traced.trainable, traced.with_buffers) == (expected.trainable, expected.with_buffers)


def test_what_torch_cannot_run_is_refused() -> None:
    with pytest.raises(
        ConfigError, match="attention 2: layers in words with this one cannot be run, only counted"
    ):
        FromLayers(network_from_text(["attention 2"], (4, 4, 4)))


def test_each_layer_gets_its_seconds() -> None:
    network = network_from_text(["conv 4 3", "relu", "flatten", "linear 2"], (8, 8, 1))
    seconds = layer_seconds(FromLayers(network).eval(), (1, 8, 8), repeats=2)
    assert {"steps.0", "steps.1", "steps.3"} <= {name.removesuffix(".then") for name in seconds}
    assert all(0 < taken < 10 for taken in seconds.values())


def test_a_peak_is_measured() -> None:
    assert peak_rate() > 1e7
