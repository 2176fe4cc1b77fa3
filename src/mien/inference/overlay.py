"""A picture with its faces marked: a box, the label, and a bar for each expression beside the face."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from mien.core.expression import FaceExpression
from mien.core.images import Uint8

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont, ImageFont

SMALLEST = 360  # pixels of the longer side; smaller pictures are enlarged, so that words can be read
DARK, LIGHT, DIM, BRIGHT = (16, 18, 22), (255, 255, 255), (92, 98, 108), (255, 196, 0)


@dataclass(frozen=True)
class Sizes:
    """Of a panel, in pixels, all from the size of its letters."""

    letters: int
    classes: int

    @property
    def row(self) -> int:
        return round(1.35 * self.letters)

    @property
    def width(self) -> int:
        return 13 * self.letters

    @property
    def height(self) -> int:
        return self.row * (self.classes + 1) + self.letters


Rectangle = tuple[int, int, int, int]  # left, top, right, bottom


def annotated(rgb: Uint8, faces: Sequence[FaceExpression]) -> "Image":
    """The picture, enlarged where it is small, widened where a panel has no room beside its face.

    Boxes have a light and a dark edge and words stand on a dark panel, so both can be told from any background.
    Several faces are numbered, for a panel that has no room may stand away from its face.
    """
    from PIL import Image, ImageDraw

    factor = max(1, -(-SMALLEST // max(rgb.shape[:2])))
    enlarged = (rgb.shape[1] * factor, rgb.shape[0] * factor)
    picture = Image.fromarray(rgb).resize(enlarged, Image.Resampling.NEAREST)
    sizes = [_sizes(face, picture.height, factor) for face in faces]
    panels = _arranged([box_edges(face, factor) for face in faces], sizes, picture.size)
    width = max([picture.width, *(panel[2] for panel in panels)])
    height = max([picture.height, *(panel[3] for panel in panels)])
    canvas = Image.new("RGB", (width, height), DARK)
    canvas.paste(picture)
    pen = ImageDraw.Draw(canvas)
    names = [f"{number} " if len(faces) > 1 else "" for number in range(1, len(faces) + 1)]
    for face, size, name in zip(faces, sizes, names, strict=True):
        draw_box(pen, box_edges(face, factor), name, size)
    for face, size, panel, name in zip(faces, sizes, panels, names, strict=True):
        draw_panel(pen, face, size, panel, name)
    return canvas


def box_edges(face: FaceExpression, factor: int) -> Rectangle:
    """Its box in pixels of the enlarged picture."""
    box = face.box
    edges = (box.left, box.top, box.left + box.width, box.top + box.height)
    left, top, right, bottom = (round(factor * edge) for edge in edges)
    return left, top, max(right, left + 1), max(bottom, top + 1)


def _sizes(face: FaceExpression, height: int, factor: int) -> Sizes:
    """Letters as large as the face suggests, from 12 to 32 pixels, and no larger than the picture has room for."""
    rows = 1.35 * (len(face.classes) + 1) + 1
    wanted = min(face.box.height * factor / rows, height / rows)
    return Sizes(int(np.clip(wanted, 12, 32)), len(face.classes))


def _arranged(boxes: list[Rectangle], sizes: list[Sizes], picture: tuple[int, int]) -> list[Rectangle]:
    """A panel for each face that covers no face and no other panel: right of it, left of it, or beyond the picture.

    Beyond the right edge of the picture panels stand in columns as high as it is.
    """
    panels: list[Rectangle] = []
    column, beyond, free = (
        picture[0],
        picture[0],
        0,
    )  # where the column begins and ends; from this row on it has room
    for box, size in zip(boxes, sizes, strict=True):
        gap = size.letters // 2
        top = int(np.clip(box[1], 0, max(picture[1] - size.height, 0)))
        beside = [_panel(left, top, size) for left in (box[2] + gap, box[0] - gap - size.width)]
        fitting = [
            panel
            for panel in beside
            if panel[0] >= 0
            and panel[2] <= picture[0]
            and not any(_meet(panel, each) for each in boxes + panels)
        ]
        if fitting:
            panels.append(fitting[0])
            continue
        if free and free + size.height > picture[1]:
            column, free = beyond, 0
        panels.append(_panel(column, max(min(top, picture[1] - size.height), free), size))
        beyond, free = max(beyond, panels[-1][2]), panels[-1][3] + gap
    return panels


def _panel(left: int, top: int, size: Sizes) -> Rectangle:
    return left, top, left + size.width, top + size.height


@cache
def letters(height: int) -> "FreeTypeFont | ImageFont":
    """Pillow's own font at a height in pixels; made once, for it is unpacked every time."""
    from PIL import ImageFont

    return ImageFont.load_default(height)


def _meet(one: Rectangle, other: Rectangle) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def draw_box(pen: Any, edges: Rectangle, name: str, size: Sizes) -> None:
    """A box of two edges, its name on dark in the corner; nothing there without one."""
    left, top, right, bottom = edges[0], edges[1], edges[2] - 1, edges[3] - 1
    thick = max(2, round((bottom - top) / 80))
    pen.rectangle((left - thick, top - thick, right + thick, bottom + thick), outline=DARK, width=3 * thick)
    pen.rectangle((left, top, right, bottom), outline=BRIGHT, width=thick)
    if name:
        font = letters(size.letters)
        width = max(size.row, round(pen.textlength(name, font)) + size.letters // 2)
        pen.rectangle((left, top, left + width, top + size.row), fill=DARK)
        pen.text((left + size.letters // 3, top + size.letters // 8), name, fill=BRIGHT, font=font)


def draw_panel(pen: Any, face: FaceExpression, size: Sizes, panel: Rectangle, name: str) -> None:
    """The label with its probability, and below it a bar for each class."""
    font = letters(size.letters)
    left, top, right, bottom = panel
    inset = size.letters // 2
    pen.rectangle((left, top, right - 1, bottom - 1), fill=DARK)
    pen.text(
        (left + inset, top + inset), f"{name}{face.label}  {face.confidence:.0%}", fill=BRIGHT, font=font
    )
    bars, longest = left + 6 * size.letters, size.width - 7 * size.letters
    for row, (name, share) in enumerate(zip(face.classes, face.probabilities, strict=True), start=1):
        line = top + inset + row * size.row
        pen.text((left + inset, line), name, fill=LIGHT, font=font)
        middle = line + size.letters // 4
        pen.rectangle((bars, middle, bars + longest, middle + size.letters // 2), fill=DIM)
        if share * longest >= 1:
            pen.rectangle(
                (bars, middle, bars + round(share * longest), middle + size.letters // 2), fill=BRIGHT
            )
