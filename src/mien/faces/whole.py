"""`whole`: the picture is the face, as in FER2013 and other pictures that are cropped already."""

from pathlib import Path

from mien.core.expression import Box
from mien.core.images import Uint8
from mien.faces._detector import Detector, Find, Found, Geometry


def _make(_file: Path | None) -> Find:
    return _find


def _find(rgb: Uint8) -> list[Found]:
    """The middle square, as pictures of data sets are read (mien.data.pictures)."""
    height, width = rgb.shape[:2]
    side = min(width, height)
    return [Found(box=Box(left=(width - side) // 2, top=(height - side) // 2, width=side, height=side))]


PLUGIN = Detector(
    summary="the picture is the face: nothing is detected, the middle square is taken",
    make=_make,
    geometry=Geometry(),
)
