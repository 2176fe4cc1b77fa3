"""What each aten operator means. One table; an operator that is not in it is named in the result, not guessed.

Argument positions are those of PyTorch's native_functions.yaml.
"""

import math
from collections.abc import Callable, Sequence

import torch

from mien.core.operations import (
    Attention,
    BatchNorm,
    Concatenate,
    Dropout,
    Elementwise,
    Linear,
    MatrixProduct,
    Normalisation,
    Operation,
    Rearrange,
    Reduction,
    Softmax,
    Unknown,
)
from mien.core.sliding import AdaptivePooling, Convolution, Pooling, Shape
from mien.models._aten_names import COPIES, FUNCTIONS
from mien.models._dispatched import Dispatched, Meaning, shape_of


def meaning(call: Dispatched) -> Meaning:
    """The operation that a dispatched call is."""
    if call.name not in COPIES and any(each.is_complex() for each in (*call.tensors, *call.outputs)):
        what = f"{call.name} on complex numbers"
        return Meaning(operation=Unknown(what=what, target=call.output), sources=call.activations)
    product = _PRODUCTS.get(call.name)
    if product and call.activations:
        return product(call)
    rule = _RULES.get(call.name)
    if rule:
        return Meaning(operation=rule(call), sources=call.activations)
    return Meaning(operation=_by_name(call), sources=call.activations)


def _by_name(call: Dispatched) -> Operation:
    if call.name in COPIES:
        source = shape_of(call.activations[0]) if call.activations else call.output
        return Rearrange(source=source, target=call.output)
    if call.name in FUNCTIONS:
        return Elementwise(function=FUNCTIONS[call.name], weight=_weight(call))
    return Unknown(what=call.name, target=call.output)


def _weight(call: Dispatched) -> int:
    return max((math.prod(shape_of(tensor)) for tensor in call.weights), default=0)


def _sizes(values: Sequence[int], dimensions: int) -> Shape:
    """PyTorch writes one number for all dimensions."""
    return tuple(values) * dimensions if len(values) == 1 else tuple(values)


def _convolution(call: Dispatched) -> Meaning:
    source, weight, bias = call.args[:3]
    stride, padding, dilation, transposed, extra, groups = call.args[3:9]
    dimensions = source.dim() - 2
    operation = Convolution(
        out_channels=int(call.output[1]),
        kernel=shape_of(weight)[2:],
        stride=_sizes(stride, dimensions),
        padding=tuple((size, size) for size in _sizes(padding, dimensions)),
        dilation=_sizes(dilation, dimensions),
        groups=groups,
        bias=bias is not None,
        transposed=transposed,
        output_padding=_sizes(extra, dimensions) if transposed else (),
    )
    return Meaning(operation=operation, sources=[source])


def _addmm(call: Dispatched) -> Meaning:
    return _product(call, call.args[1], call.args[2], call.args[0])


def _mm(call: Dispatched) -> Meaning:
    return _product(call, call.args[0], call.args[1], None)


def _linear(call: Dispatched) -> Meaning:
    bias = call.argument(2, "bias") is not None
    return Meaning(operation=Linear(out_features=call.output[-1], bias=bias), sources=[call.args[0]])


def _product(
    call: Dispatched, left: torch.Tensor, right: torch.Tensor, added: torch.Tensor | None
) -> Meaning:
    """A product with weights on one side is a linear layer, one of two activations is not."""
    if call.is_activation(left) and call.is_activation(right):
        sources = [left, right, *([added] if added is not None and call.is_activation(added) else [])]
        return Meaning(operation=MatrixProduct(added=added is not None), sources=sources)
    bias = added is not None
    if call.is_activation(left):
        return Meaning(operation=Linear(out_features=call.output[-1], bias=bias), sources=[left])
    if not call.is_activation(right):
        return Meaning(operation=Elementwise(function="add"), sources=call.activations)
    columns, rows = shape_of(right)[::-1], call.output[::-1]
    operation = Linear(out_features=call.output[0], bias=bias)
    return Meaning(operation=operation, sources=[right], inputs=(columns,), output=rows)


