"""Formulas: the text says what the value is."""

from hypothesis import given, settings
from hypothesis import strategies as st

from mien.analysis.cost.expression import Expression, expression, power, product

leaves = st.one_of(st.integers(0, 9).map(expression), st.lists(st.integers(1, 9), max_size=3).map(power))
expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda two: two[0] * two[1]),
        st.tuples(inner, inner).map(lambda two: two[0] + two[1]),
        st.tuples(inner, inner).map(lambda two: two[0] - two[1]),
    ),
    max_leaves=8,
)


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(expressions)
def test_python_gives_the_text_the_same_value(found: Expression) -> None:
    assert eval(found.text.replace("^", "**")) == found.value


def test_the_report_writes_it_so() -> None:
    assert ((product([2, 2, 5]) - 1) * 6 * power([3, 3])).text == "(2*2*5-1)*6*3^2"
