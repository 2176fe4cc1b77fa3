"""THE way from any picture to a grey face of 48x48, for every format that holds picture files.

1. turned upright as its EXIF orientation says;
2. 16-bit grey scaled to 8 bits: divided by 257, rounded (65535 becomes 255);
3. transparent parts laid on white, as viewers show them;
4. colour to luma: 0.299 R + 0.587 G + 0.114 B (ITU-R 601, as Pillow's "L"), rounded;
5. the middle square: a face keeps its proportions, and pictures of faces have them in the middle;
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
_SIXTEEN_BITS = ("I", "I;16", "I;16L", "I;16B", "I;16N")


def to_face(file: Path | BinaryIO) -> Uint8:
    """The face in a picture file, uint8 (48, 48); BadPlaceError where that is none, damaged, or too large."""
    from PIL import Image, UnidentifiedImageError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of oddities (EXIF, palettes) that do not change the pixels
        try:
            with Image.open(file, formats=KINDS) as picture:
                _check_size(picture)
                return _to_face(picture)
        except BadPlaceError:
            raise
        except Image.DecompressionBombError as error:
            raise BadPlaceError(f"expected at most {MOST_PIXELS:,} pixels ({error})") from error
        except UnidentifiedImageError as error:
            raise BadPlaceError(f"expected a picture ({', '.join(KINDS)}), got something else") from error
        except Exception as error:  # Pillow's decoders raise nearly any class on damaged files
            raise BadPlaceError(f"damaged picture ({error})") from error


def _check_size(picture: "Image") -> None:
    if picture.width * picture.height > MOST_PIXELS:
        raise BadPlaceError(f"expected at most {MOST_PIXELS:,} pixels, got {picture.width}x{picture.height}")


def _to_face(picture: "Image") -> Uint8:
    from PIL import Image, ImageOps

    ImageOps.exif_transpose(picture, in_place=True)
    grey = _grey(picture)
    side = min(grey.size)
    left, top = (grey.width - side) // 2, (grey.height - side) // 2
    square = grey.crop((left, top, left + side, top + side))
    return np.array(square.resize((SIDE, SIDE), Image.Resampling.BILINEAR))


def _grey(picture: "Image") -> "Image":
    """Mode "L": 16 bits scaled, transparency on white, colour to luma."""
    from PIL import Image

    if picture.mode in _SIXTEEN_BITS:
        return Image.fromarray(np.rint(np.asarray(picture) / 257).astype(np.uint8))
    if picture.has_transparency_data:
        opaque = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(opaque, picture.convert("RGBA")).convert("L")
    if picture.mode == "L":
        return picture
    return picture.convert("RGB").convert("L")
