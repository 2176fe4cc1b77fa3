"""How torchinfo, fvcore, ptflops, torch's FlopCounterMode and Keras count the same networks, beside mien.

    pip install 'mien[lab]' torchinfo fvcore ptflops keras
    KERAS_BACKEND=torch python bench/count_conventions.py

Counters that are not installed are left out, and named. For every figure the script also computes, from mien's counts,
what the counter's convention gives, and says whether that explains the figure; it exits with 1 where it does not.
"""

import os
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from math import prod

import torch
from torch import nn
from torch.nn import functional

from mien.core.costs import CostTable
from mien.core.layer_costs import LayerCost
from mien.costing import cost
from mien.models.registry import build

os.environ.setdefault("KERAS_BACKEND", "torch")

ACTIVATIONS = ("LeakyReLU", "relu")
POOLS = ("AvgPool2d",)
PRODUCTS = ("Conv2d", "ConvTranspose2d", "Linear")


class Residual(nn.Module):
    """A residual block with squeeze-and-excitation: a shared convolution, functional calls, an addition."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.squeeze, self.excite = nn.Linear(8, 2), nn.Linear(2, 8)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        made = self.convolution(functional.relu(self.norm(self.convolution(values))))
        gate = torch.sigmoid(self.excite(functional.relu(self.squeeze(made.mean((2, 3))))))
        return functional.relu(values + made * gate[:, :, None, None])


class Attention(nn.Module):
    """Multi-head self-attention."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return self.attention(values, values, values, need_weights=False)[0]


NETWORKS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "report": (lambda: nn.Sequential(nn.Conv2d(5, 6, 2, stride=3), nn.Conv2d(6, 4, 2, stride=2)), (5, 8, 8)),
    "cnn": (lambda: build("cnn"), (1, 48, 48)),
    "dnn": (lambda: build("dnn"), (1, 48, 48)),
    "residual": (Residual, (8, 6, 6)),
    "transposed": (lambda: nn.Sequential(nn.ConvTranspose2d(4, 6, 3, stride=2)), (4, 5, 5)),
    "attention": (Attention, (5, 8)),
}


@dataclass(frozen=True)
class Counter:
    """A counter: how to ask it, what mien's counts say that it answers, and its convention in words."""

    package: str
    ask: Callable[[nn.Module, tuple[int, ...]], int]
    explain: Callable[[CostTable, nn.Module], int]
    convention: str


def products(row: LayerCost) -> int:
    return row.forward.multiplications if row.kind in PRODUCTS else 0


def biases(row: LayerCost) -> int:
    return row.forward.bias_additions if row.kind in PRODUCTS else 0


def elements(row: LayerCost) -> int:
    return prod(row.output_shape)


def normalised(row: LayerCost) -> int:
    return elements(row) if row.kind.startswith("BatchNorm") else 0


def projections(table: CostTable) -> tuple[int, int, int]:
    """Products and biases of attention's two linear layers, and its scores."""
    tokens, width = table.inputs[0]
    heads = 2
    return tokens * width * 4 * width, tokens * 4 * width, heads * tokens * tokens


def attends(table: CostTable) -> bool:
    return table.rows[0].kind == "MultiheadAttention"


def ask_torchinfo(module: nn.Module, shape: tuple[int, ...]) -> int:
    from torchinfo import summary

    return int(summary(module, (1, *shape), verbose=0).total_mult_adds)


def as_torchinfo(table: CostTable, _: nn.Module) -> int:
    if attends(table):
        return 0
    spread = sum(
        row.with_buffers * prod(row.output_shape[1:]) for row in table.rows if "Transpose" in row.kind
    )
    plain = [row for row in table.rows if "Transpose" not in row.kind]
    normalising = sum(row.trainable for row in plain if row.kind.startswith("BatchNorm"))
    return spread + normalising + sum(products(row) + biases(row) for row in plain)


def ask_fvcore(module: nn.Module, shape: tuple[int, ...]) -> int:
    from fvcore.nn import FlopCountAnalysis

    analysis = FlopCountAnalysis(module, torch.zeros(1, *shape))
    analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    return int(analysis.total())


def as_fvcore(table: CostTable, module: nn.Module) -> int:
    if attends(table):
        return projections(table)[0]
    unseen = {name for name, part in module.named_modules() if isinstance(getattr(part, "padding", 0), str)}
    seen = [row for row in table.rows if row.name not in unseen]
    return sum(products(row) + 2 * normalised(row) for row in seen)


def ask_ptflops(backend: str) -> Callable[[nn.Module, tuple[int, ...]], int]:
    def ask(module: nn.Module, shape: tuple[int, ...]) -> int:
        from ptflops import get_model_complexity_info

        figures = get_model_complexity_info(
            module, shape, as_strings=False, print_per_layer_stat=False, verbose=False, backend=backend
        )
        return int(figures[0])

    return ask


def as_ptflops(table: CostTable, _: nn.Module) -> int:
    if attends(table):
        return table.forward.multiplications + table.forward.bias_additions + projections(table)[2]
    pooled = [before for before, row in zip(table.rows, table.rows[1:], strict=False) if row.kind in POOLS]
    active = sum(elements(row) for row in table.rows if row.kind in ACTIVATIONS)
    normalising = sum(2 * normalised(row) for row in table.rows)
    return as_ptflops_aten(table, _) + normalising + active + 2 * sum(elements(row) for row in pooled)


