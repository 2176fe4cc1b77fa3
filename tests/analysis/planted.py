"""Near duplicates made with Pillow, which the search itself does not use."""

import io

import numpy as np
from PIL import Image

KINDS = ("re-encoded", "mirrored", "brightened", "moved", "all of these")


def planted(picture: np.ndarray, kind: str, random: np.random.Generator) -> np.ndarray:
    """A near duplicate of a picture (48, 48)."""
    if kind == "all of these":
        for each in ("moved", "mirrored", "brightened"):
            picture = planted(picture, each, random)
        return encoded(picture, 60)
    if kind == "re-encoded":
        return encoded(picture, 40)
    if kind == "mirrored":
        return picture[:, ::-1].copy()
    return brightened(picture, random) if kind == "brightened" else moved(picture, random)


def encoded(picture: np.ndarray, quality: int) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def brightened(picture: np.ndarray, random: np.random.Generator) -> np.ndarray:
    changed = picture * random.uniform(0.75, 1.25) + random.uniform(-30, 30)
    return np.clip(changed, 0, 255).astype(np.uint8)


def moved(picture: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Up to 2 pixels of 48 aside and 5 in 100 larger or smaller; what comes in at an edge repeats it."""
    padded = np.pad(picture, 8, mode="edge")
    size, (x, y) = random.uniform(0.95, 1.05), random.uniform(-2, 2, 2)
    middle = padded.shape[0] / 2
    to_old = (size, 0, middle - size * middle + x, 0, size, middle - size * middle + y)
    image = Image.fromarray(padded).transform(
        padded.shape[::-1], Image.Transform.AFFINE, to_old, resample=Image.Resampling.BICUBIC
    )
    return np.asarray(image)[8:-8, 8:-8]
