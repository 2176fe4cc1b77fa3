"""Expression: arithmetic that keeps its text, so that the formula shown is the one that was computed."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True)
class Expression:
    """An integer and how it came about; +, -, * write brackets where they are needed.

    >>> (product([2, 2]) * 5 - 1) * 6 * power([3, 3])
    Expression(text='(2*2*5-1)*6*3^2', value=1026, is_sum=False)
    """

    text: str
    value: int
    is_sum: bool = False

    def __mul__(self, other: "Expression | int") -> "Expression":
        right = expression(other)
        return Expression(f"{self._factor()}*{right._factor()}", self.value * right.value)

    def __add__(self, other: "Expression | int") -> "Expression":
        right = expression(other)
        return Expression(f"{self.text}+{right.text}", self.value + right.value, is_sum=True)

    def __sub__(self, other: "Expression | int") -> "Expression":
        right = expression(other)
        return Expression(f"{self.text}-{right._factor()}", self.value - right.value, is_sum=True)

    def _factor(self) -> str:
        return f"({self.text})" if self.is_sum else self.text


def expression(value: Expression | int) -> Expression:
    """A number as an expression; an expression stays as it is."""
    return value if isinstance(value, Expression) else Expression(str(value), value)


def product(factors: Iterable[Expression | int]) -> Expression:
    """Factors written out: 2*2*5; of none 1."""
    result: Expression | None = None
    for factor in factors:
        result = expression(factor) if result is None else result * factor
    return expression(1) if result is None else result


def power(sides: Iterable[int]) -> Expression:
    """Sides multiplied, equal neighbours as a power: 3^2, 3*4; of none 1.

    >>> power([24, 24]).text, power([3, 4]).text
    ('24^2', '3*4')
    """
    runs = [(side, len(list(group))) for side, group in groupby(sides)]
    parts = [
        Expression(f"{side}^{count}", side**count) if count > 1 else expression(side) for side, count in runs
    ]
    return product(parts)
