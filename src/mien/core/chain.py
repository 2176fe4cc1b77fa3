"""Chain: lays a network out step by step from operations alone; shapes and parameters follow from the input."""

from dataclasses import dataclass, field

from mien.core.layers import Layer, Network, Step
from mien.core.operations import Flatten, Folded, Operation, new_parameters
from mien.core.sliding import Shape

_VIEWS = (Flatten, Folded)


@dataclass
class Chain:
    """A network that grows: name a layer, then add its operations; each takes the step before it unless told otherwise.

    >>> from mien.core.operations import Linear
    >>> chain = Chain(inputs=((1, 10),))
    >>> chain.layer("linear 3", "linear")
    >>> chain.add(Linear(out_features=3)), chain.shape(0), chain.steps[0].trainable
    (0, (1, 3), 33)
    """

    inputs: tuple[Shape, ...]
    layers: list[Layer] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    @property
    def last(self) -> int:
        """Index of the last step; -1, the input, before the first."""
        return len(self.steps) - 1

    def shape(self, at: int) -> Shape:
        """Output of a step, or the input -1, -2, ..."""
        return self.steps[at].output if at >= 0 else self.inputs[-1 - at]

    def layer(self, name: str, kind: str) -> None:
        """Begin a layer: the operations that follow belong to it."""
        self.layers.append(Layer(name=name, kind=kind))

    def add(self, operation: Operation, *sources: int, copies: bool = True) -> int:
        """Append an operation and return its index. Raises ConfigError where it does not fit its inputs.

        copies   False where the output is only another view of the input
        """
        taken = sources or (self.last,)
        inputs = tuple(self.shape(at) for at in taken)
        output = operation.output(*inputs)
        trainable, stored = new_parameters(operation, *inputs)
        step = Step(
            layer=len(self.layers) - 1,
            operation=operation,
            sources=taken,
            inputs=inputs,
            output=output,
            trainable=trainable,
            stored=stored,
            weights=stored,
            trains=trainable > 0,
            writes=copies and not isinstance(operation, _VIEWS),
        )
        self.steps.append(step)
        return self.last

    def network(self, name: str, layout: str = "channels first") -> Network:
        """What was laid out."""
        return Network(
            name=name, inputs=self.inputs, layers=tuple(self.layers), steps=tuple(self.steps), layout=layout
        )
