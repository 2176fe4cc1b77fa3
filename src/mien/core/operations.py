"""Operations: what a network does to its numbers, one frozen value per kind of layer, read without torch.

Shapes are (n, channels, *sides), or (n, features), or (n, tokens, features). An operation holds only what its
inputs do not say, so a network can be laid out again for another input size.
"""

from dataclasses import dataclass
from math import prod

from mien.core.errors import ConfigError
from mien.core.sliding import AdaptivePooling, Convolution, Pooling, Shape


@dataclass(frozen=True, kw_only=True)
class Linear:
    """A fully connected layer over the last axis."""

    out_features: int
    bias: bool = True

    def output(self, source: Shape) -> Shape:
        """Shape of the output."""
        return *source[:-1], self.out_features

    def parameters(self, source: Shape) -> tuple[int, int]:
        """Numbers that training moves, and all stored numbers."""
        total = (source[-1] + self.bias) * self.out_features
        return total, total


@dataclass(frozen=True, kw_only=True)
class MatrixProduct:
    """The product of two activations (n, rows, inner) and (n, inner, columns); `added`: a third is added to it."""

    added: bool = False

    def output(self, left: Shape, right: Shape, *_: Shape) -> Shape:
        """Shape of the output."""
        return *left[:-1], right[-1]


@dataclass(frozen=True, kw_only=True)
class Attention:
    """Scaled dot-product attention of queries, keys and values (n, heads, tokens, features)."""

    masked: bool = False  # a mask is added to the scores

    def output(self, queries: Shape, _keys: Shape, values: Shape) -> Shape:
        """Shape of the output."""
        return *queries[:-1], values[-1]


@dataclass(frozen=True, kw_only=True)
class BatchNorm:
    """Batch normalisation over axis 1.

    affine   it has a scale and a shift
    tracked  it keeps running statistics and uses them at inference
    frozen   it uses them in training too
    """

    affine: bool = True
    tracked: bool = True
    frozen: bool = False

    def output(self, source: Shape) -> Shape:
        """Shape of the output."""
        return source

    def parameters(self, source: Shape) -> tuple[int, int]:
        """Numbers that training moves, and with the running statistics."""
        return 2 * source[1] * self.affine, 2 * source[1] * (self.affine + self.tracked)


@dataclass(frozen=True, kw_only=True)
class Normalisation:
    """Layer, group or instance normalisation: statistics within each sample, the same in training and inference.

    axes     how many last axes one statistic covers (layer normalisation), or None
    groups   how many groups of channels have their own statistics, 0: each channel (instance), or None
    affine   it has a scale, and with shift a shift
    """

    axes: int | None = None
    groups: int | None = None
    affine: bool = True
    shift: bool = True

    def output(self, source: Shape) -> Shape:
        """Shape of the output."""
        return source

    def statistics(self, source: Shape) -> int:
        """How many means and variances are computed."""
        if self.axes is not None:
            return prod(source[: -self.axes])
        return source[0] * (self.groups or source[1])

    def parameters(self, source: Shape) -> tuple[int, int]:
        """Numbers that training moves, and all stored numbers."""
        size = prod(source[-self.axes :]) if self.axes is not None else source[1]
        total = size * self.affine * (1 + self.shift)
        return total, total


@dataclass(frozen=True, kw_only=True)
class Elementwise:
    """A function of each number on its own (activations), or of numbers in the same place (residual additions).

    weight   size of the trained operand where there is one (PReLU, a learned scale), else 0
    """

    function: str
    weight: int = 0

    def output(self, *sources: Shape) -> Shape:
        """Shape of the output. Raises ConfigError where the shapes do not go together."""
        return broadcast(*sources)


@dataclass(frozen=True, kw_only=True)
class Softmax:
    """Softmax along one axis, or its logarithm."""

    axis: int = 1
    logarithm: bool = False

    def output(self, source: Shape) -> Shape:
        """Shape of the output."""
        return source


