"""What happens to a picture on its way: another exposure, fewer contrasts, compression, fewer pixels."""

import io

import numpy as np

from mien.core.images import Uint8
from mien.data._drawn_random import Stream

_WHOLE = 48


def brightness(faces: Uint8, levels: float, stream: Stream) -> Uint8:
    """So many grey levels brighter or darker, drawn for each face; what leaves 0 to 255 is clipped."""
    step = np.where(stream.chance("brighter", 0.5), round(levels), -round(levels))[:, None, None]
    return np.clip(faces.astype(np.int64) + step, 0, 255).astype(np.uint8)


def contrast(faces: Uint8, share: float, _stream: Stream) -> Uint8:
    """This share of each pixel's difference from the face's mean grey is left."""
    mean = face_means(faces)
    left = np.floor((faces.astype(np.int64) - mean) * share + 0.500001).astype(np.int64)
    return np.clip(mean + left, 0, 255).astype(np.uint8)


def jpeg(faces: Uint8, quality: float, _stream: Stream) -> Uint8:
    """Written as JPEG of this quality (libjpeg's scale, 1 to 95) and read again."""
    from PIL import Image

    found = np.empty_like(faces)
    for row, face in enumerate(faces):
        file = io.BytesIO()
        Image.fromarray(face).save(file, "JPEG", quality=round(quality))
        with Image.open(file) as picture:
            found[row] = np.asarray(picture)
    return found


def lower_resolution(faces: Uint8, side: float, _stream: Stream) -> Uint8:
    """Averaged to faces of this side (where the face's own is 48) and enlarged again, bilinearly."""
    from PIL import Image

    whole = faces.shape[1]
    few = max(round(side * whole / _WHOLE), 1)
    found = np.empty_like(faces)
    for row, face in enumerate(faces):
        small = Image.fromarray(face).resize((few, few), Image.Resampling.BOX)
        found[row] = np.asarray(small.resize((whole, whole), Image.Resampling.BILINEAR))
    return found


def face_means(faces: Uint8) -> "np.ndarray[tuple[int, ...], np.dtype[np.int64]]":
    """Mean grey of each face, rounded, int64 (n, 1, 1)."""
    count = faces[0].size
    return (faces.sum(axis=(1, 2), keepdims=True, dtype=np.int64) + count // 2) // count
