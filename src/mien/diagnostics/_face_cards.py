"""Cards of faces: a face with a bar per class, the true and the predicted class marked."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mien.core.images import Uint8
from mien.core.section import Bar, FaceCard, Mark


def card(
    face: Uint8,
    probabilities: NDArray[np.floating],
    classes: Sequence[str],
    true: int,
    id: str,  # noqa: A002 - the name that FaceCard has
    heading: str,
) -> FaceCard:
    """A face (h, w) with its scores (k,) as bars in the order of the classes; the predicted class has the highest.

    >>> face = np.zeros((2, 2), np.uint8)
    >>> [bar.mark for bar in card(face, np.array([0.2, 0.7, 0.1]), ("a", "b", "c"), 0, "7", "a, taken for b").bars]
    ['true', 'predicted', '']
    """
    predicted = int(np.argmax(probabilities))
    bars = tuple(
        Bar(name=name, share=float(share), mark=_mark(k, true, predicted))
        for k, (name, share) in enumerate(zip(classes, probabilities, strict=True))
    )
    return FaceCard(pixels=face, heading=heading, bars=bars, id=id)


def _mark(k: int, true: int, predicted: int) -> Mark:
    if k == true == predicted:
        return "both"
    if k == true:
        return "true"
    return "predicted" if k == predicted else ""