@dataclass(frozen=True, kw_only=True)
class Reduction:
    """The sum, mean, maximum or minimum over some axes; over all sides of a map it is global pooling."""

    function: str  # "sum", "mean", "max", "min"
    axes: Shape
    keep: bool = False

    def output(self, source: Shape) -> Shape:
        """Shape of the output."""
        axes = {axis % len(source) for axis in self.axes}
        sizes = [(1 if axis in axes else size, axis in axes) for axis, size in enumerate(source)]
        return tuple(size for size, reduced in sizes if self.keep or not reduced)


@dataclass(frozen=True, kw_only=True)
class Flatten:
    """Everything but the samples in one axis; no arithmetic."""

    def output(self, source: Shape) -> Shape:
        """Shape of the output."""
        return source[0], prod(source[1:])


@dataclass(frozen=True, kw_only=True)
class Rearrange:
    """A view or a copy: numbers change place, none is computed. What changes the shape is known for one input only."""

    source: Shape
    target: Shape

    def output(self, *sources: Shape) -> Shape:
        """Shape of the output. Raises ConfigError for another input shape than the one that was seen."""
        if sources and self.source == self.target:
            return sources[0]
        if sources and sources[0] != self.source:
            raise ConfigError(
                f"a change of shape seen for {self.source} only cannot be laid out for {sources[0]}"
            )
        return self.target


@dataclass(frozen=True, kw_only=True)
class Concatenate:
    """Several maps one after another along an axis; no arithmetic."""

    axis: int = 1

    def output(self, *sources: Shape) -> Shape:
        """Shape of the output."""
        axis = self.axis % len(sources[0])
        return *sources[0][:axis], sum(source[axis] for source in sources), *sources[0][axis + 1 :]


@dataclass(frozen=True, kw_only=True)
class Dropout:
    """Numbers set to 0 at random in training; nothing at inference."""

    rate: float = 0.5

    def output(self, source: Shape) -> Shape:
        """Shape of the output."""
        return source


@dataclass(frozen=True, kw_only=True)
class Folded:
    """A batch normalisation whose scale and shift went into the weights before it: nothing is left to do."""

    def output(self, source: Shape) -> Shape:
        """Shape of the output."""
        return source


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """Something that mien has no counting rule for; `what` names it."""

    what: str
    target: Shape

    def output(self, *_: Shape) -> Shape:
        """Shape of the output."""
        return self.target


Operation = (
    Convolution
    | Pooling
    | AdaptivePooling
    | Linear
    | MatrixProduct
    | Attention
    | BatchNorm
    | Normalisation
    | Elementwise
    | Softmax
    | Reduction
    | Flatten
    | Rearrange
    | Concatenate
    | Dropout
    | Folded
    | Unknown
)


def broadcast(*sources: Shape) -> Shape:
    """The shape of numbers put together by NumPy's rules.

    >>> broadcast((1, 8, 6, 6), (1, 8, 1, 1))
    (1, 8, 6, 6)
    """
    longest = max(len(source) for source in sources)
    padded = [(1,) * (longest - len(source)) + source for source in sources]
    sizes = []
    for column in zip(*padded, strict=True):
        wanted = {size for size in column if size != 1}
        if len(wanted) > 1:
            raise ConfigError(
                f"shapes do not go together: {' and '.join('x'.join(map(str, s[1:])) for s in sources)}"
            )
        sizes.append(wanted.pop() if wanted else 1)
    return tuple(sizes)


def new_parameters(operation: Operation, *sources: Shape) -> tuple[int, int]:
    """Numbers that training moves and all stored numbers of an operation that is laid out on its own."""
    if isinstance(operation, Convolution | Linear | BatchNorm | Normalisation):
        return operation.parameters(sources[0])
    if isinstance(operation, Elementwise):
        return operation.weight, operation.weight
    return 0, 0
