"""THE way from any picture file to upright pixels, and from these to a grey face of 48x48: for data and prediction.

1. turned upright as its EXIF orientation says; of an animation the first frame;
2. 16-bit grey scaled to 8 bits: divided by 257, rounded (65535 becomes 255);
3. transparent parts laid on white, as viewers show them;
4. colour to luma: 0.299 R + 0.587 G + 0.114 B (ITU-R 601, as Pillow's "L"), rounded;
5. a square cut out: where a detector found a face, or else the middle one, for a face keeps its proportions and
   pictures of faces have them in the middle;
6. resized to 48x48 with Pillow's LANCZOS: no aliasing, and of its filters the one that blurs least (docs/detectors.md).

An 8-bit grey picture of 48x48 without transparency comes out as it is, pixel for pixel.
"""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from mien.core.images import Uint8
from mien.data._bad import BadPlaceError

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE = 48
MOST_PIXELS = 50_000_000  # of a picture; checked in its header, before it is decoded
KINDS = ("PNG", "JPEG", "WEBP", "BMP")
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
_ORIENTATION = 0x0112  # in EXIF; what to do about each:
_TURNS = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}
_SIDEWAYS = (5, 6, 7, 8)
_BAND = 1_000_000  # pixels of a large picture that are converted at a time
_ONE_AT_A_TIME = threading.Lock()
_SIXTEEN_BITS = ("I", "I;16", "I;16L", "I;16B", "I;16N")

Square = tuple[int, int, int]  # left, top, side
Size = tuple[int, int]  # width, height


def read_picture(file: Path | BinaryIO) -> "Image":
    """Upright pixels, steps 1 to 3, in mode "L" or "RGB"; BadPlaceError where it is none, damaged, or too large."""
    return _read(file, None)[0]


def read_shrunk(file: Path | BinaryIO, side: int) -> "tuple[Image, Size]":
    """As read_picture, but not much larger than needed, and the upright size that the picture has.

    Where the longer side is at least twice `side`, squares of whole pixels are averaged to one: what comes out has a
    longer side from `side` to twice that. Memory is that of the decoded picture, at most 4 bytes a pixel, and of what
    comes out; of a JPEG not even all of it is decoded.
    """
    return _read(file, side)


def _read(file: Path | BinaryIO, side: int | None) -> "tuple[Image, Size]":
    from PIL import Image, UnidentifiedImageError

    try:
        with _quietly():
            picture = Image.open(file, formats=KINDS)
        with picture:
            _check_size(picture)
            return _upright(picture, side)
    except BadPlaceError:
        raise
    except Image.DecompressionBombError as error:
        raise BadPlaceError(f"expected at most {MOST_PIXELS:,} pixels ({error})") from error
    except UnidentifiedImageError as error:
        raise BadPlaceError(f"expected a picture ({', '.join(KINDS)}), got something else") from error
    except Exception as error:  # Pillow's decoders raise nearly any class on damaged files
        raise BadPlaceError(f"damaged picture ({error})") from error


@contextmanager
def _quietly() -> Iterator[None]:
    """No warnings of oddities in headers and EXIF, which do not change the pixels.

    Filters belong to the process until Python 3.14, so two threads that set them at once would leave them set:
    only headers are read within, one at a time, and pixels are decoded outside, where Pillow does not warn.
    """
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def face_in(picture: "Image", square: Square | None = None) -> Uint8:
    """Steps 4 to 6: the face in a square of a picture, uint8 (48, 48); None: in the middle square.

    Where the square reaches over the edge, the pixels at the edge are repeated.
    """
    from PIL import Image

    left, top, side = square or middle_square(picture.width, picture.height)
    if left >= 0 and top >= 0 and left + side <= picture.width and top + side <= picture.height:
        cut = picture.crop((left, top, left + side, top + side)).convert("L")
    else:
        rows = np.clip(np.arange(top, top + side), 0, picture.height - 1)
        columns = np.clip(np.arange(left, left + side), 0, picture.width - 1)
        cut = Image.fromarray(np.asarray(picture.convert("L"))[rows[:, None], columns])
    return np.array(cut.resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def middle_square(width: int, height: int) -> Square:
    """The largest square in the middle of a picture.

    >>> middle_square(100, 40)
    (30, 0, 40)
    """
    side = min(width, height)
    return (width - side) // 2, (height - side) // 2, side


def _check_size(picture: "Image") -> None:
    if picture.width * picture.height > MOST_PIXELS:
        raise BadPlaceError(f"expected at most {MOST_PIXELS:,} pixels, got {picture.width}x{picture.height}")


def _upright(picture: "Image", side: int | None) -> "tuple[Image, Size]":
    """Steps 1 to 3, averaged to `side` where one is given, and the upright size before that."""
    from PIL import Image

    size = picture.size
    times = _times(picture, side)
    if times > 1:
        picture.draft(None, (max(size[0] // times, 1), max(size[1] // times, 1)))  # of JPEG, decodes less
    picture.load()
    plain = _averaged(picture, _times(picture, side))
    with _quietly():
        orientation = picture.getexif().get(_ORIENTATION)
    if orientation not in _TURNS:
        return plain, size
    turned = plain.transpose(Image.Transpose[_TURNS[orientation]])
    return turned, size[::-1] if orientation in _SIDEWAYS else size


def _times(picture: "Image", side: int | None) -> int:
    return max(max(picture.size) // side, 1) if side else 1


def _averaged(picture: "Image", times: int) -> "Image":
    """Each square of so many pixels a side to one, mode "L" or "RGB"; by bands, so no second picture is made."""
    from PIL import Image

    if times == 1:
        return _plain(picture)
    width, height = picture.size
    step = times * max(_BAND // (width * times), 1)
    bands = ((top, picture.crop((0, top, width, min(top + step, height)))) for top in range(0, height, step))
    whole = None
    for top, band in bands:
        part = _plain(band).reduce(times)
        whole = whole or Image.new(part.mode, (-(-width // times), -(-height // times)))
        whole.paste(part, (0, top // times))
    return whole or _plain(picture)


def _plain(picture: "Image") -> "Image":
    """Steps 2 and 3: mode "L" or "RGB"."""
    from PIL import Image

    if picture.mode in _SIXTEEN_BITS:
        return Image.fromarray(np.rint(np.asarray(picture) / 257).astype(np.uint8))
    if picture.has_transparency_data:
        opaque = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(opaque, picture.convert("RGBA")).convert("RGB")
    return picture if picture.mode in ("L", "RGB") else picture.convert("RGB")
