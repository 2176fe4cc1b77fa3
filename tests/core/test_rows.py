"""Rows of an array: names, kinds, and what is refused."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from mien.core.errors import DataError
from mien.core.rows import Rows


def values(rows: Rows) -> np.ndarray:
    return np.concatenate([block.values for block in rows.blocks()])


def test_a_data_frame_keeps_its_names() -> None:
    rows = Rows.of(pd.DataFrame({"x": [1, 2], "y": [0.5, 1.5]}))
    assert rows.columns == ("x", "y")
    assert values(rows).tolist() == [[1, 0.5], [2, 1.5]]


def test_names_are_made_where_there_are_none() -> None:
    rows = Rows.of([[1, 2, 3]])
    assert rows.columns == ("column 1", "column 2", "column 3")
    assert rows.count == 1


def test_objects_that_are_numbers_are_taken() -> None:
    assert values(Rows.of(np.array([[1, 2.5], [True, 4]], dtype=object))).tolist() == [[1, 2.5], [1, 4]]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([[1, 2], [3]], r"the array, row 2: expected 2 numbers, as in row 1, got 1"),
        ([1, 2, 3], r"expected two dimensions \(rows, columns\), got the shape \(3,\)"),
        (np.zeros((2, 2, 2)), r"got the shape \(2, 2, 2\)"),
        (5, r"got the shape \(\)"),
        ([["1", "2"]], r"row 1, column 1: expected a number, got .*'1'"),
        ([[1.0, [2]]], r"expected a table of numbers"),
        ([[1.0, {}]], r"row 1, column 2: expected a number, got {}"),
        ([[1, 2], [3, 1j]], r"row 1, column 1: expected a number, got .*1\+0j"),
        (pd.DataFrame({"x": [1, 2], "kind": ["a", "b"]}), r"row 1, kind: expected a number, got 'a'"),
        (pd.DataFrame({"x": [1, pd.NA]}), r"row 2, x: expected a number, got <NA>"),
    ],
)
def test_what_is_no_table_of_numbers_is_refused_with_the_place(given: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Rows.of(given)


def test_no_rows_give_no_block() -> None:
    assert list(Rows.of(np.zeros((0, 3))).blocks()) == []
