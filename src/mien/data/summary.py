"""What is in a set of labelled faces, for people and as JSON."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mien.core.images import TRAIN, LabelledImages, Uint8
from mien.data._parts import part_named
from mien.data.load import Loaded

_LEVELS = 256
_CHUNK = 1024  # pictures counted at once, so that memory stays small


@dataclass(frozen=True, kw_only=True)
class PartSummary:
    """Faces of each class in one part, named as the data names it ("" where it has no parts)."""

    name: str
    counts: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class DataSummary:
    """What a set holds; mean and deviation are of the pixels, as 0 to 1, of the training part (else of all)."""

    source: str
    format: str
    faces: int
    side: int
    classes: tuple[str, ...]
    parts: tuple[PartSummary, ...]
    pixels_of: str
    pixel_mean: float
    pixel_deviation: float
    bad_places: int
    digest: str

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values, for JSON."""
        return asdict(self)


def summarise(loaded: Loaded) -> DataSummary:
    """Count and measure what was read."""
    faces = loaded.faces
    training = np.array([part_named(name) == TRAIN for name in faces.split.tolist()], dtype=bool)
    mean, deviation = pixel_moments(faces.pixels[training] if training.any() else faces.pixels)
    return DataSummary(
        source=faces.source,
        format=loaded.format,
        faces=len(faces),
        side=faces.side,
        classes=faces.classes,
        parts=tuple(_part(faces, name) for name in dict.fromkeys(faces.split.tolist())),
        pixels_of="training" if training.any() else "all faces",
        pixel_mean=mean,
        pixel_deviation=deviation,
        bad_places=loaded.bad.total,
        digest=faces.digest,
    )


def _part(faces: LabelledImages, name: str) -> PartSummary:
    labels = faces.labels[faces.split == name]
    return PartSummary(name=name, counts=tuple(np.bincount(labels, minlength=len(faces.classes)).tolist()))


def pixel_moments(pixels: Uint8) -> tuple[float, float]:
    """Mean and standard deviation of all pixels, as shares of 255; exact, for they come from a histogram.

    >>> pixel_moments(np.array([[[0, 255]]], dtype=np.uint8))
    (0.5, 0.5)
    """
    counts = np.zeros(_LEVELS, dtype=np.int64)
    for start in range(0, len(pixels), _CHUNK):
        counts += np.bincount(pixels[start : start + _CHUNK].ravel(), minlength=_LEVELS)
    levels = np.arange(_LEVELS) / (_LEVELS - 1)
    mean = float(counts @ levels / counts.sum())
    return mean, float(np.sqrt(counts @ (levels - mean) ** 2 / counts.sum()))
