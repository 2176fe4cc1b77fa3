"""What each ONNX operator means. One table; an operator that is not in it is named in the result, not guessed.

Attributes and their defaults are those of https://onnx.ai/onnx/operators.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Self

from mien.core.errors import ConfigError
from mien.core.operations import (
    Attention,
    BatchNorm,
    Concatenate,
    Dropout,
    Elementwise,
    Flatten,
    Linear,
    MatrixProduct,
    Normalisation,
    Operation,
    Rearrange,
    Reduction,
    Softmax,
    Unknown,
)
from mien.core.sliding import AdaptivePooling, Convolution, Pairs, Pooling, Shape, same_padding

VIEWS = frozenset(["Reshape", "Squeeze", "Unsqueeze", "Identity", "Flatten"])

_COPIES = frozenset(
    [
        "Transpose",
        "Cast",
        "CastLike",
        "Split",
        "Slice",
        "Gather",
        "GatherElements",
        "GatherND",
        "Expand",
        "Pad",
        "Tile",
        "DepthToSpace",
        "SpaceToDepth",
        "Trilu",
        "ScatterND",
        "ReverseSequence",
    ]
)

_FUNCTIONS = {
    "Relu": "relu",
    "LeakyRelu": "leaky_relu",
    "ThresholdedRelu": "relu",
    "PRelu": "prelu",
    "Elu": "elu",
    "Celu": "elu",
    "Selu": "selu",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "HardSigmoid": "hardsigmoid",
    "HardSwish": "hardswish",
    "Softplus": "softplus",
    "Mish": "mish",
    "Swish": "silu",
    "Add": "add",
    "Sum": "add",
    "Sub": "subtract",
    "Mul": "multiply",
    "Div": "divide",
    "Exp": "exponential",
    "Log": "logarithm",
    "Sqrt": "square_root",
    "Reciprocal": "reciprocal",
    "Erf": "error_function",
    "Sin": "sine",
    "Cos": "sine",
    "Neg": "negate",
    "Abs": "absolute",
    "Pow": "power",
    "Max": "extreme",
    "Min": "extreme",
    "Clip": "clamp",
    "Greater": "compare",
    "GreaterOrEqual": "compare",
    "Less": "compare",
    "LessOrEqual": "compare",
    "Equal": "compare",
    "Where": "select",
    "And": "logical",
    "Or": "logical",
    "Not": "logical",
    "Floor": "round",
    "Ceil": "round",
    "Round": "round",
}


@dataclass(frozen=True, kw_only=True)
class Node:
    """A node with its attributes and the shapes of its inputs and of its first output."""

    kind: str
    attributes: dict[str, Any]
    names: tuple[str, ...]
    inputs: tuple[Shape | None, ...]
    output: Shape

    @classmethod
    def of(cls, proto: Any, shapes: dict[str, Shape | None]) -> Self:
        """From a NodeProto."""
        from onnx import helper

        return cls(
            kind=proto.op_type,
            attributes={each.name: helper.get_attribute_value(each) for each in proto.attribute},
            names=tuple(proto.input),
            inputs=tuple(shapes.get(name) for name in proto.input),
            output=shapes.get(proto.output[0]) or (),
        )

    def shape(self, position: int) -> Shape:
        """Shape of an input."""
        return self.inputs[position] or ()

    def has(self, position: int) -> bool:
        """Whether an optional input is given."""
        return len(self.names) > position and bool(self.names[position])

    def sizes(self, name: str, default: int, dimensions: int) -> Shape:
        """An attribute with one number a side."""
        return tuple(self.attributes.get(name) or (default,) * dimensions)


def operation(node: Node, active: Collection[str], weight: int) -> Operation:
    """The operation that a node is.

    active  names of the inputs that depend on the input of the network
    weight  size of the largest operand that does not
    """
    if node.kind in ("MatMul", "Gemm"):
        return _product(node, active)
    rule = _RULES.get(node.kind)
    if rule:
        return rule(node)
    if node.kind in _FUNCTIONS:
        return Elementwise(function=_FUNCTIONS[node.kind], weight=weight)
    if node.kind in VIEWS or node.kind in _COPIES:
        return Rearrange(source=node.shape(0), target=node.output)
    return Unknown(what=node.kind, target=node.output)


def computes_on_integers(kind: str) -> bool:
    """Whether an operator computes maps of integers, as quantised networks do, where others compute sizes."""
    return kind in ("MatMulInteger", "ConvInteger", "QuantizeLinear", "DynamicQuantizeLinear") or (
        kind.startswith("QLinear")
    )


def sources_of(node: Node, active: list[str]) -> list[str]:
    """Inputs whose numbers take part: not sizes, masks and thresholds of operators that take one map."""
    takes_several = node.kind in _FUNCTIONS or node.kind in ("MatMul", "Gemm", "Concat", "Attention")
    return active if takes_several else active[:1]


def _product(node: Node, active: Collection[str]) -> Operation:
    left, right = (name in active for name in node.names[:2])
    if left and right:
        return MatrixProduct(added=node.has(2))
    if left and len(node.shape(1)) == 2:
        return Linear(out_features=node.output[-1], bias=node.has(2))
    return Unknown(what=f"{node.kind} with weights on the left, or a batch of them", target=node.output)


def _padding(node: Node, kernel: Shape, stride: Shape, dilation: Shape) -> Pairs:
    rule = node.attributes.get("auto_pad", b"NOTSET").decode()
    if rule in ("SAME_UPPER", "SAME_LOWER"):
        sizes = zip(node.shape(0)[2:], kernel, stride, dilation, strict=True)
        pairs = [same_padding(*each) for each in sizes]
        return tuple(pair if rule == "SAME_UPPER" else pair[::-1] for pair in pairs)
    pads = node.sizes("pads", 0, 2 * len(kernel)) if rule == "NOTSET" else (0,) * 2 * len(kernel)
    return tuple(zip(pads[: len(kernel)], pads[len(kernel) :], strict=True))


def _convolution(node: Node) -> Operation:
    weight = node.shape(1)
    dimensions = len(weight) - 2
    transposed = node.kind == "ConvTranspose"
    chosen = {"output_shape", "auto_pad"} & set(node.attributes)
    if transposed and chosen and node.attributes.get("auto_pad") != b"NOTSET":
        return Unknown(what=f"ConvTranspose with {' and '.join(sorted(chosen))}", target=node.output)
    groups = node.attributes.get("group", 1)
    taken = weight[0] if transposed else weight[1] * groups
    if node.shape(0)[1] != taken:
        raise ConfigError(
            f"{node.kind}: weights {node.names[1]} in {groups} groups take {taken} channels, "
            f"input {node.names[0]} has {node.shape(0)[1]}"
        )
    stride, dilation = node.sizes("strides", 1, dimensions), node.sizes("dilations", 1, dimensions)
    return Convolution(
        out_channels=node.output[1],
        kernel=weight[2:],
        stride=stride,
        padding=_padding(node, weight[2:], stride, dilation),
        dilation=dilation,
        groups=groups,
        bias=node.has(2),
        transposed=transposed,
        output_padding=node.sizes("output_padding", 0, dimensions) if transposed else (),
    )


def _pooling(function: str) -> Callable[[Node], Operation]:
    def rule(node: Node) -> Operation:
        kernel = tuple(node.attributes["kernel_shape"])
        stride, dilation = node.sizes("strides", 1, len(kernel)), node.sizes("dilations", 1, len(kernel))
        return Pooling(
            function=function,
            kernel=kernel,
            stride=stride,
            padding=_padding(node, kernel, stride, dilation),
            dilation=dilation,
            ceil=bool(node.attributes.get("ceil_mode", 0)),
        )

    return rule


def _global(function: str) -> Callable[[Node], Operation]:
    def rule(node: Node) -> Operation:
        return AdaptivePooling(function=function, sizes=(1,) * (len(node.shape(0)) - 2))

    return rule


def _reduction(function: str) -> Callable[[Node], Operation]:
    """The axes are those whose size the output lacks: a constant input names them in newer files."""

    def rule(node: Node) -> Operation:
        keep = bool(node.attributes.get("keepdims", 1))
        source, target = node.shape(0), node.output
        if keep:
            axes = tuple(
                at for at, (before, after) in enumerate(zip(source, target, strict=True)) if before != after
            )
        else:
            axes = tuple(node.attributes.get("axes", range(len(target), len(source))))
        return Reduction(function=function, axes=axes, keep=keep)

    return rule


def _layer_norm(node: Node) -> Operation:
    axis = node.attributes.get("axis", -1) % len(node.shape(0))
    return Normalisation(axes=len(node.shape(0)) - axis, affine=node.has(1), shift=node.has(2))


def _group_norm(node: Node) -> Operation:
    groups = 0 if node.kind == "InstanceNormalization" else node.attributes["num_groups"]
    return Normalisation(groups=groups, affine=True)


def _softmax(node: Node) -> Operation:
    return Softmax(axis=node.attributes.get("axis", -1), logarithm=node.kind == "LogSoftmax")


def _resize(node: Node) -> Operation:
    if node.attributes.get("mode", b"nearest") == b"nearest":
        return Rearrange(source=node.shape(0), target=node.output)
    return Unknown(what=f"Resize {node.attributes['mode'].decode()}", target=node.output)


def _attention(node: Node) -> Operation:
    if len(node.shape(0)) != 4:
        return Unknown(what="Attention on unsplit heads", target=node.output)
    return Attention(masked=node.has(3))


def _gelu(node: Node) -> Operation:
    return Elementwise(function="gelu_tanh" if node.attributes.get("approximate") == b"tanh" else "gelu")


_RULES: dict[str, Callable[[Node], Operation]] = {
    "Conv": _convolution,
    "ConvTranspose": _convolution,
    "MaxPool": _pooling("max"),
    "AveragePool": _pooling("average"),
    "GlobalMaxPool": _global("max"),
    "GlobalAveragePool": _global("average"),
    "ReduceMean": _reduction("mean"),
    "ReduceSum": _reduction("sum"),
    "ReduceMax": _reduction("max"),
    "ReduceMin": _reduction("min"),
    "BatchNormalization": lambda _: BatchNorm(),
    "LayerNormalization": _layer_norm,
    "InstanceNormalization": _group_norm,
    "GroupNormalization": _group_norm,
    "Softmax": _softmax,
    "LogSoftmax": _softmax,
    "Gelu": _gelu,
    "Flatten": lambda _: Flatten(),
    "Concat": lambda node: Concatenate(axis=node.attributes["axis"]),
    "Dropout": lambda node: Dropout(rate=node.attributes.get("ratio", 0.5)),
    "Attention": _attention,
    "Resize": _resize,
}
