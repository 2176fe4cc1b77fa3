"""Format: what one file of this package offers, in its constant PLUGIN."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mien.core.images import LabelledImages
from mien.data._bad import BadPlaces

HEAD = 4096  # bytes at the start of a file that recognition may look at

Read = tuple[LabelledImages, BadPlaces]


@dataclass(frozen=True, kw_only=True)
class Format:
    """How one data format is recognised and read.

    recognised_by  the same rule as `recognises`, in words
    recognises     True for a path of this format; it also gets the first HEAD bytes (none for a folder)
    read           every good face of a path and the bad places; DataError where nothing can be read at all
    cached         whether reading one file is so slow that the faces are worth keeping in the cache
    """

    recognised_by: str
    recognises: Callable[[Path, bytes], bool]
    read: Callable[[Path], Read]
    cached: bool = False
