"""Convolutions in plain Python on numbers that count what is done to them: the independent source of the counts."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product

Place = tuple[int, ...]
Numbers = dict[Place, "Number"]


@dataclass
class Meter:
    """How many operations the numbers of one computation have done."""

    multiplications: int = 0
    additions: int = 0
    comparisons: int = 0


class Number:
    """An integer that reports to a meter whenever it is multiplied, added, or compared."""

    __slots__ = ("meter", "value")

    def __init__(self, value: int, meter: Meter) -> None:
        self.value, self.meter = value, meter

    def __mul__(self, other: "Number") -> "Number":
        self.meter.multiplications += 1
        return Number(self.value * other.value, self.meter)

    def __add__(self, other: "Number") -> "Number":
        self.meter.additions += 1
        return Number(self.value + other.value, self.meter)

    def larger(self, other: "Number") -> "Number":
        self.meter.comparisons += 1
        return self if self.value >= other.value else other


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """A convolution as its definition has it: sizes only."""

    batch: int
    groups: int
    read: int  # channels of a group on the input's side
    sent: int  # channels of a group on the output's side
    kernel: Place
    stride: Place
    before: Place
    dilation: Place

    def meetings(
        self, steps: Place, sides: Place, *, skip: bool
    ) -> Iterator[tuple[int, int, int, Place, Place, Place]]:
        """Sample, channels on both sides, step of the window, tap, and the place that the tap meets."""
        walks = [each for each in self.walks(steps) if not skip or inside(each[2], sides)]
        channels = product(range(self.batch), range(self.groups), range(self.read), range(self.sent))
        for sample, group, read, sent in channels:
            for walk, tap, place in walks:
                yield sample, group * self.read + read, group * self.sent + sent, walk, tap, place

    @cache  # noqa: B019
    def walks(self, steps: Place) -> list[tuple[Place, Place, Place]]:
        """Each step of the window with each tap, and the place where they are."""
        taps = list(product(*(range(size) for size in self.kernel)))
        return [
            (walk, tap, tuple(map(self._place, walk, self.stride, tap, self.dilation, self.before)))
            for walk in product(*(range(size) for size in steps))
            for tap in taps
        ]

    @staticmethod
    def _place(step: int, stride: int, tap: int, dilation: int, before: int) -> int:
        return step * stride + tap * dilation - before


def accumulate(sums: Numbers, key: Place, term: Number) -> None:
    """Add a term to a sum; the first term of a sum is no addition."""
    sums[key] = sums[key] + term if key in sums else term


def inside(place: Place, sides: Place) -> bool:
    """Whether a place lies on the map and not on its padding."""
    return all(0 <= at < side for at, side in zip(place, sides, strict=True))


def convolved(
    geometry: Geometry, inputs: Numbers, weights: Numbers, sides: Place, steps: Place, *, skip: bool
) -> Numbers:
    """The convolution's output (n, c, *steps) before the bias; `skip` leaves out what falls on padding."""
    sums: Numbers = {}
    zero = Number(0, next(iter(weights.values())).meter)
    for sample, read, sent, walk, tap, place in geometry.meetings(steps, sides, skip=skip):
        weight = weights[(sent, read % geometry.read, *tap)]
        accumulate(sums, (sample, sent, *walk), inputs.get((sample, read, *place), zero) * weight)
    return sums


def spread(
    geometry: Geometry, inputs: Numbers, weights: Numbers, sides: Place, steps: Place, *, skip: bool
) -> Numbers:
    """The transposed convolution's output (n, c, *sides); places outside are computed too unless `skip`."""
    sums: Numbers = {}
    for sample, read, sent, walk, tap, place in geometry.meetings(steps, sides, skip=skip):
        weight = weights[(read, sent % geometry.sent, *tap)]
        accumulate(sums, (sample, sent, *place), inputs[(sample, read, *walk)] * weight)
    return sums


def back_to_inputs(
    geometry: Geometry, gradients: Numbers, weights: Numbers, sides: Place, steps: Place, *, skip: bool
) -> Numbers:
    """Gradient of a convolution's input, by the chain rule term by term."""
    sums: Numbers = {}
    for sample, read, sent, walk, tap, place in geometry.meetings(steps, sides, skip=skip):
        weight = weights[(sent, read % geometry.read, *tap)]
        accumulate(sums, (sample, read, *place), gradients[(sample, sent, *walk)] * weight)
    return sums


def back_to_weights(
    geometry: Geometry, gradients: Numbers, inputs: Numbers, sides: Place, steps: Place, *, skip: bool
) -> Numbers:
    """Gradient of a convolution's weights, by the chain rule term by term."""
    sums: Numbers = {}
    zero = Number(0, next(iter(gradients.values())).meter)
    for sample, read, sent, walk, tap, place in geometry.meetings(steps, sides, skip=skip):
        term = gradients[(sample, sent, *walk)] * inputs.get((sample, read, *place), zero)
        accumulate(sums, (sent, read % geometry.read, *tap), term)
    return sums
