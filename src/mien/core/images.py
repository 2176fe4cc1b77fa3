"""LabelledImages: the one value in which faces and their labels travel, from every data format to every user."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import DataError

Bools = NDArray[np.bool_]
Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]
Strings = NDArray[np.str_]
Uint8 = NDArray[np.uint8]

# Every network sees (pixel / 255 - PIXEL_MEAN) / PIXEL_STD: FER2013's Training has mean 0.508 and deviation
# 0.255 (`mien data fer2013.csv` prints them), rounded so that other data sets are treated alike.
PIXEL_MEAN = 0.5
PIXEL_STD = 0.25

TRAIN, VAL, TEST = "train", "val", "test"


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelledImages:
    """Grey square faces with their labels, checked on creation; the arrays are made read-only.

    pixels   uint8 (n, side, side)
    labels   int64 (n,), each an index into classes
    ids      str (n,), unique: the row number in a CSV file, the path below the folder of an image folder
    classes  names of the labels, in order
    split    str (n,): the part that the data itself puts each face in ("Training", "PublicTest", "train" ...),
             spelled as there; "" where the data has no parts
    source   where it came from, for people: a path or "drawn"

    Raises DataError where lengths disagree, labels are out of range, or ids repeat.
    """

    pixels: Uint8
    labels: Ints
    ids: Strings
    classes: tuple[str, ...]
    split: Strings
    source: str

    def __post_init__(self) -> None:
        if self.pixels.dtype != np.uint8 or self.pixels.ndim != 3:
            raise DataError(
                f"{self.source}: expected pixels of uint8 (n, h, w), got {self.pixels.dtype} {self.pixels.shape}"
            )
        object.__setattr__(self, "labels", np.ascontiguousarray(self.labels, dtype=np.int64))
        lengths = {name: len(getattr(self, name)) for name in ("pixels", "labels", "ids", "split")}
        if len(set(lengths.values())) > 1:
            raise DataError(f"{self.source}: lengths disagree: {lengths}")
        if len(self) and not (self.labels.min() >= 0 and self.labels.max() < len(self.classes)):
            raise DataError(
                f"{self.source}: expected labels 0 to {len(self.classes) - 1} ({', '.join(self.classes)}), "
                f"got {self.labels.min()} to {self.labels.max()}"
            )
        if len(set(self.ids.tolist())) < len(self):
            raise DataError(f"{self.source}: ids repeat; each face needs an id of its own")
        for array in (self.pixels, self.labels, self.ids, self.split):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def side(self) -> int:
        """Height and width in pixels."""
        return int(self.pixels.shape[1])

    def select(self, rows: Ints | Bools) -> "LabelledImages":
        """The faces at these rows (indices, or a mask), in that order."""
        return LabelledImages(
            pixels=self.pixels[rows],
            labels=self.labels[rows],
            ids=self.ids[rows],
            classes=self.classes,
            split=self.split[rows],
            source=self.source,
        )

    def counts(self) -> Ints:
        """Faces per class, int64 (k,)."""
        return np.bincount(self.labels, minlength=len(self.classes))

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of pixels, labels, ids, classes and split: equal exactly where the data is."""
        made = hashlib.sha256(repr((self.pixels.shape, self.classes)).encode())
        for array in (self.pixels, self.labels):
            made.update(np.ascontiguousarray(array).data)
        for names in (self.ids, self.split):
            made.update("\0".join(names.tolist()).encode())
        return made.hexdigest()


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a run learns from, chooses by, and is tested on once at the end (None where the data has no such part)."""

    train: LabelledImages
    val: LabelledImages
    test: LabelledImages | None = None

    def __getitem__(self, part: str) -> LabelledImages:
        """The part called "train", "val" or "test"; DataError where the data has no such part."""
        chosen: LabelledImages | None = getattr(self, part) if part in (TRAIN, VAL, TEST) else None
        if chosen is None:
            have = [name for name in (TRAIN, VAL, TEST) if getattr(self, name) is not None]
            raise DataError(f"{self.train.source} has no part '{part}'; it has {', '.join(have)}")
        return chosen
