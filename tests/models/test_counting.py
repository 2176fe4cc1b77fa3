"""Counting torch modules: against torch's own counter, autograd, and the numbers of the same network in words."""

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from mien.analysis.cost import count, network_from_text
from mien.core.costs import CostTable
from mien.core.errors import ConfigError
from mien.core.operations import Attention, Convolution, Unknown
from mien.models.registry import build
from mien.models.tracing import trace


def counted(module: nn.Module, inputs, **how) -> CostTable:
    training, batch = how.get("training", False), how.pop("batch", 1)
    return count(trace(module, inputs, batch=batch, training=training), **how)


def kinds(table: CostTable) -> list[str]:
    return [row.kind for row in table.rows]


class Residual(nn.Module):
    """What hooks on modules miss: functional calls, an addition, a learned scale, shared layers, an idle one."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.scale = nn.Parameter(torch.ones(4, 1, 1))
        self.idle = nn.Linear(3, 2)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        made = functional.relu(self.norm(self.convolution(values)), inplace=True)
        made = self.convolution(made) * self.scale + values
        return functional.silu(made).mean((2, 3))


class Attending(nn.Module):
    def forward(self, queries: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
        return functional.scaled_dot_product_attention(queries, keys, keys)


@pytest.mark.parametrize(
    ("name", "stored", "trained"), [("cnn", 2_119_015, 2_114_471), ("dnn", 2_106_379, 2_104_227)]
)
def test_the_reports_networks(name: str, stored: int, trained: int) -> None:
    network = build(name)
    table = counted(network, (1, 48, 48))
    assert (table.with_buffers, table.trainable) == (stored, trained)
    assert not table.uncounted
    assert table.rows[-1].output_shape == (7,)


def test_the_cnn_is_the_network_in_words() -> None:
    blocks = [
        line
        for filters, kernel, padding in (
            (32, 4, "same"),
            (64, 4, "same"),
            (128, 3, "same"),
            (256, 3, "valid"),
        )
        for line in (
            f"conv {filters} {kernel} padding {padding}",
            "leakyrelu",
            "batchnorm",
            "avgpool 2",
            "dropout",
        )
    ]
    head = [
        line
        for width in (1024, 512, 256)
        for line in (f"linear {width}", "leakyrelu", "batchnorm", "dropout")
    ]
    words = network_from_text([*blocks, "flatten", *head, "linear 7"], (48, 48, 1), batch=3)
    for training in (False, True):
        table = counted(build("cnn"), (1, 48, 48), batch=3, training=training)
        same = count(words, training=training)
        for row, twin in zip(table.rows, same.rows, strict=True):
            assert (row.phases, row.trainable, row.with_buffers) == (
                twin.phases,
                twin.trainable,
                twin.with_buffers,
            )
            assert (row.bytes_moved, row.live_bytes) == (twin.bytes_moved, twin.live_bytes)
            assert row.receptive_field == twin.receptive_field


CONVOLUTIONS = {
    "plain": (nn.Conv2d(3, 6, 3), (3, 9, 8)),
    "even, same": (nn.Conv2d(3, 6, 4, padding="same"), (3, 9, 8)),
    "even and odd, same": (nn.Conv2d(3, 6, (4, 3), padding="same", dilation=(1, 2)), (3, 9, 8)),
    "grouped": (nn.Conv2d(4, 6, 3, stride=2, padding=1, dilation=2, groups=2), (4, 9, 8)),
    "depthwise": (nn.Conv2d(4, 4, 3, groups=4), (4, 9, 8)),
    "1d": (nn.Conv1d(3, 6, 3, stride=2), (3, 20)),
    "3d": (nn.Conv3d(2, 3, 2, padding=1), (2, 4, 5, 6)),
    "transposed": (nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2), (4, 5, 6)),
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_products_are_those_of_torchs_counter(name: str) -> None:
    """FlopCounterMode counts two operations for each product, forward and back, and nothing else."""
    module, shape = CONVOLUTIONS[name]
    table = counted(module, shape, batch=2)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(torch.zeros(2, *shape))
    assert table.forward.multiplications * 2 == counter.get_total_flops()
    assert table.rows[0].output_shape == tuple(module(torch.zeros(1, *shape)).shape[1:])
    assert len(table.rows) == 1


def test_products_of_training_are_those_of_torchs_counter() -> None:
    # one group: for several torch's counter takes the weights' gradient for that of a convolution without groups
    module = nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(6, 4, 2),
        nn.Flatten(),
        nn.Linear(4 * 49, 5),
    )
    table = counted(module, (3, 8, 8), batch=3, training=True)
    with FlopCounterMode(display=False) as counter:
        module(torch.zeros(3, 3, 8, 8)).sum().backward()
    weighted = [row for row in table.rows if row.trainable]
    phases = [tally.multiplications for row in weighted for tally in row.phases.values()]
    assert 2 * sum(phases) == counter.get_total_flops()
    assert weighted[0].backward_inputs.multiplications == 0


def test_what_lies_between_modules_is_counted() -> None:
    table = counted(Residual(), (4, 8, 8))
    names = [row.name for row in table.rows]
    assert names == [
        "convolution",
        "norm",
        "relu",
        "convolution (run 2)",
        "mul",
        "add",
        "silu",
        "mean",
        "idle",
    ]
    by_name = dict(zip(names, table.rows, strict=True))
    assert by_name["add"].forward.to_dict() == {"multiplications": 0, "additions": 256, "bias additions": 0}
    assert by_name["mul"].trainable == 4
    assert by_name["mul"].forward.multiplications == 256
    assert by_name["mean"].forward.additions == 4 * 63
    assert by_name["relu"].activation_bytes == 0


def test_shared_layers_count_each_run_but_parameters_once() -> None:
    network = Residual()
    table = counted(network, (4, 8, 8))
    first, second = table.rows[0], table.rows[3]
    assert first.forward == second.forward
    assert (first.trainable, second.trainable) == (144, 0)
    assert table.trainable == sum(weight.numel() for weight in network.parameters())
    assert table.with_buffers == table.trainable + 8
    assert first.bytes_moved == second.bytes_moved


def test_gradients_of_shared_weights_are_added_up() -> None:
    table = counted(Residual(), (4, 8, 8), batch=2, training=True)
    first, second = (row.backward_weights for row in (table.rows[0], table.rows[3]))
    assert second.multiplications == first.multiplications
    assert second.additions == first.additions + 144


def test_layers_that_do_not_run_are_named() -> None:
    idle = counted(Residual(), (4, 8, 8)).rows[-1]
    assert (idle.kind, idle.trainable, idle.operations) == ("never run", 8, 0)


def test_frozen_weights_need_no_gradient() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.Conv2d(4, 2, 3))
    module[1].requires_grad_(False)
    table = counted(module, (3, 9, 9), training=True)
    assert [row.trainable > 0 for row in table.rows] == [True, False, True]
    assert table.rows[1].with_buffers == 4 * 36 + 4
    assert table.rows[1].backward_weights.total == 0
    assert table.rows[1].backward_inputs.multiplications > 0
    module[0].requires_grad_(False)
    assert counted(module, (3, 9, 9), training=True).rows[1].backward_inputs.total == 0


def test_fake_tensors_and_zeros_give_the_same() -> None:
    for module, shape in ((Residual(), (4, 8, 8)), (build("cnn"), (1, 48, 48)), (nn.GRU(3, 4), (5, 3))):
        assert trace(module, shape, fake=True) == trace(module, shape, fake=False)


class Choosing(nn.Module):
    """Its course depends on numbers, which fake tensors do not have."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 3)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return self.linear(values) if values.sum() <= 0 else values


