"""Pictures that are equal in every pixel: what a split must keep together and an audit must name."""

from hashlib import blake2b

import numpy as np

from mien.core.images import Bools, Ints, Uint8


def picture_digests(pixels: Uint8) -> list[bytes]:
    """16 bytes for each picture (BLAKE2b), equal exactly where all pixels are."""
    return [blake2b(np.ascontiguousarray(picture).data, digest_size=16).digest() for picture in pixels]


def picture_groups(pixels: Uint8) -> Ints:
    """A group number for each picture, int64 (n,), counted in order of appearance: identical ones share it.

    >>> picture_groups(np.array([[[7]], [[9]], [[7]]], dtype=np.uint8)).tolist()
    [0, 1, 0]
    """
    numbers: dict[bytes, int] = {}
    return np.array(
        [numbers.setdefault(digest, len(numbers)) for digest in picture_digests(pixels)], dtype=np.int64
    )


def also_in(pixels: Uint8, others: Uint8) -> Bools:
    """Which pictures, bool (n,), are among the others too, equal in every pixel.

    >>> also_in(np.array([[[7]], [[9]]], dtype=np.uint8), np.array([[[9]]], dtype=np.uint8)).tolist()
    [False, True]
    """
    known = set(picture_digests(others))
    return np.array([digest in known for digest in picture_digests(pixels)], dtype=bool)