def as_ptflops_aten(table: CostTable, _: nn.Module) -> int:
    if attends(table):
        return sum(projections(table)[:2])
    return sum(products(row) + biases(row) for row in table.rows)


def ask_torch(module: nn.Module, shape: tuple[int, ...]) -> int:
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(torch.zeros(1, *shape))
    return int(counter.get_total_flops())


def as_torch(table: CostTable, _: nn.Module) -> int:
    return 2 * sum(products(row) for row in table.rows)


COUNTERS = {
    "torchinfo": Counter(
        "torchinfo",
        ask_torchinfo,
        as_torchinfo,
        "parameters of a convolution, its bias too, times output places (wrong for transposed ones); of any other "
        "module once; what is no module with weights, 0; attention 0",
    ),
    "fvcore": Counter(
        "fvcore",
        ask_fvcore,
        as_fvcore,
        "multiplications, no bias; 2 a number for batch normalisation; a convolution with padding in words, "
        "activations, pooling, additions and fused attention 0",
    ),
    "ptflops": Counter(
        "ptflops",
        ask_ptflops("pytorch"),
        as_ptflops,
        "multiplications and biases; 2 a number for batch normalisation, 1 for an activation, 1 for a score; inputs "
        "of pooling twice, once for the module and once for the function in it; additions 0",
    ),
    "ptflops, aten": Counter(
        "ptflops",
        ask_ptflops("aten"),
        as_ptflops_aten,
        "multiplications and biases of convolutions and matrix products; everything else and fused attention 0",
    ),
    "FlopCounterMode": Counter(
        "torch",
        ask_torch,
        as_torch,
        "2 for each multiplication of convolutions and matrix products, no bias; everything else 0, and fused "
        "attention in evaluation mode too",
    ),
}


def keras_parameters() -> dict[str, tuple[int, int]]:
    """All and trainable parameters of the same layers in Keras."""
    from keras import Sequential, layers

    def head(widths: tuple[int, ...]) -> list:
        return [
            layer
            for width in widths
            for layer in (
                layers.Dense(width),
                layers.LeakyReLU(),
                layers.BatchNormalization(),
                layers.Dropout(0.4),
            )
        ]

    blocks = [
        layer
        for filters, kernel, padding in (
            (32, 4, "same"),
            (64, 4, "same"),
            (128, 3, "same"),
            (256, 3, "valid"),
        )
        for layer in (
            layers.Conv2D(filters, kernel, padding=padding),
            layers.LeakyReLU(),
            layers.BatchNormalization(),
            layers.AveragePooling2D(2),
            layers.Dropout(0.1),
        )
    ]
    face = layers.Input((48, 48, 1))
    models = {
        "report": [layers.Input((8, 8, 5)), layers.Conv2D(6, 2, strides=3), layers.Conv2D(4, 2, strides=2)],
        "cnn": [face, *blocks, layers.Flatten(), *head((1024, 512, 256)), layers.Dense(7)],
        "dnn": [face, layers.Flatten(), *head((820, 256)), layers.Dense(7)],
    }
    found = {}
    for name, parts in models.items():
        model = Sequential(parts)
        trainable = sum(prod(weight.shape) for weight in model.trainable_weights)
        found[name] = (model.count_params(), trainable)
    return found


def is_installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        print(f"{package} is not installed: left out")
        return False
    return True


def compare(name: str, counters: dict[str, Counter]) -> bool:
    """Print one network's lines; whether every figure is explained."""
    make, shape = NETWORKS[name]
    module = make().eval()
    table = cost(module, shape)
    forward = table.forward
    print(f"\n{name}, input {'x'.join(map(str, shape))}")
    named = {
        "multiplications": forward.multiplications,
        "additions": forward.additions,
        "bias": forward.bias_additions,
    }
    named["other operations"] = sum(forward.others.values())
    print(f"  {'mien':<16} {', '.join(f'{count:,} {kind}' for kind, count in named.items())}")
    explained = True
    for label, counter in counters.items():
        figure, expected = counter.ask(module, shape), counter.explain(table, module)
        explained &= figure == expected
        print(
            f"  {label:<16} {figure:>12,}   {'explained' if figure == expected else f'EXPECTED {expected:,}'}"
        )
    return explained


def compare_parameters() -> bool:
    """Print what Keras counts, which is parameters only."""
    print("\nKeras: parameters (trainable); it counts no operations")
    same = True
    for name, (every, trainable) in keras_parameters().items():
        make, shape = NETWORKS[name]
        table = cost(make(), shape)
        ours = (table.with_buffers, table.trainable)
        same &= ours == (every, trainable)
        print(f"  {name:<16} {every:>12,} ({trainable:,})   mien {ours[0]:,} ({ours[1]:,})")
    return same


def main() -> int:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    packages = ("torch", "torchinfo", "fvcore", "ptflops", "keras")
    installed = {package for package in packages if is_installed(package)}
    print(", ".join(f"{package} {version(package)}" for package in packages if package in installed))
    counters = {label: counter for label, counter in COUNTERS.items() if counter.package in installed}
    explained = all(tuple(compare(name, counters) for name in NETWORKS))
    if "keras" in installed:
        explained &= compare_parameters()
    print()
    for label, counter in counters.items():
        print(f"{label}: {counter.convention}")
    return 0 if explained else 1


if __name__ == "__main__":
    sys.exit(main())
