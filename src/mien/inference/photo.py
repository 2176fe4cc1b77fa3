"""Any photo to RGB: a file or an array, either right or refused with one line."""

import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from mien.core.errors import DataError
from mien.core.images import Uint8
from mien.data._bad import BadPlaceError
from mien.data.pictures import MOST_PIXELS, Size, read_picture, read_shrunk

if TYPE_CHECKING:
    from PIL.Image import Image

LEAST_SIDE = 2048  # of a picture that was shrunk: detectors shrink to 640, and a face needs 48 of it
Photo = str | Path | BinaryIO | np.ndarray[Any, Any]


def read_photo(photo: Photo) -> Uint8:
    """Upright RGB uint8 (h, w, 3) of a path, an open binary file, or an array; DataError where that cannot be.

    An array is RGB (h, w, 3) or grey (h, w), uint8 from 0 to 255.

    >>> read_photo(np.zeros((2, 3), dtype=np.uint8)).shape
    (2, 3, 3)
    """
    if isinstance(photo, np.ndarray):
        return _checked(photo)
    return np.array(_read(photo, None)[0])


def open_photo(photo: Photo) -> "tuple[Image, Size]":
    """An RGB picture to find faces in, and its upright size: large files come shrunk, arrays as they are.

    Of a file, the longer side is under 4096 pixels: at most 50 MB as an array, whatever the file.
    """
    from PIL import Image

    if not isinstance(photo, np.ndarray):
        return _read(photo, LEAST_SIDE)
    picture = Image.fromarray(_checked(photo))
    return picture, picture.size


def _read(photo: str | Path | BinaryIO, side: int | None) -> "tuple[Image, Size]":
    name = str(photo) if isinstance(photo, (str, Path)) else "the open file"
    try:
        file = existing(Path(photo)) if isinstance(photo, (str, Path)) else photo
        if side:
            picture, size = read_shrunk(file, side)
        else:
            picture = read_picture(file)
            size = picture.size
        return picture if picture.mode == "RGB" else picture.convert("RGB"), size
    except BadPlaceError as error:
        raise DataError(f"{name}: {error}") from error


def existing(path: Path) -> Path:
    """The path, where a file lies: a missing one is not a damaged one, and a pipe would be waited for.

    Raises BadPlaceError otherwise.
    """
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise BadPlaceError(
                f"expected a picture, got {'a folder' if stat.S_ISDIR(mode) else 'no plain file'}"
            )
        with path.open("rb"):
            return path
    except OSError as error:
        raise BadPlaceError(f"cannot be read ({error.strerror})") from error
    except ValueError as error:  # a null byte in the name
        raise BadPlaceError(f"cannot be read ({error})") from error


def _checked(array: np.ndarray[Any, Any]) -> Uint8:
    expected = "an array: expected RGB uint8 (h, w, 3) or grey uint8 (h, w), values 0 to 255"
    if array.dtype != np.uint8:
        raise DataError(f"{expected}, got {array.dtype}{_way_out(array)}")
    if array.ndim == 2:
        array = np.repeat(array[:, :, None], 3, axis=2)
    if array.ndim != 3 or array.shape[2] != 3:
        hint = " (the channels come last)" if array.ndim == 3 and array.shape[0] == 3 else ""
        hint = " (leave the fourth channel out: rgb[..., :3])" if array.shape[-1:] == (4,) else hint
        raise DataError(f"{expected}, got {array.shape}{hint}")
    if not 0 < array.shape[0] * array.shape[1] <= MOST_PIXELS:
        raise DataError(f"{expected} and 1 to {MOST_PIXELS:,} pixels, got {array.shape}")
    return np.ascontiguousarray(array)


def _way_out(array: np.ndarray[Any, Any]) -> str:
    if not array.size or not np.issubdtype(array.dtype, np.number):
        return ""
    low, high = float(array.min()), float(array.max())
    span = f" with values {low:g} to {high:g}"
    if low >= 0 and high <= 1:
        return f"{span}: give (255 * array).round().astype('uint8')"
    if low >= 0 and high <= 255:
        return f"{span}: give array.astype('uint8')"
    return f"{span}: bring them to 0 to 255 first"
