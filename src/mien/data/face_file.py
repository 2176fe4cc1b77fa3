"""One face from a picture file, where no detector is asked: its middle square."""

from pathlib import Path

from mien.core.errors import DataError
from mien.core.images import Uint8
from mien.data._bad import BadPlaceError
from mien.data.pictures import face_in, read_picture


def read_face(path: Path) -> Uint8:
    """The middle square of a picture as a grey face, uint8 (48, 48); DataError where the file is no picture."""
    try:
        with path.open("rb") as file:
            return face_in(read_picture(file))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error
    except BadPlaceError as error:
        raise DataError(f"{path}: {error}") from error