def test_a_course_that_depends_on_numbers_runs_on_zeros() -> None:
    assert "Linear" in kinds(count(trace(Choosing(), (3,), fake=True)))


def test_the_module_is_left_as_it_was() -> None:
    network = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(), nn.Linear(3, 2)).train()
    network[1].eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    state = torch.get_rng_state()
    counted(network, (3,), batch=4, training=True)
    counted(network, (3,))
    assert [module.training for module in network] == [True, False, True]
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())


def test_multi_head_attention() -> None:
    module = nn.MultiheadAttention(8, 2, batch_first=True)
    table = count(trace(module, [(5, 8)] * 3))
    row = table.rows[0]
    assert (len(table.rows), row.kind, row.trainable) == (1, "MultiheadAttention", 288)
    # projections in and out, scaled queries, two heads of scores and of sums
    assert row.forward.multiplications == 5 * 8 * 24 + 5 * 8 * 8 + 5 * 8 + 2 * (5 * 5 * 4) * 2
    assert row.forward.others["exponentials"] == 2 * 5 * 5


def test_an_encoder_layer_is_seen_part_by_part() -> None:
    module = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    table = count(trace(module, (5, 8)))
    assert kinds(table).count("LayerNorm") == 2
    assert kinds(table).count("add") == 2
    assert "MultiheadAttention" in kinds(table)
    assert not table.uncounted
    assert table.trainable == sum(weight.numel() for weight in module.parameters())


