"""What detectors share: fitting a picture to a network, and one box for each face."""

import numpy as np
from numpy.typing import NDArray

from mien.core.images import Uint8

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
    return np.pad(rgb, ((0, -height % multiple), (0, -width % multiple), (0, 0)))


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
