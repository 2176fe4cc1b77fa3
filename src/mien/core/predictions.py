"""Predictions: what a run says of each face, joined to the faces by id."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import DataError
from mien.core.images import Bools, Ints, LabelledImages, Strings


@dataclass(frozen=True, kw_only=True, eq=False)
class Predictions:
    """Class probabilities of n faces, checked on creation; the arrays are made read-only.

    probs    float32 (n, k), rows sum to 1
    labels   int64 (n,), the labels as the data gives them
    ids      str (n,), as in the LabelledImages that were predicted
    classes  names, in the order of the columns of probs
    split    the part that was predicted: "val", "test", or another name
    run      name of the run that predicted

    Raises DataError where shapes disagree or a row is not a distribution.
    """

    probs: NDArray[np.float32]
    labels: Ints
    ids: Strings
    classes: tuple[str, ...]
    split: str
    run: str

    def __post_init__(self) -> None:
        expected = (len(self.labels), len(self.classes))
        if self.probs.shape != expected or len(self.ids) != len(self.labels):
            raise DataError(
                f"predictions of {self.run}: expected probabilities {expected} and as many ids, "
                f"got {self.probs.shape} and {len(self.ids)}"
            )
        if len(self) and not np.allclose(self.probs.sum(axis=1, dtype=np.float64), 1, atol=1e-4):
            raise DataError(f"predictions of {self.run}: expected rows that sum to 1")
        for array in (self.probs, self.labels, self.ids):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def predicted(self) -> Ints:
        """Index of the most probable class of each face, int64 (n,)."""
        return self.probs.argmax(axis=1)

    def select(self, rows: Ints | Bools) -> "Predictions":
        """The predictions at these rows (indices, or a mask), in that order."""
        return replace(self, probs=self.probs[rows], labels=self.labels[rows], ids=self.ids[rows])

    def joined(self, faces: LabelledImages) -> LabelledImages:
        """The faces of these predictions, in the order of the predictions, found by id.

        Raises DataError where a predicted face is not among them.
        """
        position = {name: row for row, name in enumerate(faces.ids.tolist())}
        missing = [name for name in self.ids.tolist() if name not in position]
        if missing:
            raise DataError(f"{faces.source} lacks {len(missing)} predicted faces, first: {missing[0]}")
        return faces.select(np.array([position[name] for name in self.ids.tolist()], dtype=np.int64))
