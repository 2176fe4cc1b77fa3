"""Annotated pictures and crops of answers, each in a folder that mirrors where the pictures lie."""

from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from mien.core.errors import ConfigError
from mien.inference.answer import Answer
from mien.inference.overlay import annotated
from mien.inference.photo import read_photo

if TYPE_CHECKING:
    from PIL.Image import Image


def save_annotated(folder: Path, answer: Answer) -> None:
    """The picture with its faces marked, as PNG; nothing for one that could not be read. It is read once more.

    Nothing for videos either: theirs are made while they are watched.
    """
    if not answer.error and not answer.source.is_video:
        _save(annotated(read_photo(answer.source.path), answer.faces), folder, answer.source.place, ".png")


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
        picture.save(path, "PNG")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror or error})") from error
