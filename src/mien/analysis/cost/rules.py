"""The counting rule of each operation: a new kind is one line here and its function."""

from collections.abc import Callable
from typing import Any

from mien.analysis.cost.elementwise import dropout, elementwise
from mien.analysis.cost.expression import Expression, expression
from mien.analysis.cost.normalising import (
    batch_norm,
    batch_norm_parameters,
    normalisation,
    normalisation_parameters,
)
from mien.analysis.cost.products import attention, linear, linear_parameters, matrix_product
from mien.analysis.cost.reductions import reduction, softmax
from mien.analysis.cost.sliding import adaptive_pooling, convolution, convolution_parameters, pooling
from mien.analysis.cost.work import NOTHING, Setting, Work
from mien.core.layers import Step
from mien.core.operations import (
    Attention,
    BatchNorm,
    Concatenate,
    Dropout,
    Elementwise,
    Flatten,
    Folded,
    Linear,
    MatrixProduct,
    Normalisation,
    Rearrange,
    Reduction,
    Softmax,
    Unknown,
)
from mien.core.sliding import AdaptivePooling, Convolution, Pooling

Rule = Callable[[Any, Step, Setting], Work]


def _moved(_: Any, __: Step, ___: Setting) -> Work:
    return Work(forward=NOTHING)


def _unknown(_: Unknown, __: Step, ___: Setting) -> Work:
    return Work(forward=None, to_inputs=None, to_weights=None)


RULES: dict[type, Rule] = {
    AdaptivePooling: adaptive_pooling,
    Attention: attention,
    BatchNorm: batch_norm,
    Concatenate: _moved,
    Convolution: convolution,
    Dropout: dropout,
    Elementwise: elementwise,
    Flatten: _moved,
    Folded: _moved,
    Linear: linear,
    MatrixProduct: matrix_product,
    Normalisation: normalisation,
    Pooling: pooling,
    Rearrange: _moved,
    Reduction: reduction,
    Softmax: softmax,
    Unknown: _unknown,
}

_PARAMETERS: dict[type, Callable[[Any, Step], Expression]] = {
    BatchNorm: batch_norm_parameters,
    Convolution: convolution_parameters,
    Linear: linear_parameters,
    Normalisation: normalisation_parameters,
}


def work(step: Step, setting: Setting) -> Work:
    """The operations of one step."""
    return RULES[type(step.operation)](step.operation, step, setting)


def parameters(step: Step) -> Expression:
    """The stored numbers of one step, as a formula where it explains all of them."""
    rule = _PARAMETERS.get(type(step.operation))
    formula = rule(step.operation, step) if rule else expression(step.stored)
    return formula if formula.value == step.stored else expression(step.stored)
