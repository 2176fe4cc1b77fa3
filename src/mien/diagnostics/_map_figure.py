"""Maps laid over faces as one svg: each face is there once, a map is a picture of sixteen depths of one colour."""

import hashlib
from collections.abc import Sequence
from html import escape

import numpy as np

from mien.analysis.explanation import ExplainedFace, Explanation
from mien.core.images import Uint8
from mien.core.section import Drawing
from mien.core.wording import shortened
from mien.diagnostics._canvas import COLOURS
from mien.diagnostics._png import png_url
from mien.diagnostics.explain_sheet import HEAT, STRONGEST, marked_methods, row_title

_DEPTHS = 16
_FACE, _GAP, _LINE, _TEXT, _NAME, _BARS = 84, 12, 16, 10, 62, 72
_HEAD = 2 * _LINE + 4
_GREY = "#888888"
_HEAT = COLOURS[3]


def map_drawing(found: Explanation, numbers: Sequence[int], alt: str, caption: str = "") -> Drawing:
    """The faces with these numbers, a row for each class that their maps are about, with score bars beside it."""
    rows = [(number, place) for number in numbers for place in range(len(found.faces[number].targets))]
    heads = ("face", *marked_methods(found))
    left = len(heads) * (_FACE + _GAP) + _GAP
    parts = [text for column, name in enumerate(heads) for text in _head(column * (_FACE + _GAP), name)]
    parts += [f"<defs>{''.join(_face_symbol(found.pictures.faces[number]) for number in numbers)}</defs>"]
    for line, (number, place) in enumerate(rows):
        top = _HEAD + line * (_FACE + _LINE + _GAP)
        parts += _row(found, number, place, top) + _bars(
            found.faces[number], found.about.classes, left, top + _LINE
        )
    height = _HEAD + len(rows) * (_FACE + _LINE + _GAP)
    return Drawing(svg=_svg(left + _NAME + _BARS, height, parts), alt=alt, caption=caption)


def _head(x: int, name: str) -> list[str]:
    """The name of a column, in two lines where it has two words: the longest are wider than a face."""
    first, _, second = name.partition(" ")
    if not second:
        return [_text(x, _LINE + _TEXT, first)]
    return [_text(x, _TEXT, first), _text(x, _LINE + _TEXT, second)]


def _row(found: Explanation, number: int, place: int, top: int) -> list[str]:
    """A title, the face, and the face under each map."""
    face, pixels = found.faces[number], found.pictures.faces[number]
    parts = [_text(0, top + _TEXT, row_title(face, face.targets[place]))]
    for column, heat in enumerate((None, *found.maps_of(number)[place])):
        where = f'x="{column * (_FACE + _GAP)}" y="{top + _LINE}" width="{_FACE}" height="{_FACE}"'
        parts.append(f'<use href="#{_name(pixels)}" {where}/>')
        if heat is not None:
            parts.append(f'<image {where} href="{_heat_url(heat)}"/>')
    return parts


def _bars(face: ExplainedFace, classes: Sequence[str], left: int, top: int) -> list[str]:
    step = _FACE / len(classes)
    parts = []
    for number, (name, score) in enumerate(zip(classes, face.scores, strict=True)):
        upper = top + number * step
        colour = {face.predicted: f"var(--series-4, {_HEAT})", face.true: "currentColor"}.get(name, _GREY)
        parts.append(_text(left, upper + step * 0.8, shortened(name, 9)))
        parts.append(
            f'<rect x="{left + _NAME}" y="{upper + step * 0.2:.1f}" width="{max(score * _BARS, 0.5):.1f}" '
            f'height="{step * 0.6:.1f}" fill="{colour}"/>'
        )
    return parts


def picture_drawing(
    pictures: Uint8, titles: Sequence[str], alt: str, caption: str = "", across: int = 8
) -> Drawing:
    """Grey pictures (n, h, w) beside each other, each with a line above it."""
    parts = []
    for number, (picture, title) in enumerate(zip(pictures, titles, strict=True)):
        row, column = divmod(number, across)
        x, y = column * (_FACE + _GAP), row * (_FACE + _LINE + _GAP)
        parts.append(_text(x, y + _TEXT, title))
        parts.append(
            f'<image x="{x}" y="{y + _LINE}" width="{_FACE}" height="{_FACE}" style="image-rendering:pixelated" '
            f'href="{_grey_url(picture)}"/>'
        )
    rows = -(-len(pictures) // across)
    return Drawing(
        svg=_svg(across * (_FACE + _GAP), rows * (_FACE + _LINE + _GAP), parts), alt=alt, caption=caption
    )


def _svg(width: int, height: int, parts: Sequence[str]) -> str:
    return f'<svg viewBox="0 0 {width} {height}" width="{width}" font-size="{_TEXT}">{"".join(parts)}</svg>'


def _text(x: float, y: float, words: str) -> str:
    return f'<text x="{x:.0f}" y="{y:.1f}" fill="currentColor">{escape(words)}</text>'


def _face_symbol(face: Uint8) -> str:
    """A face that rows refer to by the digest of its pixels: equal faces on a page are equal symbols."""
    return (
        f'<symbol id="{_name(face)}" viewBox="0 0 1 1">'
        f'<image width="1" height="1" href="{_grey_url(face)}"/></symbol>'
    )


def _name(face: Uint8) -> str:
    return f"face-{hashlib.sha256(face.tobytes()).hexdigest()[:12]}"


def _grey_url(picture: Uint8) -> str:
    from PIL import Image

    return png_url(Image.fromarray(picture))


def _heat_url(heat: Uint8) -> str:
    """A map as a palette of one colour, from transparent to STRONGEST."""
    from PIL import Image

    picture = Image.fromarray(np.round(heat.astype(np.float64) / 255 * (_DEPTHS - 1)).astype(np.uint8), "P")
    picture.putpalette(list(HEAT) * _DEPTHS)
    depths = bytes(round(255 * STRONGEST * depth / (_DEPTHS - 1)) for depth in range(_DEPTHS))
    return png_url(picture, transparency=depths, bits=4)
