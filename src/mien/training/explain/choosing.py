"""Which faces an explanation shows."""

from dataclasses import dataclass

import numpy as np

from mien.core.errors import ConfigError, DataError
from mien.core.images import Ints
from mien.core.predictions import Predictions


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which of the predicted faces: by default the surest right one of each class, and the surest mistakes.

    expression  only faces with this label: the surest right ones, and the surest mistakes
    mistakes    only mistakes
    count       how many mistakes, and of a single class how many right ones
    """

    expression: str | None = None
    mistakes: bool = False
    count: int = 6

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ConfigError(f"count: expected 1 face or more, got {self.count}")


def chosen_rows(predictions: Predictions, wanted: Wanted) -> list[tuple[int, str]]:
    """Rows of the predictions, each with the reason why it is shown; DataError where no face is such a one.

    Raises ConfigError where there is no class of the wanted name.
    """
    right = predictions.predicted == predictions.labels
    order = np.argsort(-predictions.probs.max(axis=1), kind="stable")
    order = order[_labelled(predictions, wanted)[order]]
    hits, misses = order[right[order]], order[~right[order]][: wanted.count]
    if wanted.expression is None:
        hits = _first_of_each_class(hits, predictions.labels[hits])
    found = [] if wanted.mistakes else [(row, "surest right one") for row in hits[: _most(wanted)].tolist()]
    found += [(row, "surest mistake") for row in misses.tolist()]
    if not found:
        raise DataError(
            f"run {predictions.run}: no face of its {predictions.split} part is one of those to explain"
        )
    return found


def _most(wanted: Wanted) -> int | None:
    return None if wanted.expression is None else wanted.count


def _labelled(predictions: Predictions, wanted: Wanted) -> "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]":
    if wanted.expression is None:
        return np.ones(len(predictions), dtype=np.bool_)
    if wanted.expression not in predictions.classes:
        raise ConfigError(
            f"no class is called '{wanted.expression}'; there are {', '.join(predictions.classes)}"
        )
    return predictions.labels == predictions.classes.index(wanted.expression)


def _first_of_each_class(rows: Ints, labels: Ints) -> Ints:
    """The first row of each label, by label."""
    return rows[np.unique(labels, return_index=True)[1]]
