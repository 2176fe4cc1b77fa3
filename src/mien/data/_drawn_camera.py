"""From light to a picture file: exposure, blur, noise and rounding to grey levels."""

import numpy as np

from mien.core.images import Uint8
from mien.data._drawn_people import Scene
from mien.data._drawn_random import Field, Stream
from mien.data._drawn_view import SIDE


def exposed(picture: Field, resting: Field, scene: Scene) -> Field:
    """Grey levels of a picture, with the exposure that suits the same face at rest, (n, 48, 48)."""
    face = resting[:, 6:44, 8:40]
    mean = face.mean(axis=(1, 2), keepdims=True)
    deviation = face.std(axis=(1, 2), keepdims=True)
    return (picture - mean) * (scene.contrast / (deviation + np.float32(0.02))) + scene.mean


def blurred(picture: Field, scene: Scene) -> Field:
    """The picture out of focus: a kernel of three pixels down, then across; the border row or column stays as it is."""
    beside = scene.blur / 3
    for rows in (True, False):
        before, middle, after = (
            picture[:, cut] if rows else picture[:, :, cut]
            for cut in (slice(0, -2), slice(1, -1), slice(2, None))
        )
        change = before + after
        change -= 2 * middle
        change *= beside
        picture = picture.copy()
        (picture[:, 1:-1] if rows else picture[:, :, 1:-1])[...] += change
    return picture


def developed(picture: Field, scene: Scene, stream: Stream) -> Uint8:
    """The picture with the noise of its sensor, in whole grey levels 0 to 255."""
    noisy = picture + scene.noise * stream.grain("noise", (SIDE, SIDE))
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
