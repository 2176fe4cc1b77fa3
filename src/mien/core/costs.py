"""CostTable: what a network costs, one row a layer; every total is the sum of the rows."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from mien.core.layer_costs import LayerCost, Shape, plain
from mien.core.tallies import Tally
from mien.core.text_tables import TextTable, bar, number

_SUMS = (
    "trainable",
    "with_buffers",
    "forward",
    "backward_inputs",
    "backward_weights",
    "bytes_moved",
    "activation_bytes",
)


@dataclass(frozen=True, kw_only=True)
class CostTable:
    """The rows of a network and how they were counted.

    inputs        shapes without the batch, in the layout of the table
    layout        "channels first", or "channels last" (height x width x channels)
    mode          "inference", "folded" or "training"
    padding       "counted": products with padded zeros are operations; "skipped": they are not
    element_size  bytes of one number
    peak_rate     measured operations a second of this machine's matrix product, or None
    notes         what a reader of the numbers should know
    """

    network: str
    inputs: tuple[Shape, ...]
    rows: tuple[LayerCost, ...]
    batch: int = 1
    layout: str = "channels first"
    mode: str = "inference"
    padding: str = "counted"
    element_size: int = 4
    peak_rate: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def trainable(self) -> int:
        """Parameters that training moves."""
        return sum(row.trainable for row in self.rows)

    @property
    def with_buffers(self) -> int:
        """All stored numbers: trainable, frozen, and running statistics."""
        return sum(row.with_buffers for row in self.rows)

    @property
    def forward(self) -> Tally:
        """Operations of one pass."""
        return Tally.summed(row.forward for row in self.rows)

    @property
    def backward_inputs(self) -> Tally | None:
        """Operations that carry the gradient back through the layers; None where training was not counted."""
        return _summed(row.backward_inputs for row in self.rows)

    @property
    def backward_weights(self) -> Tally | None:
        """Operations that give the gradients of the parameters; None where training was not counted."""
        return _summed(row.backward_weights for row in self.rows)

    @property
    def operations(self) -> int:
        """Operations of every kind and every phase."""
        return sum(row.operations for row in self.rows)

    @property
    def bytes_moved(self) -> int:
        """Inputs, parameters and outputs of every layer, each read or written once."""
        return sum(row.bytes_moved for row in self.rows)

    @property
    def activation_bytes(self) -> int:
        """All outputs together, as training keeps them for the way back."""
        return sum(row.activation_bytes for row in self.rows)

    @property
    def peak_bytes(self) -> int:
        """Most activations that are in memory at the same time at inference."""
        return max((row.live_bytes for row in self.rows), default=0)

    @property
    def seconds(self) -> float | None:
        """Measured time of all layers, or None."""
        measured = [row.seconds for row in self.rows if row.seconds is not None]
        return sum(measured) if measured else None

    @property
    def uncounted(self) -> tuple[str, ...]:
        """Layers that do something without a counting rule, with what it is."""
        return tuple(f"{row.name}: {what}" for row in self.rows for what in row.uncounted)

    @property
    def lower_bound(self) -> bool:
        """Whether the true cost is above the totals, because something is not counted."""
        return bool(self.uncounted)

    def totals(self) -> dict[str, Any]:
        """Sums of the rows by name, and peak_bytes, which is a maximum."""
        return {name: plain(getattr(self, name)) for name in (*_SUMS, "operations", "peak_bytes", "seconds")}

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON has it, totals too."""
        own = {item.name: plain(getattr(self, item.name)) for item in fields(self)}
        return own | {
            "totals": self.totals(),
            "lower_bound": self.lower_bound,
            "uncounted": list(self.uncounted),
        }

    def to_json(self) -> str:
        """to_dict as text."""
        return json.dumps(self.to_dict(), indent=2)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The table that to_dict gave; totals are computed again."""
        given = {item.name: values[item.name] for item in fields(cls)}
        given["inputs"] = tuple(tuple(shape) for shape in given["inputs"])
        given["rows"] = tuple(LayerCost.from_dict(row) for row in given["rows"])
        given["notes"] = tuple(given["notes"])
        return cls(**given)

    def heading(self) -> str:
        """One line: the network, its input, and how it was counted."""
        inputs = ", ".join("x".join(map(str, shape)) for shape in self.inputs)
        batch = f", batch of {self.batch}" if self.batch > 1 else ""
        padding = ", products with padded zeros left out" if self.padding == "skipped" else ""
        return f"{self.network}, input {inputs} ({self.layout}){batch}, {self.mode}{padding}"

    def arithmetic(self) -> TextTable:
        """The table that the report has: parameters, multiplications, additions and biases of one pass, shares."""
        forward, mark = self.forward, "at least " * self.lower_bound
        total = ("total", "", number(self.with_buffers), *_counts(forward), mark.strip())
        return TextTable(
            title=self.heading(),
            headers=(
                "layer",
                "output",
                "parameters",
                "multiplications",
                "additions",
                "bias",
                "other",
                "share",
            ),
            rows=tuple(self._arithmetic_row(row, forward.total) for row in self.rows),
            totals=total,
            footer=self.remarks(),
            left=(0, 7),
        )

    def _arithmetic_row(self, row: LayerCost, total: int) -> tuple[str, ...]:
        share = row.forward.total / total if total else 0.0
        shape = "x".join(map(str, row.output_shape))
        mark = " *" * bool(row.uncounted)
        percent = " <1%" if 0 < share < 0.005 else f"{share:4.0%}"
        shown = f"{percent} {bar(share, 6)}".rstrip()
        return row.label + mark, shape, number(row.with_buffers), *_counts(row.forward), shown

    def remarks(self) -> tuple[str, ...]:
        """Lines below a table: what is trainable, the other operations by name, what is not counted, notes."""
        others = [
            f"{number(count)} {name if count > 1 else name[:-1]}"
            for name, count in self.forward.others.items()
        ]
        lines = [
            f"parameters: {number(self.trainable)} trainable, {number(self.with_buffers)} with running statistics"
        ]
        lines += [f"other operations: {', '.join(others)}"] if others else []
        lines += [f"* not counted, so that the totals are lower bounds: {what}" for what in self.uncounted]
        return tuple(lines) + self.notes

    def __str__(self) -> str:
        return self.arithmetic().as_text()

    def _repr_html_(self) -> str:
        return self.arithmetic().as_html()


def _counts(tally: Tally) -> tuple[str, str, str, str]:
    parts = (tally.multiplications, tally.additions, tally.bias_additions, sum(tally.others.values()))
    first, second, third, fourth = (number(part) for part in parts)
    return first, second, third, fourth


def _summed(tallies: Iterable[Tally | None]) -> Tally | None:
    given = [tally for tally in tallies if tally is not None]
    return Tally.summed(given) if given else None
