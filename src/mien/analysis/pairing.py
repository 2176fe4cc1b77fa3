"""Two runs on the same faces: their predictions face by face, and how they compare."""

from dataclasses import dataclass

import numpy as np

from mien.analysis.significance import DifferenceInterval, McNemar, bootstrap_difference, mcnemar
from mien.core.errors import DataError
from mien.core.images import Bools
from mien.core.predictions import Predictions


@dataclass(frozen=True, kw_only=True, eq=False)
class Pairing:
    """The predictions of two runs, of the same faces in the same order, and the tests of their difference."""

    first: Predictions
    second: Predictions
    table: McNemar
    interval: DifferenceInterval

    @property
    def first_right(self) -> Bools:
        """Which faces (n,) the first run gets right."""
        return right(self.first)

    @property
    def second_right(self) -> Bools:
        """Which faces (n,) the second run gets right."""
        return right(self.second)


def paired(first: Predictions, second: Predictions) -> Pairing:
    """Two runs face by face, in the order of the first.

    Raises DataError, saying what differs, where the runs did not predict the same faces with the same labels.
    """
    second = _in_order_of(first, second)
    table = mcnemar(right(first), right(second))
    return Pairing(first=first, second=second, table=table, interval=bootstrap_difference(table))


def right(predictions: Predictions) -> Bools:
    """Which faces (n,) have the true class as the most probable one."""
    found: Bools = predictions.predicted == predictions.labels
    return found


def _in_order_of(first: Predictions, second: Predictions) -> Predictions:
    names = f"{first.run} and {second.run}"
    if first.classes != second.classes:
        raise DataError(
            f"{names} know different classes: {', '.join(first.classes)}; {', '.join(second.classes)}"
        )
    places = {name: row for row, name in enumerate(second.ids.tolist())}
    shared = [places[name] for name in first.ids.tolist() if name in places]
    if not len(shared) == len(first) == len(second):
        raise DataError(
            f"{names} were measured on different faces: {len(first):,} and {len(second):,}, "
            f"{len(shared):,} of them in both"
        )
    ordered = second.select(np.array(shared, dtype=np.int64))
    differing = int((ordered.labels != first.labels).sum())
    if differing:
        raise DataError(f"{names} were measured with different labels, which differ in {differing:,} faces")
    if not len(first):
        raise DataError(f"{names} were measured on no face")
    return ordered
