"""The complexity of l layers as a formula, its bound, and how the cost grows when one of its sizes doubles.

Operations of l convolutions: sum over i of (2 C_{i-1} K_i^2 - 1) C_i N_i^2; bound: O(sum of N_i^2 K_i^2 C_{i-1} C_i).
A linear layer is a convolution with K = N = 1. Growth is counted: the network is laid out again with the doubled size
and every operation of it is counted, beside what the bound predicts.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from math import prod
from typing import Any

from mien.analysis.cost.counting import count
from mien.analysis.cost.expression import Expression, power, product
from mien.analysis.cost.rules import work
from mien.analysis.cost.work import Setting, times
from mien.core.chain import Chain
from mien.core.errors import ConfigError
from mien.core.layers import Network, Step
from mien.core.operations import Elementwise, Linear, Operation
from mien.core.sliding import Convolution, Shape


@dataclass(frozen=True, kw_only=True)
class Growth:
    """What doubling one size does.

    predicted   factor by which the bound's leading term grows
    bound       factor by which the bound grows with the real sizes put in
    products    multiplications and additions of the convolution and linear layers afterwards
    operations  all operations of the network afterwards
    factor      of products; network_factor: of operations. None of the four where the network cannot be laid out
    why         where the difference to the prediction comes from, or why it cannot be laid out
    """

    change: str
    predicted: int
    why: str
    bound: float | None = None
    products: int | None = None
    factor: float | None = None
    operations: int | None = None
    network_factor: float | None = None


@dataclass(frozen=True, kw_only=True)
class Complexity:
    """The formula with the sizes of each layer filled in, its value, the bound, and the growths."""

    formula: str
    products: int
    bound_formula: str
    bound: int
    growths: tuple[Growth, ...]

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON has it."""
        return asdict(self)


def complexity(network: Network) -> Complexity:
    """Formula, bound and growth of a network. Raises ConfigError where it has neither convolution nor linear layer."""
    steps = _weighted(network)
    if not steps:
        raise ConfigError(
            f"{network.name} has no convolution and no linear layer: there is no size to double"
        )
    terms, bounds = [_term(step) for step in steps], [_bound(step) for step in steps]
    return Complexity(
        formula=" + ".join(term.text for term in terms),
        products=sum(term.value for term in terms),
        bound_formula=" + ".join(bound.text for bound in bounds),
        bound=sum(bound.value for bound in bounds),
        growths=tuple(_growth(network, *change) for change in _changes(network)),
    )


def _weighted(network: Network) -> list[Step]:
    return [step for step in network.steps if isinstance(step.operation, Convolution | Linear)]


def _products(network: Network) -> int:
    return sum(_term(step).value for step in _weighted(network))


def _term(step: Step) -> Expression:
    """(2*C*K*K-1)*C'*N^2, or for a transposed convolution, whose sums differ in length, both counts added."""
    operation = step.operation
    if isinstance(operation, Convolution) and operation.transposed:
        forward = work(step, Setting()).forward or {}
        return product([2, _bound(step)]) - (forward["multiplications"].value - forward["additions"].value)
    kernel, read, out, places = _sizes(step)
    return (product([2, *kernel, read]) - 1) * out * places


def _bound(step: Step) -> Expression:
    kernel, read, out, places = _sizes(step)
    return product([places, *kernel, read, out])


def _sizes(step: Step) -> tuple[Shape, int, int, Expression]:
    """Kernel, channels read by each sum, channels written, and places (with the samples)."""
    operation, source = step.operation, step.inputs[0]
    if isinstance(operation, Convolution):
        windows = operation.windows(source, step.output)
        places = times(power(window.positions for window in windows), source[0])
        return operation.kernel, source[1] // operation.groups, operation.out_channels, places
    return (), source[-1], step.output[-1], product([prod(source[:-1])])


_Change = tuple[str, int, str, Callable[[Network], Network]]


def _changes(network: Network) -> list[_Change]:
    sides = max(
        (len(s.operation.kernel) for s in network.steps if isinstance(s.operation, Convolution)), default=0
    )
    first = _weighted(network)[0].inputs[0][1]
    width = f"the input keeps its size of {first}, a last linear layer its outputs"
    longer = "a sum of n products has n - 1 additions; padding keeps every output at its size"
    deeper = "an added layer reads as many channels as it writes, the one before it may read fewer"
    if not sides:
        return [
            ("width doubled", 4, width, _wider),
            ("depth doubled", 2, deeper, _deeper),
        ]
    return [
        (
            "kernel doubled",
            2**sides,
            longer
            if all(isinstance(step.operation, Convolution) for step in _weighted(network))
            else f"{longer}; linear layers have no kernel",
            _larger_kernels,
        ),
        ("channels doubled", 4, width, _wider),
        ("input side doubled", 2**sides, "at the borders N does not double exactly", _larger_input),
        ("depth doubled", 2, deeper, _deeper),
    ]


