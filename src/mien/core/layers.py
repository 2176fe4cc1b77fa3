"""A network as the cost tools see it: layers with names, and the steps that they run, each with its shapes."""

from dataclasses import dataclass

from mien.core.operations import Operation
from mien.core.sliding import Shape


@dataclass(frozen=True, kw_only=True)
class Layer:
    """What a person calls a layer: one row of a table. `kind` is its class, `hidden` ones only change shapes."""

    name: str
    kind: str
    hidden: bool = False


@dataclass(frozen=True, kw_only=True)
class Step:
    """One operation as it runs.

    layer      index of the layer that it belongs to
    sources    indices of the steps whose output it takes; -1, -2, ... are the inputs of the network
    inputs     shapes of what it takes from them; after these, of constants
    trainable  parameters that training moves, those that an earlier step used left out
    stored     the same with frozen parameters and running statistics
    weights    parameters that it reads, shared ones too
    again      parameters that training moves and that an earlier step used too: their gradients are added up
    trains     whether a gradient of its parameters is wanted
    writes     whether its output takes memory of its own: not for a view or in place
    """

    layer: int
    operation: Operation
    sources: tuple[int, ...]
    inputs: tuple[Shape, ...]
    output: Shape
    trainable: int = 0
    stored: int = 0
    weights: int = 0
    again: int = 0
    trains: bool = False
    writes: bool = True


@dataclass(frozen=True, kw_only=True)
class Network:
    """Layers and steps in the order in which they run.

    inputs        shapes with the batch first
    layout        "channels first", or "channels last" where shapes are shown as height x width x channels
    element_size  bytes of one number
    """

    name: str
    inputs: tuple[Shape, ...]
    layers: tuple[Layer, ...]
    steps: tuple[Step, ...]
    layout: str = "channels first"
    element_size: int = 4
    notes: tuple[str, ...] = ()

    @property
    def batch(self) -> int:
        """Samples that run together."""
        return self.inputs[0][0]

    def shown(self, shape: Shape) -> Shape:
        """A shape as the table shows it: without the batch, channels where the layout has them."""
        inner = shape[1:] if len(shape) > 1 and shape[0] == self.batch else shape
        return (*inner[1:], inner[0]) if self.layout == "channels last" and len(shape) > 2 else inner
