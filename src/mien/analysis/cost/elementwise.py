"""Counting rules for functions of single numbers: activations, residual additions, gates, dropout.

Each function is counted as its formula is written in the paper or the manual that defines it; a library function
(exponential, error function, ...) is one operation of its own name.
"""

from dataclasses import dataclass
from math import prod

from mien.analysis.cost.expression import expression
from mien.analysis.cost.work import NOTHING, Counts, Setting, Work, counts, merged
from mien.core.layers import Step
from mien.core.operations import Dropout, Elementwise
from mien.core.sliding import Shape


@dataclass(frozen=True)
class Rule:
    """Operations for one output number.

    back    on the way back to an input; None where there is no rule
    second  on the way back to the second input, where that differs
    """

    forward: dict[str, int]
    back: dict[str, int] | None
    second: dict[str, int] | None = None


_SIGMOID = {"exponentials": 1, "additions": 1, "divisions": 1}
_ONE_MULTIPLICATION = {"multiplications": 1}
_ONE_COMPARISON = {"comparisons": 1}
_LEAKY = {"comparisons": 1, "multiplications": 1}
_FROM_OUTPUT = {"multiplications": 2, "additions": 1}  # g * y * (1 - y), and g * (1 - y * y)

RULES: dict[str, Rule] = {
    "relu": Rule(_ONE_COMPARISON, _ONE_COMPARISON),
    "leaky_relu": Rule(_LEAKY, _LEAKY),
    "prelu": Rule(_LEAKY, _LEAKY),
    "hardtanh": Rule({"comparisons": 2}, {"comparisons": 2}),
    "elu": Rule(
        {"comparisons": 1, "exponentials": 1, "additions": 1, "multiplications": 1},
        {**_LEAKY, "additions": 1},
    ),
    "selu": Rule(
        {"comparisons": 1, "exponentials": 1, "additions": 1, "multiplications": 2},
        {"comparisons": 1, "additions": 1, "multiplications": 2},
    ),
    "sigmoid": Rule(_SIGMOID, _FROM_OUTPUT),
    "tanh": Rule({"hyperbolic tangents": 1}, _FROM_OUTPUT),
    "silu": Rule(_SIGMOID, {"exponentials": 1, "additions": 3, "divisions": 1, "multiplications": 3}),
    "gelu": Rule(
        {"multiplications": 3, "additions": 1, "error functions": 1},
        {"multiplications": 7, "additions": 2, "error functions": 1, "exponentials": 1},
    ),
    "gelu_tanh": Rule(
        {"multiplications": 6, "additions": 2, "hyperbolic tangents": 1},
        {"multiplications": 12, "additions": 5, "hyperbolic tangents": 1},
    ),
    "hardsigmoid": Rule(
        {"additions": 1, "comparisons": 2, "multiplications": 1}, {"comparisons": 2, "multiplications": 1}
    ),
    "hardswish": Rule(
        {"additions": 1, "comparisons": 2, "multiplications": 2},
        {"additions": 1, "comparisons": 2, "multiplications": 2},
    ),
    "softplus": Rule(
        {"comparisons": 1, "exponentials": 1, "additions": 1, "logarithms": 1}, {**_SIGMOID, **_LEAKY}
    ),
    "mish": Rule(
        {"exponentials": 1, "additions": 1, "logarithms": 1, "hyperbolic tangents": 1, "multiplications": 1},
        {
            "exponentials": 2,
            "additions": 4,
            "logarithms": 1,
            "hyperbolic tangents": 1,
            "divisions": 1,
            "multiplications": 4,
        },
    ),
    "log_sigmoid": Rule(
        {"comparisons": 1, "exponentials": 1, "additions": 2, "logarithms": 1},
        {**_SIGMOID, **_ONE_MULTIPLICATION},
    ),
    "add": Rule({"additions": 1}, {}),
    "subtract": Rule({"additions": 1}, {}, {"sign changes": 1}),
    "subtract_from": Rule({"additions": 1}, {"sign changes": 1}),
    "add_scaled": Rule({"additions": 1, "multiplications": 1}, _ONE_MULTIPLICATION),
    "multiply": Rule(_ONE_MULTIPLICATION, _ONE_MULTIPLICATION),
    "multiply_add": Rule({"multiplications": 1, "additions": 1}, None),
    "divide": Rule(
        {"divisions": 1}, {"divisions": 1}, {"multiplications": 1, "divisions": 1, "sign changes": 1}
    ),
    "square": Rule(_ONE_MULTIPLICATION, {"multiplications": 2}),
    "cube": Rule({"multiplications": 2}, {"multiplications": 3}),
    "power": Rule({"powers": 1}, None),
    "exponential": Rule({"exponentials": 1}, _ONE_MULTIPLICATION),
    "logarithm": Rule({"logarithms": 1}, {"divisions": 1}),
    "square_root": Rule({"square roots": 1}, {"multiplications": 1, "divisions": 1}),
    "reciprocal_root": Rule({"square roots": 1, "divisions": 1}, {"multiplications": 4}),
    "reciprocal": Rule({"divisions": 1}, {"multiplications": 2}),
    "error_function": Rule({"error functions": 1}, {"multiplications": 3, "exponentials": 1}),
    "sine": Rule({"sines": 1}, {"sines": 1, "multiplications": 1}),
    "negate": Rule({"sign changes": 1}, {"sign changes": 1}),
    "absolute": Rule({"sign changes": 1}, {"sign changes": 1}),
    "extreme": Rule(_ONE_COMPARISON, _ONE_COMPARISON),
    "clamp": Rule({"comparisons": 2}, {"comparisons": 2}),
    "compare": Rule(_ONE_COMPARISON, {}),
    "select": Rule({"selections": 1}, {"selections": 1}),
    "logical": Rule({"logical operations": 1}, {}),
    "round": Rule({"roundings": 1}, {}),
    "random": Rule({"random numbers": 1}, {}),
}