def _growth(
    network: Network, change: str, predicted: int, why: str, grow: Callable[[Network], Network]
) -> Growth:
    try:
        grown = grow(network)
    except ConfigError as error:
        return Growth(change=change, predicted=predicted, why=f"cannot be laid out: {error}")
    before, after = count(network).operations, count(grown).operations
    bounds = [sum(_bound(step).value for step in _weighted(each)) for each in (network, grown)]
    products = _products(grown)
    return Growth(
        change=change,
        predicted=predicted,
        why=why,
        bound=bounds[1] / bounds[0],
        products=products,
        factor=products / _products(network),
        operations=after,
        network_factor=after / before,
    )


def _larger_kernels(network: Network) -> Network:
    return _laid_out(network, lambda _, step: [_larger_kernel(step.operation)])


def _larger_kernel(operation: Operation) -> Operation:
    """Twice the kernel, with so much more padding that the output keeps its size."""
    if not isinstance(operation, Convolution):
        return operation
    more = [d * k for d, k in zip(operation.dilation, operation.kernel, strict=True)]
    sides = zip(operation.padding, more, strict=True)
    padding = tuple((before + extra // 2, after + extra - extra // 2) for (before, after), extra in sides)
    return replace(operation, kernel=tuple(2 * k for k in operation.kernel), padding=padding)


def _wider(network: Network) -> Network:
    last = max(
        at for at, step in enumerate(network.steps) if isinstance(step.operation, Convolution | Linear)
    )
    return _laid_out(network, lambda at, step: [_wider_layer(step, is_last=at == last)])


def _wider_layer(step: Step, *, is_last: bool) -> Operation:
    operation = step.operation
    if isinstance(operation, Convolution):
        depthwise = operation.groups == step.inputs[0][1] > 1
        groups = operation.groups * (2 if depthwise else 1)
        return replace(operation, out_channels=2 * operation.out_channels, groups=groups)
    if isinstance(operation, Linear) and not is_last:
        return replace(operation, out_features=2 * operation.out_features)
    if isinstance(operation, Elementwise) and operation.weight > 1:
        return replace(operation, weight=2 * operation.weight)
    return operation


def _larger_input(network: Network) -> Network:
    inputs = tuple((*shape[:2], *(2 * side for side in shape[2:])) for shape in network.inputs)
    return _laid_out(replace(network, inputs=inputs), lambda _, step: [step.operation])


def _deeper(network: Network) -> Network:
    """After each convolution another of the same width and kernel that keeps the size; without any, linear layers."""
    steps = network.steps
    convolutional = any(isinstance(step.operation, Convolution) for step in steps)
    last = max(at for at, step in enumerate(steps) if isinstance(step.operation, Convolution | Linear))

    def twice(at: int, step: Step) -> list[Operation]:
        operation = step.operation
        if isinstance(operation, Convolution):
            return [operation, _size_keeping(operation)]
        again = isinstance(operation, Linear) and not convolutional and at != last
        return [operation, operation] if again else [operation]

    return _laid_out(network, twice)


def _size_keeping(operation: Convolution) -> Convolution:
    spans = [d * (k - 1) for d, k in zip(operation.dilation, operation.kernel, strict=True)]
    padding = tuple((span // 2, span - span // 2) for span in spans)
    ones = (1,) * len(operation.kernel)
    return replace(operation, stride=ones, padding=padding, transposed=False, output_padding=())


def _laid_out(network: Network, change: Callable[[int, Step], list[Operation]]) -> Network:
    """The network again, each step replaced by the operations that `change` gives for it."""
    chain = Chain(inputs=network.inputs)
    placed: dict[int, int] = {}
    for at, step in enumerate(network.steps):
        if not step.sources:
            continue
        layer = network.layers[step.layer]
        chain.layer(layer.name, layer.kind)
        sources = [placed[source] if source >= 0 else source for source in step.sources]
        first, *more = change(at, step)
        try:
            placed[at] = chain.add(first, *sources, copies=step.writes)
            for operation in more:
                placed[at] = chain.add(operation)
        except ConfigError as error:
            raise ConfigError(f"{layer.name}: {error}") from error
    return chain.network(network.name, network.layout)
