"""Mean and spread of each column in one pass, and the rows prepared with them in the next."""

from collections.abc import Iterator
from typing import Self

import numpy as np

from mien.analysis._pca_centre import Centre, Float64s, pieces
from mien.core.rows import Rows


class Columns:
    """Sums of squares of each column about its running mean."""

    def __init__(self, rows: Rows) -> None:
        self.centre = Centre(rows)
        self.squares = np.zeros(len(rows.columns))

    def add(self, block: Float64s) -> None:
        """Count a block (b, d) in."""
        taken = self.centre.take(block)
        centred = taken.values - taken.mean
        self.squares += np.einsum("ij,ij->j", centred, centred) + taken.between**2

    @classmethod
    def of(cls, rows: Rows) -> Self:
        """Of all rows."""
        columns = cls(rows)
        for piece in pieces(rows):
            columns.add(piece)
        return columns


def prepared(rows: Rows, mean: Float64s, scale: Float64s | None) -> Iterator[Float64s]:
    """All rows in pieces (b, d), centred and scaled."""
    for piece in pieces(rows):
        centred = piece - mean
        yield centred if scale is None else centred / scale
