"""THE way from any picture file to upright pixels, and from these to a grey face of 48x48: for data and prediction.

1. turned upright as its EXIF orientation says; of an animation the first frame;
2. 16-bit grey scaled to 8 bits: divided by 257, rounded (65535 becomes 255);
3. transparent parts laid on white, as viewers show them;
4. colour to luma: 0.299 R + 0.587 G + 0.114 B (ITU-R 601, as Pillow's "L"), rounded;
5. a square cut out: where a detector found a face, or else the middle one, for a face keeps its proportions and
   pictures of faces have them in the middle;
6. resized to 48x48 with Pillow's BILINEAR, which averages over all pixels that fall into one (no aliasing).

An 8-bit grey picture of 48x48 without transparency comes out as it is, pixel for pixel.
"""

import warnings
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
_SIXTEEN_BITS = ("I", "I;16", "I;16L", "I;16B", "I;16N")

Square = tuple[int, int, int]  # left, top, side


def read_picture(file: Path | BinaryIO) -> "Image":
    """Upright pixels, steps 1 to 3, in mode "L" or "RGB"; BadPlaceError where it is none, damaged, or too large."""
    from PIL import Image, UnidentifiedImageError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of oddities (EXIF, palettes) that do not change the pixels
        try:
            with Image.open(file, formats=KINDS) as picture:
                _check_size(picture)
                return _upright(picture)
        except BadPlaceError:
            raise
        except Image.DecompressionBombError as error:
            raise BadPlaceError(f"expected at most {MOST_PIXELS:,} pixels ({error})") from error
        except UnidentifiedImageError as error:
            raise BadPlaceError(f"expected a picture ({', '.join(KINDS)}), got something else") from error
        except Exception as error:  # Pillow's decoders raise nearly any class on damaged files
            raise BadPlaceError(f"damaged picture ({error})") from error


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
    return np.array(cut.resize((SIDE, SIDE), Image.Resampling.BILINEAR))


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


def _upright(picture: "Image") -> "Image":
    from PIL import Image, ImageOps

    ImageOps.exif_transpose(picture, in_place=True)
    if picture.mode in _SIXTEEN_BITS:
        return Image.fromarray(np.rint(np.asarray(picture) / 257).astype(np.uint8))
    if picture.has_transparency_data:
        opaque = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(opaque, picture.convert("RGBA")).convert("RGB")
    return picture.convert("L" if picture.mode == "L" else "RGB")
