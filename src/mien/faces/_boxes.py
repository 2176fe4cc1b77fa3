"""What detectors share: fitting a picture to a network, and one plausible box for each face."""

import numpy as np
from numpy.typing import NDArray

from mien.core.expression import Box
from mien.core.images import Bools, Uint8
from mien.faces._detector import Found

Float32s = NDArray[np.float32]


def fitted(rgb: Uint8, shortest: int, longest: int) -> tuple[Uint8, float]:
    """The picture with its longer side between these, and how many of its pixels one of the new ones is."""
    from PIL import Image

    height, width = rgb.shape[:2]
    side = max(height, width)
    wanted = min(max(side, shortest), longest)
    if wanted == side:
        return rgb, 1.0
    size = (max(round(width * wanted / side), 1), max(round(height * wanted / side), 1))
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BILINEAR)), side / wanted


def padded(rgb: Uint8, multiple: int) -> Uint8:
    """Black added below and to the right until both sides are multiples of a number."""
    height, width = rgb.shape[:2]
    return padded_to(rgb, height + -height % multiple, width + -width % multiple)


def padded_to(rgb: Uint8, height: int, width: int) -> Uint8:
    """Black added below and to the right until it has this size; no side may be longer than that already."""
    return np.pad(rgb, ((0, height - rgb.shape[0]), (0, width - rgb.shape[1]), (0, 0)))


def faces_in(picture: Uint8, edges: Float32s, scores: Float32s, overlap: float, factor: float) -> list[Found]:
    """Faces from left to right: boxes that make sense in this picture, and of those that meet the best.

    edges    (n, 4): left, top, right, bottom, in pixels of the picture
    overlap  as for one_each
    factor   how many pixels of the whole picture one of this picture is; boxes are in pixels of the whole one
    """
    kept = plausible(edges, scores, picture)
    edges, scores = edges[kept], scores[kept]
    rows = one_each(edges, scores, overlap)
    faces = [_face(edges[row] * factor, float(scores[row])) for row in rows]
    return sorted(faces, key=lambda face: (face.box.left, face.box.top))


def _face(edges: Float32s, score: float) -> Found:
    left, top, right, bottom = map(float, edges)
    return Found(box=Box(left=left, top=top, width=right - left, height=bottom - top), score=score)


def plausible(edges: Float32s, scores: Float32s, picture: Uint8) -> Bools:
    """Which boxes (n, 4) are finite, touch the picture, and are at most twice as large as it."""
    height, width = picture.shape[:2]
    finite = np.isfinite(edges).all(axis=1) & np.isfinite(scores)
    left, top, right, bottom = np.where(finite[:, None], edges, 0).T
    within = (right > left) & (bottom > top) & (right > 0) & (bottom > 0) & (left < width) & (top < height)
    with np.errstate(over="ignore"):  # float32 ends at 3e38
        small = np.maximum(right - left, bottom - top) <= 2 * max(height, width)
    return np.asarray(finite & within & small)


def one_each(edges: Float32s, scores: Float32s, overlap: float) -> list[int]:
    """Of boxes that cover one another by more than this the best: rows, best first (non-maximum suppression).

    edges  (n, 4): left, top, right, bottom; overlap is that of intersection over union

    >>> boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [50, 0, 60, 10]], dtype=np.float32)
    >>> one_each(boxes, np.array([0.8, 0.9, 0.7], dtype=np.float32), 0.3)
    [1, 2]
    """
    kept: list[int] = []
    waiting = np.argsort(-scores, kind="stable")
    areas = (edges[:, 2] - edges[:, 0]) * (edges[:, 3] - edges[:, 1])
    while len(waiting):
        best, waiting = int(waiting[0]), waiting[1:]
        kept.append(best)
        first = np.maximum(edges[best, :2], edges[waiting, :2])
        last = np.minimum(edges[best, 2:], edges[waiting, 2:])
        shared = np.prod(np.maximum(last - first, 0), axis=1)
        waiting = waiting[shared <= overlap * (areas[best] + areas[waiting] - shared)]
    return kept
