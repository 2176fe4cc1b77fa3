"""The running mean of rows that come block by block, and what it adds to the sums of squares about it.

Chan, Golub & LeVeque (1983), "Algorithms for computing the sample variance": two groups of n_a and n_b rows
with means m_a and m_b have together the sums of squares of each about its own mean, and n_a n_b / n times the
square of m_b - m_a. Nothing is squared before a mean is off it, so values near 1e8 keep their small variance.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import DataError
from mien.core.rows import Block, Rows

Float64s = NDArray[np.float64]

# Blocks are squared as they are where the mean of the first one is at most 8 deviations off zero: a sum of
# squares then loses at most a factor 1 + 8^2 = 65 of the last digit, and that saves a third of the time.
_HARMLESS = 8.0
_PIECE_BYTES = (
    4 << 20
)  # of float64, so that a piece that was read stays in the cache (measured: bench/pca.py)
_FEWEST, _MOST = 2048, 16384  # rows of a piece


class Taken(NamedTuple):
    """One block after the running mean has seen it.

    values   (b, d), the block less a shift that is the same for all blocks
    mean     (d,), of values
    between  (d,), the row whose square is what the distance of this block from those before adds
    """

    values: Float64s
    mean: Float64s
    between: Float64s


class Centre:
    """Count, mean and first row of the blocks so far."""

    def __init__(self, rows: Rows) -> None:
        self.source, self.columns = rows.source, rows.columns
        self.count = 0
        self.first: Float64s = np.zeros(len(rows.columns))
        self._shift: Float64s | None = None
        self._offset: Float64s = np.zeros(len(rows.columns))  # of the mean from the shift

    @property
    def mean(self) -> Float64s:
        """Of all rows so far, (d,)."""
        return self._offset if self._shift is None else self._shift + self._offset

    def take(self, block: Float64s) -> Taken:
        """Count a block (b, d) in; DataError, with the place, where a value is not finite."""
        if not self.count:
            self._start(block)
        rows = len(block)
        values = block if self._shift is None else block - self._shift
        mean = np.full(rows, 1 / rows) @ values
        if not np.isfinite(mean).all():
            self._refuse(block)
        change, total = mean - self._offset, self.count + rows
        between = change * np.sqrt(self.count * rows / total)
        self._offset = self._offset + change * (rows / total)
        self.count = total
        return Taken(values, mean, between)

    def _start(self, block: Float64s) -> None:
        """Keep the first row; shift the columns whose mean is large beside their deviation to about zero."""
        self.first = block[0].copy()
        sample = block[:_FEWEST]
        mean, deviation = sample.mean(axis=0), sample.std(axis=0)
        far = np.abs(mean) > _HARMLESS * deviation
        self._shift = np.where(far, mean, 0.0) if far.any() else None

    def _refuse(self, block: Float64s) -> None:
        """Raise DataError at the first value that is NaN or infinite, or for a sum that is."""
        bad = np.argwhere(~np.isfinite(block))
        if not len(bad):
            raise DataError(
                f"{self.source}: the numbers are too large to add up in 64 bits; divide them by a constant"
            )
        row, column = bad[0]
        raise DataError(
            f"{self.source}, row {self.count + row + 1}, {self.columns[column]}: expected a finite number, "
            f"got {block[row, column]} (rows count from 1); mend the value or leave the row out"
        )


def pieces(rows: Rows) -> Iterator[Float64s]:
    """All rows as float64 in pieces (b, d) that fit into the processor's cache."""
    return (piece.values for piece in labelled_pieces(rows))


def labelled_pieces(rows: Rows) -> Iterator[Block]:
    """The same pieces with their labels."""
    size = min(max(_PIECE_BYTES // (8 * len(rows.columns)), _FEWEST), _MOST)
    for block in rows.blocks():
        for start in range(0, len(block.values), size):
            values = np.asarray(block.values[start : start + size], dtype=np.float64)
            yield Block(values, block.labels and block.labels[start : start + size])
