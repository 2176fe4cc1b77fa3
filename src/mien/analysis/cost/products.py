"""Counting rules for fully connected layers, products of activations, and attention."""

from math import prod

from mien.analysis.cost.expression import Expression, expression, product
from mien.analysis.cost.reductions import softmax_back, softmax_forward
from mien.analysis.cost.work import NOTHING, Counts, Setting, Work, counts, merged, times
from mien.core.layers import Step
from mien.core.operations import Attention, Linear, MatrixProduct


def linear(operation: Linear, step: Step, _: Setting) -> Work:
    """Each output sums over the inputs; each weight sums its gradient over the samples (and tokens)."""
    width, rows, out = step.inputs[0][-1], prod(step.output[:-1]), operation.out_features
    bias = expression(out * operation.bias)
    return Work(
        forward={**_sums(width, rows, out), **counts(bias_additions=times(bias, rows))},
        to_inputs=_sums(out, rows, width),
        to_weights={**_sums(rows, width, out), **counts(bias_additions=bias * (expression(rows) - 1))},
    )


def linear_parameters(operation: Linear, step: Step) -> Expression:
    """Weights and biases: 1024*512+512."""
    weights = product([step.inputs[0][-1], operation.out_features])
    return weights + operation.out_features if operation.bias else weights


def matrix_product(operation: MatrixProduct, step: Step, setting: Setting) -> Work:
    """Each number of the output sums over the inner axis; on the way back one product for each factor."""
    left, right = step.inputs[0], step.inputs[1]
    groups, rows, inner, columns = prod(left[:-2]), left[-2], left[-1], right[-1]
    added = counts(additions=prod(step.output)) if operation.added else NOTHING
    back = (_sums(columns, rows, inner, groups), _sums(rows, inner, columns, groups))
    return Work(
        forward=merged([_sums(inner, rows, columns, groups), added]),
        to_inputs=merged(part for part, wanted in zip(back, setting.wanted, strict=False) if wanted),
    )


def attention(operation: Attention, step: Step, setting: Setting) -> Work:
    """softmax(Q K^T / sqrt(e)) V with every query meeting every key; masked pairs are computed, then masked.

    The scaling multiplies the queries. On the way back the scores' softmax is not computed again.
    """
    queries, keys, values = step.inputs[:3]
    heads, rows, width = prod(queries[:-2]), queries[-2], queries[-1]
    columns, deep = keys[-2], values[-1]
    scaling = counts(multiplications=product([heads, rows, width]))
    masking = counts(additions=product([heads, rows, columns])) if operation.masked else NOTHING
    forward = (
        scaling,
        _sums(width, rows, columns, heads),
        masking,
        softmax_forward(product([heads, rows, columns]), heads * rows),
        _sums(columns, rows, deep, heads),
    )
    scores = merged(
        [_sums(deep, rows, columns, heads), softmax_back(product([heads, rows, columns]), heads * rows)]
    )
    to_each = (
        merged([_sums(columns, rows, width, heads), scaling]),
        _sums(rows, columns, width, heads),
        _sums(rows, columns, deep, heads),
    )
    wanted = [part for part, is_wanted in zip(to_each, setting.wanted, strict=False) if is_wanted]
    needs_scores = any(setting.wanted[:2])
    return Work(forward=merged(forward), to_inputs=merged([scores, *wanted] if needs_scores else wanted))


def _sums(inner: int, rows: int, columns: int, groups: int = 1) -> Counts:
    """rows x columns sums over `inner` products."""
    multiplications = times(times(product([inner, columns]), rows), groups)
    additions = times(times((expression(inner) - 1) * columns, rows), groups)
    return counts(multiplications=multiplications, additions=additions)
