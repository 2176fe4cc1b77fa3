"""Receptive fields: how many inputs, along each side, one number of a layer depends on.

André Araujo, Wade Norris and Jack Sim, "Computing Receptive Fields of Convolutional Neural Networks" (Distill, 2019).
The field is that of a place far from the borders: near a border some of it lies on padding. Statistics of a
normalisation, which depend on everything, are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from mien.core.layers import Network, Step
from mien.core.operations import Attention, Linear, MatrixProduct, Reduction, Unknown
from mien.core.sliding import AdaptivePooling, Convolution, Pooling, Shape


@dataclass(frozen=True, kw_only=True)
class _Field:
    """Along each side: inputs seen, inputs between neighbouring places, and number of places; and the input's sides."""

    seen: tuple[Fraction, ...]
    jump: tuple[Fraction, ...]
    places: Shape
    sides: Shape
    whole: bool = False  # it has met every place: nothing more is there to see

    def slid(self, reach: Sequence[int], jump: Sequence[Fraction], places: Shape) -> "_Field":
        """After a window that spans `reach` places and moves by `jump` places."""
        seen = tuple(s + (r - 1) * j for s, r, j in zip(self.seen, reach, self.jump, strict=True))
        jumps = tuple(j * step for j, step in zip(self.jump, jump, strict=True))
        return _Field(seen=seen, jump=jumps, places=places, sides=self.sides)

    def mixed(self) -> "_Field":
        """After something that meets every place: no more than the input is there to see."""
        every = self.slid(self.places, (Fraction(1),) * len(self.places), (1,) * len(self.places))
        seen = tuple(min(s, Fraction(side)) for s, side in zip(every.seen, self.sides, strict=True))
        return _Field(seen=seen, jump=self.jump, places=every.places, sides=self.sides, whole=True)


def receptive_fields(network: Network) -> list[Shape | None]:
    """One field a step, in the order of the sides; None for inputs without sides and after unknown operations."""
    fields: list[_Field | None] = []
    for step in network.steps:
        sources = [_start(network.inputs[-1 - at]) if at < 0 else fields[at] for at in step.sources]
        fields.append(_after(step, sources))
    return [None if field is None else tuple(ceil(seen) for seen in field.seen) for field in fields]


def _start(shape: Shape) -> _Field | None:
    sides = shape[2:]
    ones = (Fraction(1),) * len(sides)
    return _Field(seen=ones, jump=ones, places=sides, sides=sides) if sides else None


def _after(step: Step, sources: list[_Field | None]) -> _Field | None:
    known = [source for source in sources if source is not None]
    if not known or len(known) < len(sources) or isinstance(step.operation, Unknown):
        return None
    if len({len(field.sides) for field in known}) > 1:
        return None
    field = max(known, key=lambda each: (each.whole, each.seen))
    return field if field.whole else _moved(step, field)


def _moved(step: Step, field: _Field) -> _Field | None:
    operation = step.operation
    if isinstance(operation, Convolution | Pooling | AdaptivePooling):
        return _slid(operation, step, field) if len(step.output) - 2 == len(field.places) else None
    whole = (Attention, MatrixProduct)
    flat = isinstance(operation, Linear) and len(step.output) == 2
    over_sides = isinstance(operation, Reduction) and any(
        axis % len(step.inputs[0]) > 1 for axis in operation.axes
    )
    return field.mixed() if isinstance(operation, whole) or flat or over_sides else field


def _slid(operation: Convolution | Pooling | AdaptivePooling, step: Step, field: _Field) -> _Field:
    places = step.output[2:]
    if isinstance(operation, AdaptivePooling):
        if set(places) == {1}:
            return field.mixed()
        sides = list(zip(step.inputs[0][2:], places, strict=True))
        reach = [max(operation.windows(n, o)) for n, o in sides]
        return field.slid(reach, [Fraction(n, o) for n, o in sides], places)
    spans = [d * (k - 1) + 1 for k, d in zip(operation.kernel, operation.dilation, strict=True)]
    if isinstance(operation, Convolution) and operation.transposed:
        reach = [-(-span // stride) for span, stride in zip(spans, operation.stride, strict=True)]
        return field.slid(reach, [Fraction(1, stride) for stride in operation.stride], places)
    return field.slid(spans, [Fraction(stride) for stride in operation.stride], places)
