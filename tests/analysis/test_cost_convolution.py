"""The counting rules against a convolution in plain Python that counts what it does, and against torch's results."""

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch.nn import functional

from mien.analysis.cost.sliding import convolution
from mien.analysis.cost.work import Setting
from mien.core.errors import ConfigError
from mien.core.layers import Step
from mien.core.sliding import Convolution
from tests.analysis.brute_force import (
    Geometry,
    Meter,
    Number,
    back_to_inputs,
    back_to_weights,
    convolved,
    spread,
)

PLAIN = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}
TRANSPOSED = {1: functional.conv_transpose1d, 2: functional.conv_transpose2d, 3: functional.conv_transpose3d}
LARGEST_SIDE = {1: 7, 2: 4, 3: 2}
LARGEST_KERNEL = {1: 4, 2: 3, 3: 2}


@st.composite
def configurations(draw: st.DrawFn, *, fitting: bool = True) -> tuple[Convolution, tuple[int, ...]]:
    """A convolution of any kind and the shape of its input; unless `fitting`, kernels may be too large for it."""
    dimensions = draw(st.sampled_from([1, 1, 2, 2, 2, 3]))

    def sizes(low: int, high: int) -> tuple[int, ...]:
        return tuple(draw(st.integers(low, high)) for _ in range(dimensions))

    transposed, groups = draw(st.booleans()), draw(st.integers(1, 3))
    kernel, stride, dilation = sizes(1, LARGEST_KERNEL[dimensions]), sizes(1, 3), sizes(1, 2)
    spans = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    extra = tuple(
        draw(st.integers(0, max(s, d) - 1)) * transposed for s, d in zip(stride, dilation, strict=True)
    )
    # torch knows only equal padding before and after for transposed convolutions; they may not lose all their output
    most = [
        min(2, (span + more) // 2) if transposed and fitting else 2
        for span, more in zip(spans, extra, strict=True)
    ]
    before = tuple(draw(st.integers(0, high)) for high in most)
    after = before if transposed else sizes(0, 2)
    least = [max(1, span + 1 - b - a) for span, b, a in zip(spans, before, after, strict=True)]
    if transposed or not fitting:
        least = [1] * dimensions
    sides = tuple(draw(st.integers(low, max(low, LARGEST_SIDE[dimensions]))) for low in least)
    operation = Convolution(
        out_channels=groups * draw(st.integers(1, 2)),
        kernel=kernel,
        stride=stride,
        padding=tuple(zip(before, after, strict=True)),
        dilation=dilation,
        groups=groups,
        bias=draw(st.booleans()),
        transposed=transposed,
        output_padding=extra if transposed else (),
    )
    return operation, (draw(st.integers(1, 2)), groups * draw(st.integers(1, 2)), *sides)


def exactly(examples: int) -> settings:
    """So many examples, the same at every run, however long they take."""
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(
        max_examples=examples, derandomize=True, deadline=None, database=None, suppress_health_check=slow
    )


@exactly(2000)
@given(configurations())
def test_counts_equal_a_convolution_that_counts_itself(drawn: tuple[Convolution, tuple[int, ...]]) -> None:
    operation, shape = drawn
    source, weights = numbers(shape, 1), numbers(weight_shape(operation, shape), 2)
    source.requires_grad_()
    weights.requires_grad_()
    expected = by_torch(operation, source, weights)
    assert operation.output(shape) == tuple(expected.shape)
    gradient = numbers(expected.shape, 3)
    expected.backward(gradient)
    for padding in ("counted", "skipped"):
        check_forward(operation, source, weights, expected, padding)
        check_gradients(operation, source, weights, gradient, padding)


@exactly(300)
@given(configurations(fitting=False))
def test_what_torch_cannot_convolve_is_refused(drawn: tuple[Convolution, tuple[int, ...]]) -> None:
    operation, shape = drawn
    try:
        expected = tuple(
            by_torch(operation, numbers(shape, 1), numbers(weight_shape(operation, shape), 2)).shape
        )
    except RuntimeError:
        with pytest.raises(ConfigError):
            operation.output(shape)
    else:
        assert operation.output(shape) == expected


def test_groups_that_do_not_divide_are_refused() -> None:
    operation = Convolution(
        out_channels=4, kernel=(1,), stride=(1,), padding=((0, 0),), dilation=(1,), groups=2
    )
    with pytest.raises(ConfigError, match="2 groups do not divide 3 into 4 channels"):
        operation.output((1, 3, 5))


def weight_shape(operation: Convolution, shape: tuple[int, ...]) -> tuple[int, ...]:
    if operation.transposed:
        return shape[1], operation.out_channels // operation.groups, *operation.kernel
    return operation.out_channels, shape[1] // operation.groups, *operation.kernel


def numbers(shape: tuple[int, ...], seed: int) -> torch.Tensor:
    values = np.random.default_rng(seed).integers(-4, 5, size=tuple(shape))
    return torch.tensor(values, dtype=torch.float64)


def by_torch(operation: Convolution, source: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    dimensions = len(operation.kernel)
    if operation.transposed:
        before = tuple(pair[0] for pair in operation.padding)
        return TRANSPOSED[dimensions](
            source,
            weights,
            stride=operation.stride,
            padding=before,
            output_padding=operation.output_padding,
            groups=operation.groups,
            dilation=operation.dilation,
        )
    around = [size for pair in reversed(operation.padding) for size in pair]
    return PLAIN[dimensions](
        functional.pad(source, around),
        weights,
        stride=operation.stride,
        dilation=operation.dilation,
        groups=operation.groups,
    )


def geometry_of(operation: Convolution, shape: tuple[int, ...]) -> Geometry:
    """A transposed convolution walks over its output: its input's channels are the ones that are sent."""
    read, sent = shape[1] // operation.groups, operation.out_channels // operation.groups
    return Geometry(
        batch=shape[0],
        groups=operation.groups,
        read=read,
        sent=sent,
        kernel=operation.kernel,
        stride=operation.stride,
        before=tuple(pair[0] for pair in operation.padding),
        dilation=operation.dilation,
    )


def metered(values: torch.Tensor, meter: Meter) -> dict[tuple[int, ...], Number]:
    flat = values.detach().numpy()
    return {place: Number(int(flat[place]), meter) for place in np.ndindex(flat.shape)}


def counted(operation: Convolution, shape: tuple[int, ...], output: tuple[int, ...], padding: str):
    step = Step(layer=0, operation=operation, sources=(-1,), inputs=(shape,), output=output)
    return convolution(operation, step, Setting(training=True, padding=padding, wanted=(True,)))


def value(counts, name: str) -> int:
    return counts[name].value if name in counts else 0


def check_forward(operation, source, weights, expected, padding) -> None:
    meter = Meter()
    shape, output = tuple(source.shape), tuple(expected.shape)
    geometry = geometry_of(operation, shape)
    run = spread if operation.transposed else convolved
    walked, steps = (output, shape) if operation.transposed else (shape, output)
    skip = padding == "skipped"
    made = run(geometry, metered(source, meter), metered(weights, meter), walked[2:], steps[2:], skip=skip)
    zero = Number(0, meter)
    assert all(
        made.get(place, zero).value == number for place, number in np.ndenumerate(expected.detach().numpy())
    )
    forward = counted(operation, shape, output, padding).forward
    assert (value(forward, "multiplications"), value(forward, "additions")) == (
        meter.multiplications,
        meter.additions,
    )
    before = meter.additions
    for place in np.ndindex(output) if operation.bias else ():
        made.get(place, zero) + Number(1, meter)
    assert value(forward, "bias additions") == meter.additions - before


def check_gradients(operation, source, weights, gradient, padding) -> None:
    shape, output = tuple(source.shape), tuple(gradient.shape)
    geometry, skip = geometry_of(operation, shape), padding == "skipped"
    work = counted(operation, shape, output, padding)
    meter = Meter()
    arguments = (metered(gradient, meter), metered(weights, meter))
    if operation.transposed:
        turned = turn(geometry)
        inputs = convolved(turned, *arguments, output[2:], shape[2:], skip=skip)
    else:
        inputs = back_to_inputs(geometry, *arguments, shape[2:], output[2:], skip=skip)
    agree(inputs, source.grad, meter, work.to_inputs)
    meter = Meter()
    if operation.transposed:
        parts = (metered(source, meter), metered(gradient, meter))
        made = back_to_weights(turn(geometry), *parts, output[2:], shape[2:], skip=skip)
    else:
        parts = (metered(gradient, meter), metered(source, meter))
        made = back_to_weights(geometry, *parts, shape[2:], output[2:], skip=skip)
    agree(made, weights.grad, meter, work.to_weights)
    places = output[0] * int(np.prod(output[2:]))
    assert value(work.to_weights, "bias additions") == operation.bias * operation.out_channels * (places - 1)


def turn(geometry: Geometry) -> Geometry:
    """The same geometry seen from the other side."""
    fields = geometry.__dict__ | {"read": geometry.sent, "sent": geometry.read}
    return Geometry(**fields)


def agree(made, expected: torch.Tensor, meter: Meter, counts) -> None:
    zero = Number(0, meter)
    assert all(made.get(place, zero).value == number for place, number in np.ndenumerate(expected.numpy()))
    assert (value(counts, "multiplications"), value(counts, "additions")) == (
        meter.multiplications,
        meter.additions,
    )