def _bmm(call: Dispatched) -> Meaning:
    return _batch_product(call, call.args[0], call.args[1], None)


def _baddbmm(call: Dispatched) -> Meaning:
    return _batch_product(call, call.args[1], call.args[2], call.args[0])


def _batch_product(
    call: Dispatched, left: torch.Tensor, right: torch.Tensor, added: torch.Tensor | None
) -> Meaning:
    if call.is_activation(left) and call.is_activation(right):
        return _product(call, left, right, added)
    if call.is_activation(left) and added is None and right.stride(0) == 0:
        return Meaning(operation=Linear(out_features=call.output[-1], bias=False), sources=[left])
    if call.is_activation(left) and added is None:
        return _one_matrix_each(left, right)
    return Meaning(operation=Unknown(what=call.name, target=call.output), sources=call.activations)


def _one_matrix_each(left: torch.Tensor, right: torch.Tensor) -> Meaning:
    """A matrix of weights for each of b groups of features: a convolution without sides, in b groups."""
    groups, rows, inner = shape_of(left)
    columns = shape_of(right)[-1]
    operation = Convolution(
        out_channels=groups * columns,
        kernel=(),
        stride=(),
        padding=(),
        dilation=(),
        groups=groups,
        bias=False,
    )
    return Meaning(
        operation=operation, sources=[left], inputs=((rows, groups * inner),), output=(rows, groups * columns)
    )


def _attention(call: Dispatched) -> Meaning:
    mask = call.argument(3, "attn_bias") if "efficient" in call.name else call.kwargs.get("attn_mask")
    return Meaning(operation=Attention(masked=mask is not None), sources=list(call.args[:3]))


def _batch_norm(call: Dispatched) -> Operation:
    affine, tracked = call.args[1] is not None, call.args[3] is not None
    from_batch = "no_training" not in call.name and bool(call.args[5])
    return BatchNorm(affine=affine, tracked=tracked, frozen=tracked and not from_batch)


def _layer_norm(call: Dispatched) -> Operation:
    return Normalisation(
        axes=len(call.args[1]),
        affine=call.argument(2, "weight") is not None,
        shift=call.argument(3, "bias") is not None,
    )


def _group_norm(call: Dispatched) -> Operation:
    return Normalisation(groups=call.args[6], affine=call.args[1] is not None, shift=call.args[2] is not None)


def _pooling(function: str) -> Callable[[Dispatched], Operation]:
    def rule(call: Dispatched) -> Operation:
        dimensions = 3 if "3d" in call.name else 1 if "1d" in call.name else 2
        kernel = _sizes(call.args[1], dimensions)
        stride = _sizes(call.argument(2, "stride") or kernel, dimensions)
        padding = _sizes(call.argument(3, "padding", [0]), dimensions)
        dilation = (
            _sizes(call.argument(4, "dilation", [1]), dimensions) if function == "max" else (1,) * dimensions
        )
        return Pooling(
            function=function,
            kernel=kernel,
            stride=stride,
            padding=tuple((size, size) for size in padding),
            dilation=dilation,
            ceil=bool(call.argument(5 if function == "max" else 4, "ceil_mode", False)),
        )

    return rule


def _adaptive(function: str) -> Callable[[Dispatched], Operation]:
    def rule(call: Dispatched) -> Operation:
        return AdaptivePooling(function=function, sizes=tuple(call.args[1]))

    return rule


def _reduction(function: str) -> Callable[[Dispatched], Operation]:
    def rule(call: Dispatched) -> Operation:
        dimensions = call.args[0].dim()
        axes = call.argument(1, "dim")
        every = tuple(range(dimensions))
        chosen = every if axes is None or axes == [] else tuple(axes) if isinstance(axes, list) else (axes,)
        keep = bool(call.argument(2, "keepdim", False))
        return Reduction(function=function, axes=tuple(axis % dimensions for axis in chosen), keep=keep)

    return rule


