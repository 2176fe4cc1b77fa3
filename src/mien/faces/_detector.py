"""What a face detector is to mien: it finds boxes, and says how they relate to the crop of the data sets."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mien.core.expression import Box
from mien.core.images import Uint8


@dataclass(frozen=True, kw_only=True)
class Found:
    """A face as a detector found it; score from 0 to 1, None where nothing was detected.

    square  by which FER2013's faces were cut, where the detector can tell it better than by its box
    """

    box: Box
    score: float | None = None
    square: Box | None = None


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """From a detector's box to the square that FER2013's faces were cut by (OpenCV's Haar detector).

    The square's side is `margin` times the box's longer side; its centre lies `right` and `down` of the box's centre,
    in units of the square's side.
    """

    margin: float = 1.0
    right: float = 0.0
    down: float = 0.0

    def square(self, box: Box) -> tuple[int, int, int]:
        """Left, top and side in whole pixels, the side at least 1.

        >>> Geometry(margin=1.5, down=0.1).square(Box(left=10, top=20, width=30, height=40))
        (-5, 16, 60)
        """
        side = max(self.margin * max(box.width, box.height), 1.0)
        across = box.left + box.width / 2 + self.right * side
        along = box.top + box.height / 2 + self.down * side
        return round(across - side / 2), round(along - side / 2), round(side)


Find = Callable[[Uint8], list[Found]]  # RGB (h, w, 3) -> faces, in pixels of that picture


@dataclass(frozen=True, kw_only=True)
class Detector:
    """A plug-in: the file's name is the name that users type.

    summary     one line for people
    make        gives the function that finds faces; the path is the file named as `name=FILE`, None without one
    geometry    of its boxes
    needs_file  whether it runs a network that the user names
    """

    summary: str
    make: Callable[[Path | None], Find]
    geometry: Geometry
    needs_file: bool = False
