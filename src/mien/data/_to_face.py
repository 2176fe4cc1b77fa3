"""From a picture file that holds one face to that face: how is said in mien.data.pictures."""

from pathlib import Path
from typing import BinaryIO

from mien.core.images import Uint8
from mien.data.pictures import SIDE, face_in, read_picture

__all__ = ["SIDE", "to_face"]


def to_face(file: Path | BinaryIO) -> Uint8:
    """The face in a picture file, uint8 (48, 48); BadPlaceError where that is none, damaged, or too large."""
    return face_in(read_picture(file))
