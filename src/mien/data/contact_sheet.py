"""Faces beside each other with lines of text under each, as one picture."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mien.core.errors import DataError
from mien.core.images import Uint8

_FACE, _GAP, _LINE, _ACROSS = 112, 14, 13, 10
_PAPER, _INK = 255, 30


def contact_sheet(pixels: Uint8, lines: Sequence[Sequence[str]]) -> Uint8:
    """A grey picture of faces (n, h, w), ten in a row, each over its own lines; DataError unless n lines are given."""
    if len(pixels) != len(lines):
        raise DataError(f"contact sheet: expected lines for {len(pixels)} faces, got {len(lines)}")
    across = max(min(len(pixels), _ACROSS), 1)
    high = _FACE + _LINE * max((len(each) for each in lines), default=0)
    rows = -(-len(pixels) // across)
    size = (across * (_FACE + _GAP) + _GAP, max(rows, 1) * (high + _GAP) + _GAP)
    sheet = Image.new("L", size, _PAPER)
    for number, (face, text) in enumerate(zip(pixels, lines, strict=True)):
        row, column = divmod(number, across)
        _paste(sheet, face, text, _GAP + column * (_FACE + _GAP), _GAP + row * (high + _GAP))
    return np.asarray(sheet)


def _paste(sheet: Image.Image, face: Uint8, lines: Sequence[str], left: int, top: int) -> None:
    large = Image.fromarray(face).resize((_FACE, _FACE), Image.Resampling.BICUBIC)
    sheet.paste(large, (left, top))
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=_LINE - 2)
    for number, line in enumerate(lines):
        draw.text((left, top + _FACE + number * _LINE), _fitting(line, font), fill=_INK, font=font)


def _fitting(line: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """As much of a line as is no wider than a face."""
    while font.getlength(line) > _FACE + _GAP / 2:
        line = line[:-1]
    return line


def write_png(picture: Uint8, path: Path) -> None:
    """Write a grey picture (h, w); DataError where that fails."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.getvalue())
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror or error})") from error
