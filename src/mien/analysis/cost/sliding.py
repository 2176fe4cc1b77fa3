"""Counting rules for convolution, transposed convolution and pooling.

Vincent Dumoulin and Francesco Visin, "A guide to convolution arithmetic for deep learning" (2016), has the geometry.
A plain convolution gathers: each place of the output sums over the taps. A transposed one scatters: each place of the
input adds to as many places of the output as there are taps. Each is the way back of the other.
"""

from dataclasses import dataclass

from mien.analysis.cost.expression import Expression, expression, power, product
from mien.analysis.cost.work import NOTHING, Counts, Padding, Setting, Work, counts, times
from mien.core.layers import Step
from mien.core.sliding import AdaptivePooling, Convolution, Pooling
from mien.core.windows import Window


@dataclass(frozen=True, kw_only=True)
class _Walk:
    """Windows over a map, the samples of the batch, and whether padding counts."""

    windows: tuple[Window, ...]
    batch: int
    padding: Padding

    @property
    def taps(self) -> Expression:
        return product(window.kernel for window in self.windows)

    @property
    def positions(self) -> Expression:
        return power(window.positions for window in self.windows)

    def gathered(self, inner: int, outer: int) -> Counts:
        """Each position of each outer channel sums over its taps and the inner channels."""
        if self.padding == "counted":
            size = self.taps * inner
            return self._batched(size * outer * self.positions, (size - 1) * outer * self.positions)
        pairs = power(window.pairs_inside for window in self.windows)
        places = power(window.positions_inside for window in self.windows)
        return self._batched(pairs * inner * outer, (pairs * inner - places) * outer)

    def scattered(self, inner: int, outer: int) -> Counts:
        """Each place of each outer channel of the map collects what the positions of the inner channels send."""
        if self.padding == "counted":
            pairs = self.taps * inner * self.positions
            places = power(window.covered for window in self.windows)
        else:
            pairs = power(window.pairs_inside for window in self.windows) * inner
            places = power(window.covered_inside for window in self.windows)
        return self._batched(pairs * outer, (pairs - places) * outer)

    def weighed(self, inner: int, outer: int) -> Counts:
        """Each weight sums its products over the positions and the samples."""
        if self.padding == "counted":
            weights, sums = self.taps * inner * outer, times(self.positions, self.batch)
            return counts(multiplications=weights * sums, additions=weights * (sums - 1))
        pairs = times(power(window.pairs_inside for window in self.windows), self.batch)
        used = power(window.taps_inside for window in self.windows)
        return counts(multiplications=pairs * inner * outer, additions=(pairs - used) * inner * outer)

    def _batched(self, multiplications: Expression, additions: Expression) -> Counts:
        return counts(
            multiplications=times(multiplications, self.batch), additions=times(additions, self.batch)
        )


def convolution(operation: Convolution, step: Step, setting: Setting) -> Work:
    """Multiplications, additions inside the sums, and the bias; and those of the way back."""
    source, channels = step.inputs[0], operation.out_channels
    walk = _Walk(windows=operation.windows(source, step.output), batch=source[0], padding=setting.padding)
    read, sent = source[1] // operation.groups, channels // operation.groups
    forward = walk.scattered(read, channels) if operation.transposed else walk.gathered(read, channels)
    back = walk.gathered(sent, source[1]) if operation.transposed else walk.scattered(sent, source[1])
    bias = channels * operation.bias
    places = times(power(step.output[2:]), source[0])
    return Work(
        forward={**forward, **counts(bias_additions=expression(bias) * places)},
        to_inputs=back,
        to_weights={**walk.weighed(read, channels), **counts(bias_additions=expression(bias) * (places - 1))},
    )


def convolution_parameters(operation: Convolution, step: Step) -> Expression:
    """Weights and biases: 2*2*5*6+6."""
    read = step.inputs[0][1] // operation.groups
    weights = product([*operation.kernel, read, operation.out_channels])
    return weights + operation.out_channels if operation.bias else weights


def pooling(operation: Pooling, step: Step, setting: Setting) -> Work:
    """One comparison or addition less than a window has inputs; the average divides once.

    On the way back each output sends its gradient to the inputs of its window (average) or to the largest (max);
    where windows overlap these are added.
    """
    walk = _Walk(windows=operation.windows(step.inputs[0], step.output), batch=1, padding=setting.padding)
    maps = step.output[0] * step.output[1]
    sums = walk.gathered(1, maps).get("additions", expression(0))
    outputs = walk.positions * maps
    if operation.function == "max":
        overlapping = any(k > s for k, s in zip(operation.kernel, operation.stride, strict=True))
        return Work(
            forward=counts(comparisons=sums), to_inputs=counts(additions=outputs) if overlapping else NOTHING
        )
    meets = walk.scattered(1, maps).get("additions", expression(0))
    return Work(
        forward=counts(additions=sums, divisions=outputs),
        to_inputs=counts(additions=meets, divisions=outputs),
    )


def adaptive_pooling(operation: AdaptivePooling, step: Step, _: Setting) -> Work:
    """As pooling, with windows of different lengths that may overlap by one."""
    source, maps = step.inputs[0], step.output[0] * step.output[1]
    pairs, places = power(operation.pairs(source)), power(operation.sizes)
    inside = power(
        min(n, sum(operation.windows(n, o))) for n, o in zip(source[2:], operation.sizes, strict=True)
    )
    sums, outputs, meets = (pairs - places) * maps, places * maps, (pairs - inside) * maps
    if operation.function == "max":
        overlapping = meets.value > 0
        return Work(
            forward=counts(comparisons=sums), to_inputs=counts(additions=outputs) if overlapping else NOTHING
        )
    return Work(
        forward=counts(additions=sums, divisions=outputs),
        to_inputs=counts(additions=meets, divisions=outputs),
    )
