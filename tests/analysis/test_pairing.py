"""Two runs face by face: the same faces are needed, their order is not."""

from dataclasses import replace

import numpy as np
import pytest

from mien.analysis.pairing import paired
from mien.core.errors import DataError
from tests.diagnostics.read_runs import predictions_of

LABELS = [0, 1, 2, 0, 1, 2]
FIRST = predictions_of(LABELS, [0, 1, 2, 0, 0, 0], run="first")
SECOND = predictions_of(LABELS, [0, 2, 2, 1, 1, 0], run="second")


def test_order_does_not_matter() -> None:
    straight = paired(FIRST, SECOND)
    mixed = paired(FIRST, SECOND.select(np.array([3, 5, 0, 1, 4, 2])))
    table = straight.table
    assert (table.both, table.only_first, table.only_second, table.neither) == (2, 2, 1, 1)
    assert mixed.table == table
    assert mixed.interval == straight.interval
    assert mixed.second.ids.tolist() == FIRST.ids.tolist()
    assert mixed.first_right.tolist() == [True, True, True, True, False, False]
    assert mixed.second_right.tolist() == [True, False, True, False, True, False]


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (SECOND.select(np.arange(4)), "different faces: 6 and 4, 4 of them in both"),
        (replace(SECOND, ids=np.array(list("abcdef"))), "6 and 6, 0 of them in both"),
        (replace(SECOND, labels=np.array([0, 1, 2, 0, 0, 0])), "different labels, which differ in 2 faces"),
        (replace(SECOND, classes=("x", "y", "z")), "know different classes"),
    ],
)
def test_what_cannot_be_compared(second, words: str) -> None:
    with pytest.raises(DataError, match=f"first and second .*{words}"):
        paired(FIRST, second)


def test_no_face() -> None:
    none = np.arange(0)
    with pytest.raises(DataError, match="no face"):
        paired(FIRST.select(none), SECOND.select(none))
