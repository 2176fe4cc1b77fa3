"""A smaller set of the same faces: as many as asked for, each class in its share."""

from hashlib import blake2b

import numpy as np

from mien.core.errors import ConfigError
from mien.core.identical import picture_digests
from mien.core.images import TRAIN, VAL, Ints, LabelledImages
from mien.data.splits import split


def smaller(faces: LabelledImages, count: int, how: str, seed: int) -> LabelledImages:
    """The validation part and `count` of the training part, as data with these two parts; split as mien.split does."""
    parts = split(faces, how, seed=seed)
    both = stratified(parts.train, count, seed), parts.val
    pixels, labels, ids = (
        np.concatenate([getattr(part, name) for part in both]) for name in ("pixels", "labels", "ids")
    )
    return LabelledImages(
        pixels=pixels,
        labels=labels,
        ids=ids,
        classes=faces.classes,
        split=np.repeat([TRAIN, VAL], [len(part) for part in both]),
        source=faces.source,
    )


def stratified(faces: LabelledImages, count: int, seed: int) -> LabelledImages:
    """`count` of the faces in their order, each class in its share to within a face.

    Which ones follows from the seed and the pictures alone, and of a class a smaller choice is part of a larger one.

    Raises ConfigError where there are not so many.
    """
    if not 1 <= count <= len(faces):
        raise ConfigError(f"expected from 1 to the {len(faces):,} faces of {faces.source}, got {count:,}")
    key = str(seed).encode()
    keys = np.array(
        [blake2b(one, key=key, digest_size=16).hexdigest() for one in picture_digests(faces.pixels)]
    )
    chosen = np.zeros(len(faces), dtype=bool)
    for label, wanted in enumerate(_shared_out(faces.counts(), count).tolist()):
        rows = np.flatnonzero(faces.labels == label)
        chosen[rows[np.argsort(keys[rows], kind="stable")[:wanted]]] = True
    return faces.select(chosen)


def _shared_out(sizes: Ints, count: int) -> Ints:
    """`count` shared out in proportion to sizes (k,), what is left over to the largest fractions (Hamilton's method).

    >>> _shared_out(np.array([50, 30, 20]), 7).tolist()
    [4, 2, 1]
    """
    exact = sizes * count / sizes.sum()
    shares = np.floor(exact).astype(np.int64)
    left_over = count - int(shares.sum())
    shares[np.argsort(shares - exact, kind="stable")[:left_over]] += 1
    return shares
