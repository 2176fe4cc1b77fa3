"""Tallies, rows and tables of costs."""

import json

import pytest

from mien.core.costs import CostTable
from mien.core.errors import ConfigError
from mien.core.layer_costs import Formula, LayerCost
from mien.core.tallies import Tally


def row(name: str, products: int, **more) -> LayerCost:
    return LayerCost(
        name=name,
        kind="conv",
        output_shape=(3, 3, 6),
        trainable=products // 2,
        with_buffers=products,
        forward=Tally({"multiplications": products, "additions": products - 1, "comparisons": 2}),
        bytes_moved=8,
        activation_bytes=4,
        live_bytes=products,
        **more,
    )


def table(*rows: LayerCost, **more) -> CostTable:
    return CostTable(network="<two> & layers", inputs=((8, 8, 5),), rows=rows, layout="channels last", **more)


def test_tallies_add_up_by_name() -> None:
    total = Tally.summed(
        [Tally({"additions": 2, "divisions": 1}), Tally({"additions": 3, "bias additions": 4})]
    )
    assert total == Tally({"additions": 5, "bias additions": 4, "divisions": 1})
    assert (total.total, total.bias_additions, total.others) == (10, 4, {"divisions": 1})


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(ConfigError, match="cannot be negative"):
        Tally({"additions": -1})


def test_totals_are_sums_of_rows() -> None:
    whole = table(row("a", 10), row("b", 30))
    assert (whole.trainable, whole.with_buffers) == (20, 40)
    assert whole.forward == Tally({"multiplications": 40, "additions": 38, "comparisons": 4})
    assert (whole.bytes_moved, whole.activation_bytes, whole.peak_bytes) == (16, 8, 30)
    assert whole.backward_inputs is None
    assert whole.seconds is None
    assert whole.operations == whole.forward.total == 82


def test_more_trainable_than_stored_is_refused() -> None:
    with pytest.raises(ConfigError, match="layer x"):
        LayerCost(name="x", kind="conv", output_shape=(1,), trainable=3, with_buffers=2)


def test_a_layer_that_is_not_counted_marks_the_total() -> None:
    whole = table(row("a", 10), row("odd", 30, uncounted=("fft",)))
    assert whole.lower_bound
    assert whole.uncounted == ("odd: fft",)
    assert "at least" in str(whole)
    assert "lower bounds: odd: fft" in str(whole)
    assert not table(row("a", 10)).lower_bound


def test_json_gives_the_same_table_back() -> None:
    formula = Formula(phase="forward", quantity="multiplications", text="2*5", value=10)
    trained = row(
        "a", 10, formulas=(formula,), backward_inputs=Tally(), backward_weights=Tally({"additions": 1})
    )
    whole = table(trained, row("b", 30, receptive_field=(5, 5), seconds=0.5), batch=4, notes=("said",))
    values = json.loads(whole.to_json())
    assert CostTable.from_dict(values) == whole
    assert values["totals"]["forward"] == {
        "multiplications": 40,
        "additions": 38,
        "bias additions": 0,
        "comparisons": 4,
    }
    assert values["totals"]["seconds"] == 0.5


def test_text_has_a_line_for_each_layer_and_the_total() -> None:
    lines = str(table(row("conv 6 2x2", 1080), row("b", 12_000))).splitlines()
    assert [line.split()[0] for line in lines if line.startswith(("conv 6", "b ", "total"))] == [
        "conv",
        "b",
        "total",
    ]
    assert any(line.split()[:6] == ["conv", "6", "2x2", "3x3x6", "1080", "1080"] for line in lines)
    assert any("12,000" in line for line in lines)


def test_html_escapes_names_and_has_every_row() -> None:
    html = table(row("a<b", 10), row("c", 30))._repr_html_()
    assert html.count("<tr>") == 4
    assert "a&lt;b" in html
    assert "&lt;two&gt; &amp; layers" in html


def test_an_empty_network_has_zero_totals() -> None:
    whole = table()
    assert (whole.operations, whole.peak_bytes, whole.forward) == (0, 0, Tally())
    assert "total" in str(whole)