def _softmax(call: Dispatched) -> Operation:
    return Softmax(axis=call.args[1], logarithm="log" in call.name)


def _elu(call: Dispatched) -> Operation:
    scale = call.argument(2, "scale", 1)
    return Elementwise(function="elu" if scale == 1 else "selu")


def _gelu(call: Dispatched) -> Operation:
    return Elementwise(function="gelu_tanh" if call.argument(1, "approximate", "none") == "tanh" else "gelu")


def _sum_of_two(call: Dispatched) -> Operation:
    plain = call.kwargs.get("alpha", 1) == 1
    return Elementwise(function=FUNCTIONS[call.name] if plain else "add_scaled", weight=_weight(call))


def _divided(call: Dispatched) -> Operation:
    """A constant divided by an activation has the gradient of a reciprocal."""
    into = not call.is_activation(call.args[0]) and not call.is_weight(call.args[0])
    return Elementwise(function="reciprocal" if into else "divide", weight=_weight(call))


def _multiplied_and_added(call: Dispatched) -> Operation:
    if call.kwargs.get("value", 1) == 1:
        return Elementwise(function="multiply_add", weight=_weight(call))
    return Unknown(what="addcmul with a factor", target=call.output)


def _power(call: Dispatched) -> Operation:
    known = {2: "square", 3: "cube", 0.5: "square_root", -1: "reciprocal", -0.5: "reciprocal_root"}
    exponent = call.args[1]
    function = known.get(exponent, "power") if isinstance(exponent, int | float) else "power"
    return Elementwise(function=function, weight=_weight(call))


def _concatenate(call: Dispatched) -> Operation:
    return Concatenate(axis=call.argument(1, "dim", 0))


def _dropout(call: Dispatched) -> Operation:
    return Dropout(rate=call.args[1])


_PRODUCTS: dict[str, Callable[[Dispatched], Meaning]] = {
    "convolution": _convolution,
    "addmm": _addmm,
    "mm": _mm,
    "linear": _linear,
    "bmm": _bmm,
    "baddbmm": _baddbmm,
    "_scaled_dot_product_flash_attention_for_cpu": _attention,
    "_scaled_dot_product_flash_attention": _attention,
    "_scaled_dot_product_efficient_attention": _attention,
    "_scaled_dot_product_cudnn_attention": _attention,
    "_scaled_dot_product_fused_attention_overrideable": _attention,
}

_RULES: dict[str, Callable[[Dispatched], Operation]] = {
    "native_batch_norm": _batch_norm,
    "_native_batch_norm_legit_no_training": _batch_norm,
    "cudnn_batch_norm": _batch_norm,
    "miopen_batch_norm": _batch_norm,
    "native_layer_norm": _layer_norm,
    "native_group_norm": _group_norm,
    "max_pool2d_with_indices": _pooling("max"),
    "max_pool3d_with_indices": _pooling("max"),
    "avg_pool1d": _pooling("average"),
    "avg_pool2d": _pooling("average"),
    "avg_pool3d": _pooling("average"),
    "_adaptive_avg_pool2d": _adaptive("average"),
    "_adaptive_avg_pool3d": _adaptive("average"),
    "adaptive_max_pool2d": _adaptive("max"),
    "adaptive_max_pool3d": _adaptive("max"),
    "sum": _reduction("sum"),
    "mean": _reduction("mean"),
    "amax": _reduction("max"),
    "amin": _reduction("min"),
    "max": _reduction("max"),
    "min": _reduction("min"),
    "argmax": _reduction("max"),
    "argmin": _reduction("min"),
    "_softmax": _softmax,
    "_log_softmax": _softmax,
    "_safe_softmax": _softmax,
    "elu": _elu,
    "gelu": _gelu,
    "add": _sum_of_two,
    "sub": _sum_of_two,
    "rsub": _sum_of_two,
    "div": _divided,
    "addcmul": _multiplied_and_added,
    "pow": _power,
    "cat": _concatenate,
    "native_dropout": _dropout,
}