@pytest.mark.parametrize("fake", [True, False])
def test_functional_attention(fake: bool) -> None:
    network = trace(Attending(), [(2, 3, 4), (2, 5, 4)], fake=fake)
    assert [step.operation for step in network.steps] == [Attention()]
    assert network.steps[0].inputs == ((1, 2, 3, 4), (1, 2, 5, 4), (1, 2, 5, 4))


def test_recurrent_layers_are_counted_product_by_product() -> None:
    steps, width, state = 6, 3, 4
    row = counted(nn.LSTM(width, state, batch_first=True), (steps, width)).rows[0]
    gates = 4 * state
    assert row.trainable == gates * (width + state + 2)
    assert row.forward.multiplications == steps * (gates * (width + state) + 3 * state)
    assert row.forward.others["hyperbolic tangents"] == steps * 2 * state
    assert not row.uncounted


MODULES = {
    "layer norm": (nn.LayerNorm(4), (3, 4)),
    "layer norm without shift": (nn.LayerNorm(4, bias=False), (3, 4)),
    "group norm": (nn.GroupNorm(2, 4), (4, 3, 3)),
    "instance norm": (nn.InstanceNorm2d(4), (4, 3, 3)),
    "rms norm": (nn.RMSNorm(4), (3, 4)),
    "batch norm without statistics": (nn.BatchNorm2d(4, track_running_stats=False), (4, 3, 3)),
    "max pool 1d": (nn.MaxPool1d(2), (4, 8)),
    "max pool 3d": (nn.MaxPool3d(2), (4, 4, 4, 4)),
    "average pool 1d": (nn.AvgPool1d(2), (4, 8)),
    "ceil": (nn.MaxPool2d(2, ceil_mode=True), (4, 5, 5)),
    "adaptive": (nn.AdaptiveAvgPool2d(2), (4, 5, 5)),
    "adaptive max": (nn.AdaptiveMaxPool2d((2, 1)), (4, 5, 5)),
    "global": (nn.AdaptiveAvgPool2d(1), (4, 5, 5)),
    "prelu": (nn.PReLU(4), (4, 5, 5)),
    "elu": (nn.ELU(), (4,)),
    "selu": (nn.SELU(), (4,)),
    "gelu": (nn.GELU("tanh"), (4,)),
    "mish": (nn.Mish(), (4,)),
    "softplus": (nn.Softplus(), (4,)),
    "relu6": (nn.ReLU6(), (4,)),
    "hardswish": (nn.Hardswish(), (4,)),
    "log softmax": (nn.LogSoftmax(dim=-1), (4,)),
    "circular padding": (nn.Conv2d(4, 2, 3, padding=1, padding_mode="circular"), (4, 5, 5)),
    "upsample": (nn.Upsample(scale_factor=2), (4, 5, 5)),
    "pixel shuffle": (nn.PixelShuffle(2), (4, 5, 5)),
    "bilinear layer on weights": (
        nn.Sequential(nn.Unflatten(1, (2, 2)), nn.Flatten(), nn.Linear(4, 2)),
        (4,),
    ),
}


