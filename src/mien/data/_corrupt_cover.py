"""Parts of a face covered with its own mean grey, which says least: eyes, mouth, a side.

Where eyes and mouth are was read from FER2013's mean face (eyes in row 17 to 18 of 48, mouth in 38 to 40) and from
the masks of the drawn faces (brows and eyes in rows 9 to 17, mouth in 34 to 39).
"""

import numpy as np

from mien.core.images import Uint8
from mien.data._corrupt_picture import face_means
from mien.data._drawn_random import Stream

_WHOLE = 48
_EYES, _MOUTH = 15.0, 37.5  # rows of 48, in the middle of what is covered
_MARGIN = 6  # columns of 48 that stay free on both sides


def eyes_covered(faces: Uint8, rows: float, _stream: Stream) -> Uint8:
    """A bar of so many rows of 48 over brows and eyes."""
    return _barred(faces, _EYES, rows)


def mouth_covered(faces: Uint8, rows: float, _stream: Stream) -> Uint8:
    """A bar of so many rows of 48 over the mouth."""
    return _barred(faces, _MOUTH, rows)


def side_covered(faces: Uint8, columns: float, stream: Stream) -> Uint8:
    """So many columns of 48 from the left or the right border, drawn for each face."""
    side = faces.shape[1]
    hidden = np.arange(side) < round(columns * side / _WHOLE)  # (s,)
    left = stream.chance("left", 0.5)[:, None]
    return _covered(faces, np.where(left, hidden, hidden[::-1])[:, None, :])


def _barred(faces: Uint8, middle: float, rows: float) -> Uint8:
    scale = faces.shape[1] / _WHOLE
    place = (np.arange(faces.shape[1]) + 0.5) / scale
    bar = np.abs(place - middle) < rows / 2
    across = (place > _MARGIN) & (place < _WHOLE - _MARGIN)
    return _covered(faces, bar[:, None] & across)


def _covered(faces: Uint8, hidden: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]") -> Uint8:
    return np.where(hidden, face_means(faces), faces).astype(np.uint8)
