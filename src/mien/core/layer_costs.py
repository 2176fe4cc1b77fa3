"""LayerCost: what one layer of a network costs, and the formulas that say so."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

from mien.core.errors import ConfigError
from mien.core.tallies import Tally

Shape = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Formula:
    """How a count comes about, with the numbers of the layer filled in: text = value."""

    phase: str  # "parameters", "forward", "backward to inputs", "backward to weights"
    quantity: str
    text: str
    value: int

    def __str__(self) -> str:
        return f"{self.text} = {self.value}"


@dataclass(frozen=True, kw_only=True)
class LayerCost:
    """What one layer costs for a whole batch.

    output_shape      without the batch, in the layout of the table
    trainable         parameters that training moves; a layer that uses them again counts none
    with_buffers      the same with frozen parameters and running statistics
    forward           operations of one pass
    backward_inputs   operations that carry the gradient back through it; None where training was not asked for
    backward_weights  operations that give the gradients of its parameters; None where training was not asked for
    bytes_moved       inputs and parameters read once, outputs written once
    activation_bytes  memory of its output; 0 for a view or in place
    live_bytes        activations that are in memory while it runs, at inference
    receptive_field   how many inputs one output depends on, a number a side; None where sides have no meaning
    uncounted         what it does that has no counting rule; never counted as zero
    seconds           measured, or None

    Raises ConfigError where a count is negative, or more is trainable than is stored.
    """

    name: str
    kind: str
    output_shape: Shape
    trainable: int = 0
    with_buffers: int = 0
    forward: Tally = field(default_factory=Tally)
    backward_inputs: Tally | None = None
    backward_weights: Tally | None = None
    bytes_moved: int = 0
    activation_bytes: int = 0
    live_bytes: int = 0
    receptive_field: Shape | None = None
    formulas: tuple[Formula, ...] = ()
    uncounted: tuple[str, ...] = ()
    seconds: float | None = None

    def __post_init__(self) -> None:
        numbers = (self.trainable, self.bytes_moved, self.activation_bytes, self.live_bytes)
        if min(numbers) < 0 or self.with_buffers < self.trainable:
            raise ConfigError(
                f"layer {self.name}: expected counts of 0 or more, and no more trainable than stored"
            )

    @property
    def label(self) -> str:
        """Name and kind, the kind left out where the name says it."""
        return self.name if self.kind.lower() in self.name.lower() else f"{self.name} {self.kind}"

    @property
    def phases(self) -> dict[str, Tally]:
        """The phases that were counted, in their order."""
        named = {
            "forward": self.forward,
            "backward to inputs": self.backward_inputs,
            "backward to weights": self.backward_weights,
        }
        return {name: tally for name, tally in named.items() if tally is not None}

    @property
    def operations(self) -> int:
        """Operations of every kind and every phase that was counted."""
        return sum(tally.total for tally in self.phases.values())

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON has it."""
        return {item.name: plain(getattr(self, item.name)) for item in fields(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The layer that to_dict gave."""
        given = dict(values)
        for name in ("forward", "backward_inputs", "backward_weights"):
            given[name] = None if given[name] is None else Tally(given[name])
        for name in ("output_shape", "receptive_field", "uncounted"):
            given[name] = None if given[name] is None else tuple(given[name])
        given["formulas"] = tuple(Formula(**formula) for formula in given["formulas"])
        return cls(**given)


def plain(value: Any) -> Any:
    """A value of a cost table as JSON has it."""
    if isinstance(value, Tally | LayerCost):
        return value.to_dict()
    if isinstance(value, Formula):
        return asdict(value)
    return [plain(part) for part in value] if isinstance(value, tuple) else value