@pytest.mark.parametrize("name", MODULES)
def test_torchs_layers_are_counted_in_one_row(name: str) -> None:
    module, shape = MODULES[name]
    table = counted(module, shape, batch=2)
    assert not table.uncounted
    assert table.rows[-1].output_shape == tuple(module.eval()(torch.zeros(2, *shape)).shape[1:])
    assert len(table.rows) == max(1, len(list(module.children())))
    assert table.trainable == sum(weight.numel() for weight in module.parameters())


def test_average_over_sides_is_global_pooling() -> None:
    assert (
        counted(nn.AdaptiveAvgPool2d(1), (4, 5, 5)).forward
        == count(network_from_text(["globalavgpool"], (5, 5, 4))).forward
    )


def test_what_has_no_rule_is_named_and_marks_the_total() -> None:
    table = counted(nn.Sequential(nn.Conv2d(1, 2, 3), nn.Upsample(scale_factor=2, mode="bicubic")), (1, 8, 8))
    assert table.lower_bound
    assert table.uncounted == ("1: upsample_bicubic2d",)
    assert table.rows[1].activation_bytes == 4 * 2 * 12 * 12


def test_weight_normalisation_is_named() -> None:
    table = counted(nn.utils.parametrizations.weight_norm(nn.Linear(3, 4)), (3,))
    assert table.uncounted == ("parametrizations.weight.0: _weight_norm_interface",)
    assert table.trainable == 4 * 3 + 4 + 4


def test_every_operation_lays_itself_out_as_torch_did() -> None:
    for module, shape in (*CONVOLUTIONS.values(), *MODULES.values(), (Residual(), (4, 8, 8))):
        for step in trace(module, shape, batch=2).steps:
            if step.sources and not isinstance(step.operation, Unknown):
                assert step.operation.output(*step.inputs) == step.output, (module, step)


def test_even_kernels_with_same_padding_are_one_convolution() -> None:
    network = trace(nn.Conv2d(1, 2, (4, 5), padding="same"), (1, 9, 9))
    assert len(network.steps) == 1
    operation = network.steps[0].operation
    assert isinstance(operation, Convolution)
    assert operation.padding == ((1, 2), (2, 2))
    assert network.steps[0].inputs == ((1, 1, 9, 9),)


