"""Test time: the views of a face whose probabilities are averaged into one answer."""

from collections.abc import Iterator
from itertools import product
from typing import Literal, get_args

import torch

from mien.core.errors import ConfigError

TestTime = Literal["none", "flip", "flip+shift"]

SHIFTS = (-1, 0, 1)  # pixels, along x and along y: half of the shift that the last epochs of `trunk` show


def checked(tta: str) -> TestTime:
    """The same name; ConfigError, with the known ones, where it is none of them."""
    for known in get_args(TestTime):
        if tta == known:
            return known
    raise ConfigError(f"tta: expected {', '.join(get_args(TestTime))}, got {tta}")


def views(faces: torch.Tensor, tta: TestTime) -> Iterator[torch.Tensor]:
    """Normalised faces (n, 1, s, s) as they are and as they might have been cut or mirrored.

    none        the faces: one view
    flip        and their mirror images: two
    flip+shift  moved by a pixel, or not, along x and along y, each mirrored too: eighteen
    """
    shifts = product(SHIFTS, SHIFTS) if tta == "flip+shift" else [(0, 0)]
    for down, right in shifts:
        moved = shifted(faces, down, right)
        yield moved
        if tta != "none":
            yield moved.flip(3)


def shifted(faces: torch.Tensor, down: int, right: int) -> torch.Tensor:
    """Faces (n, 1, h, w) moved by whole pixels; what comes in from beyond the border repeats the border.

    >>> shifted(torch.tensor([[[[1.0, 2.0, 3.0]]]]), 0, 1)
    tensor([[[[1., 1., 2.]]]])
    """
    if not (down or right):
        return faces
    rows, columns = (
        (torch.arange(size, device=faces.device) - by).clamp_(0, size - 1)
        for size, by in zip(faces.shape[2:], (down, right), strict=True)
    )
    return faces[:, :, rows][:, :, :, columns]
