"""What detectors that run an ONNX file share: errors name the file, and what a network gives is checked."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from mien.core.errors import DataError
from mien.faces._boxes import Float32s

Shape = tuple[int, ...]


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Errors about a file, with its name before them."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def maps_of(
    session: Any, outputs: Sequence[str] | None, planes: dict[str, Float32s], who: str
) -> list[Float32s]:
    """These outputs of a network; DataError where it fails.

    outputs  their names; None: all of them
    who      name of the detector, for messages
    """
    try:
        return [np.asarray(each) for each in session.run(outputs, planes)]
    except Exception as error:  # onnxruntime's own classes share no base
        reason = str(error).partition("\n")[0]
        raise DataError(f"{who}: onnxruntime fails on this picture ({reason})") from error


def check_shapes(maps: Sequence[Float32s], expected: Sequence[Shape], who: str) -> None:
    """DataError where maps have other shapes."""
    got = [each.shape for each in maps]
    if got != list(expected):
        raise DataError(f"{who}: expected maps {list(expected)}, got {got}")