def test_receptive_fields_are_those_of_the_gradient() -> None:
    """Which inputs have a gradient when one number in the middle is differentiated."""
    module = nn.Sequential(
        nn.Conv2d(1, 2, (3, 2), padding=2, dilation=(2, 1)),
        nn.AvgPool2d(2, stride=1),
        nn.Conv2d(2, 2, 3, stride=2),
        nn.Conv2d(2, 2, 3),
        nn.AvgPool2d(2),
        nn.ConvTranspose2d(2, 1, 3, stride=2),
    ).double()
    for weight in module.parameters():
        nn.init.ones_(weight)
    table = counted(module, (1, 64, 64))
    values = torch.ones(1, 1, 64, 64, dtype=torch.float64, requires_grad=True)
    made = values
    for layer, row in zip(module, table.rows, strict=True):
        made = layer(made)
        middle = [size // 2 for size in made.shape[2:]]
        neighbours = [
            (row_, column) for row_ in (middle[0], middle[0] + 1) for column in (middle[1], middle[1] + 1)
        ]
        extents = [extent(made[0, 0, one, other], values) for one, other in neighbours]
        # places of a transposed convolution see differently much: the field is that of those that see most
        assert row.receptive_field == tuple(max(side) for side in zip(*extents, strict=True)), row.name


def extent(number: torch.Tensor, values: torch.Tensor) -> tuple[int, ...]:
    """Sides of the part of the input that a number depends on."""
    (gradient,) = torch.autograd.grad(number, values, retain_graph=True)
    seen = gradient[0, 0].nonzero()
    return tuple((seen.max(0).values - seen.min(0).values + 1).tolist())


def test_a_module_that_does_not_run_says_why() -> None:
    with pytest.raises(ConfigError, match=r"Sequential does not run on an input of 1x4x8x8: .*3 channels"):
        trace(nn.Sequential(nn.Conv2d(3, 2, 3)), (4, 8, 8))


def test_training_on_one_sample_says_why() -> None:
    with pytest.raises(ConfigError, match="more than 1 value per channel"):
        trace(nn.BatchNorm1d(3), (3,), training=True)


def test_half_precision_halves_the_bytes() -> None:
    half = counted(nn.Conv2d(1, 2, 3).to(torch.bfloat16), (1, 8, 8))
    assert half.element_size == 2
    assert half.bytes_moved * 2 == counted(nn.Conv2d(1, 2, 3), (1, 8, 8)).bytes_moved


def test_tensors_may_be_given_as_inputs() -> None:
    module = nn.Sequential(nn.Embedding(100, 8), nn.Flatten(), nn.Linear(40, 3))
    table = count(trace(module, torch.zeros(2, 5, dtype=torch.long)))
    assert table.batch == 2
    assert table.trainable == 100 * 8 + 123
    assert table.rows[0].forward.total == 0
    assert table.rows[0].bytes_moved == 4 * (2 * 5 + 2 * 5 * 8)  # not the whole table
    assert table.forward.multiplications == 2 * 40 * 3


class Weighted(nn.Module):
    """Batches of matrix products with weights: the same matrix for each, and one for each."""

    def __init__(self) -> None:
        super().__init__()
        self.shared, self.each = nn.Parameter(torch.ones(3, 2)), nn.Parameter(torch.ones(4, 2, 5))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return torch.bmm(torch.bmm(values, self.shared.expand(4, 3, 2)), self.each)


def test_products_with_a_batch_of_weights() -> None:
    same, own = count(trace(Weighted(), torch.zeros(4, 6, 3)), training=True).rows
    assert (same.trainable, own.trainable) == (6, 40)
    assert same.forward.multiplications == 4 * 6 * 3 * 2
    assert own.forward.multiplications == 4 * 6 * 2 * 5
    assert own.forward.additions == 4 * 6 * 5
    # a shared matrix sums over the batch and the rows, one of its own over the rows
    assert same.backward_weights.additions == 6 * (4 * 6 - 1)
    assert own.backward_weights.additions == 40 * (6 - 1)
    assert own.backward_inputs.multiplications == 4 * 6 * 2 * 5


def test_recurrent_layers_with_the_batch_first_are_counted_whole() -> None:
    first = counted(nn.GRU(4, 5, batch_first=True), (6, 4))
    assert not first.uncounted
    assert first.forward == counted(nn.GRU(4, 5), (1, 4), batch=6).forward


def test_complex_numbers_are_named_as_not_counted() -> None:
    class Complex(nn.Module):
        def forward(self, values: torch.Tensor) -> torch.Tensor:
            turned = values.to(torch.complex64)
            return functional.relu((turned * turned).abs())

    table = counted(Complex(), (4,))
    assert [what.split(": ")[-1] for what in table.uncounted] == [
        "mul on complex numbers",
        "abs on complex numbers",
    ]
    assert table.forward.to_dict()["multiplications"] == 0
