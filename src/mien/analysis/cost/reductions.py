"""Counting rules for sums, means and maxima over axes, and for softmax."""

from math import prod

from mien.analysis.cost.expression import Expression, expression
from mien.analysis.cost.work import NOTHING, Counts, Setting, Work, counts
from mien.core.layers import Step
from mien.core.operations import Reduction, Softmax


def reduction(operation: Reduction, step: Step, _: Setting) -> Work:
    """A sum of n numbers takes n - 1 additions, a mean one division more, a maximum n - 1 comparisons."""
    before, after = prod(step.inputs[0]), prod(step.output)
    steps = expression(before) - after
    if operation.function in ("max", "min"):
        return Work(forward=counts(comparisons=steps))
    divisions = after if operation.function == "mean" else 0
    return Work(forward=counts(additions=steps, divisions=divisions), to_inputs=counts(divisions=divisions))


def softmax(operation: Softmax, step: Step, _: Setting) -> Work:
    """e^(x - max) / sum, or its logarithm x - max - log(sum)."""
    elements = expression(prod(step.output))
    rows = elements.value // step.output[operation.axis]
    if not operation.logarithm:
        return Work(forward=softmax_forward(elements, rows), to_inputs=softmax_back(elements, rows))
    forward = counts(
        comparisons=elements - rows,
        additions=elements + elements + (elements - rows),
        exponentials=elements,
        logarithms=rows,
    )
    back = counts(additions=(elements - rows) + elements, exponentials=elements, multiplications=elements)
    return Work(forward=forward, to_inputs=back)


def softmax_forward(elements: Expression, rows: int) -> Counts:
    """The largest is subtracted, so that no exponential overflows; then exponentials, their sum, divisions."""
    return counts(
        comparisons=elements - rows,
        additions=elements + (elements - rows),
        exponentials=elements,
        divisions=elements,
    )


def softmax_back(elements: Expression, rows: int) -> Counts:
    """y * (g - sum(g * y)) for each row."""
    return (
        counts(multiplications=elements + elements, additions=(elements - rows) + elements)
        if rows
        else NOTHING
    )