def elementwise(operation: Elementwise, step: Step, setting: Setting) -> Work:
    """A fixed number of operations for each output; gradients of operands that were repeated are summed."""
    rule, elements = RULES[operation.function], prod(step.output)
    forward = dict(rule.forward)
    if operation.weight and operation.function == "add":
        forward = {"bias additions": 1}
    return Work(
        forward=_each(forward, elements),
        to_inputs=_to_inputs(rule, step, setting, elements),
        to_weights=_to_weights(operation, rule, elements),
    )


def dropout(_: Dropout, step: Step, setting: Setting) -> Work:
    """Training: a random number, a comparison and a multiplication for each number. Inference: nothing."""
    if not setting.training:
        return Work(forward=NOTHING)
    each = prod(step.output)
    forward = counts(random_numbers=each, comparisons=each, multiplications=each)
    return Work(forward=forward, to_inputs=counts(multiplications=each))


def _each(rule: dict[str, int], elements: int) -> Counts:
    places = expression(elements)
    return {name: places if count == 1 else expression(count) * places for name, count in rule.items()}


def _to_inputs(rule: Rule, step: Step, setting: Setting, elements: int) -> Counts | None:
    if rule.back is None:
        return None
    backs = [rule.back, rule.back if rule.second is None else rule.second, *[rule.back] * len(step.inputs)]
    return merged(
        part
        for shape, is_wanted, back in zip(step.inputs, setting.wanted, backs, strict=False)
        if is_wanted
        for part in (_each(back, elements), _summed(shape, elements))
    )


def _summed(shape: Shape, elements: int) -> Counts:
    """An operand that served several outputs gets the sum of their gradients."""
    size = prod(shape)
    return counts(additions=expression(elements) - size) if size < elements else NOTHING


def _to_weights(operation: Elementwise, rule: Rule, elements: int) -> Counts | None:
    if not operation.weight:
        return NOTHING
    if rule.back is None:
        return None
    return merged([_each(rule.back, elements), _summed((operation.weight,), elements)])
