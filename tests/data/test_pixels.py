"""Pixels as text: the fast reading never differs from int() number by number."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.data._pixels import parse_rows

PIECES = (
    "0",
    "7",
    "10",
    "025",
    "255",
    "256",
    "999",
    "0007",
    " ",
    "  ",
    "\t",
    "-1",
    "3.5",
    "nan",
    "1e2",
    "٣",
    "\x00",
)


def read_plainly(text: str) -> list[int] | None:
    """The numbers of a text by the definition; None where one is no whole number from 0 to 255."""
    tokens = text.encode().split()
    if any(not token.isdigit() or int(token) > 255 for token in tokens):
        return None
    return [int(token) for token in tokens]


@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=6).map("".join), min_size=1, max_size=4))
def test_rows_of_any_text_read_as_int_reads_them(texts: list[str]) -> None:
    for pixels, text in zip(parse_rows([text.encode() for text in texts]), texts, strict=True):
        assert (None if isinstance(pixels, str) else pixels.tolist()) == read_plainly(text)


@given(st.lists(st.lists(st.integers(0, 255), min_size=1, max_size=9), min_size=1, max_size=5))
def test_rows_of_numbers_come_back_each_with_its_own_count(rows: list[list[int]]) -> None:
    texts = [" ".join(map(str, row)).encode() for row in rows]
    assert [pixels.tolist() for pixels in parse_rows(texts)] == rows


@pytest.mark.parametrize(
    "text", ["256", "260", "299", "300", "999", "1234", "7025", "0256", "1 2 256", "25 1000 5"]
)
def test_numbers_over_255_are_refused_however_long(text: str) -> None:
    assert read_plainly(text) is None
    assert isinstance(parse_rows([text.encode()])[0], str)


@pytest.mark.parametrize("text", ["0007", "007 08 9", "  1 2", "1  2", "1\t2\n", "1 2 ", "255", ""])
def test_unusual_writing_is_read(text: str) -> None:
    (pixels,) = parse_rows([text.encode()])
    assert pixels.tolist() == read_plainly(text)


def test_every_pixel_value_reads_right_after_every_length() -> None:
    numbers = [value for before in (5, 50, 250) for value in range(256) for value in (before, value)]
    (pixels,) = parse_rows([" ".join(map(str, numbers)).encode()])
    assert pixels.dtype == np.uint8
    assert pixels.tolist() == numbers


def test_the_first_wrong_pixel_is_named_in_its_row_only() -> None:
    good, bad, also_good = parse_rows([b"1 2 3", b"1 nan 300", b"4 5 6"])
    assert good.tolist() == [1, 2, 3]
    assert bad == "pixel 2: expected a whole number from 0 to 255, got 'nan'"
    assert also_good.tolist() == [4, 5, 6]
