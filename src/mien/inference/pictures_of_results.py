"""Annotated pictures and crops of answers, each in a folder that mirrors where the pictures lie."""

from dataclasses import replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import numpy as np

from mien.core.errors import ConfigError
from mien.core.expression import FaceExpression
from mien.inference.answer import Answer
from mien.inference.overlay import annotated
from mien.inference.photo import open_photo

if TYPE_CHECKING:
    from PIL.Image import Image


def save_annotated(folder: Path, answer: Answer) -> None:
    """The picture with its faces marked, as PNG; nothing for one that could not be read. It is read once more.

    As where faces are looked for, a picture whose longer side has 4096 pixels or more is shrunk, to 2048 or more: time
    and memory stay bounded. Nothing for videos: theirs are made while they are watched.
    """
    if answer.error or answer.source.is_video:
        return
    picture, (width, height) = open_photo(answer.source.path)
    faces = [_scaled(face, picture.width / width, picture.height / height) for face in answer.faces]
    _save(annotated(np.asarray(picture), faces), folder, answer.source.place, ".png")


def _scaled(face: FaceExpression, across: float, along: float) -> FaceExpression:
    """The face in a picture that is so many times as wide and as high."""
    return face if across == along == 1 else replace(face, box=face.box.scaled(across, along))


def save_crops(folder: Path, answer: Answer) -> None:
    """Each face as the network saw it, grey 48x48, as PNG: photo.jpg-face1.png, clip.mp4-frame12-face1.png ..."""
    from PIL import Image

    frame = f"-frame{answer.instant.frame}" if answer.instant else ""
    for number, crop in enumerate(answer.crops, start=1):
        _save(Image.fromarray(crop), folder, answer.source.place, f"{frame}-face{number}.png")


def _save(picture: "Image", folder: Path, place: PurePath, ending: str) -> None:
    path = folder / place.with_name(place.name + ending)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path, "PNG", compress_level=1)  # much faster than the usual 6, and little larger
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror or error})") from error
