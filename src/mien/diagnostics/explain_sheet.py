"""Explained faces as one picture: a row a face and class, the maps laid over the face, the scores beside it."""

from pathlib import Path
from typing import Any

import numpy as np

from mien.analysis.explanation import About, ExplainedFace, Explanation
from mien.core.errors import RunError
from mien.core.images import Uint8
from mien.core.wording import percent, shortened

HEAT = (213, 94, 0)  # vermilion of Okabe & Ito (2008), told from grey by people with any colour vision
STRONGEST = 0.85  # how far the face is hidden where a map is highest
_FACE, _GAP, _LINE, _NAME, _BARS = 96, 10, 15, 62, 96
_PAPER, _INK, _PALE = (255, 255, 255), (30, 30, 30), (190, 190, 190)


def overlaid(face: Uint8, heat: Uint8) -> Uint8:
    """A grey face (h, w) with a map (h, w) over it in one colour, the more of it the higher the map: (h, w, 3).

    >>> overlaid(np.full((1, 2), 100, np.uint8), np.array([[0, 255]], np.uint8)).tolist()
    [[[100, 100, 100], [196, 95, 15]]]
    """
    share = STRONGEST * heat[..., None] / 255  # (h, w, 1)
    return np.round((1 - share) * face[..., None] + share * np.array(HEAT)).astype(np.uint8)


def row_title(face: ExplainedFace, target: str) -> str:
    """What a row of maps is about."""
    if face.true is None:
        return f"{face.id}: predicted {face.predicted}"
    if face.true == face.predicted:
        return f"{face.true}, seen as such ({face.chosen})"
    return f"{face.true}, taken for {face.predicted}: what speaks for {target}"


def marked_methods(found: Explanation) -> tuple[str, ...]:
    """The methods' names, with a star behind those that the proof speaks against."""
    failed = {each.method for each in found.proof.methods if not each.convincing}
    return tuple(f"{name}*" if name in failed else name for name in found.about.methods)


def sheet(found: Explanation) -> Uint8:
    """The whole picture, uint8 (h, w, 3)."""
    from PIL import Image, ImageDraw, ImageFont

    rows = [(number, place) for number, face in enumerate(found.faces) for place in range(len(face.targets))]
    columns = 1 + len(found.about.methods)
    width = _GAP + columns * (_FACE + _GAP) + _NAME + _BARS + 2 * _GAP
    picture = Image.new("RGB", (width, _LINE + _GAP + len(rows) * (_FACE + _LINE + _GAP)), _PAPER)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size=_LINE - 4)
    small = ImageFont.load_default(size=_LINE - 6)  # "integrated gradients*" is as wide as a face
    for column, name in enumerate(("face", *marked_methods(found))):
        draw.text((_GAP + column * (_FACE + _GAP), 4), name, fill=_INK, font=small)
    for line, (number, place) in enumerate(rows):
        top = _LINE + _GAP + line * (_FACE + _LINE + _GAP)
        face = found.faces[number]
        draw.text((_GAP, top), row_title(face, face.targets[place]), fill=_INK, font=font)
        for column, shown in enumerate(_shown(found, number, place)):
            large = Image.fromarray(shown).resize((_FACE, _FACE), Image.Resampling.BICUBIC)
            picture.paste(large, (_GAP + column * (_FACE + _GAP), top + _LINE))
        _draw_bars(draw, font, found.about, face, 2 * _GAP + columns * (_FACE + _GAP), top + _LINE)
    return np.asarray(picture)


def _shown(found: Explanation, number: int, place: int) -> list[Uint8]:
    """The face alone, then under each of its maps about one class."""
    face = found.pictures.faces[number]
    return [overlaid(face, heat) for heat in (np.zeros_like(face), *found.maps_of(number)[place])]


def _draw_bars(draw: Any, font: Any, about: About, face: ExplainedFace, left: int, top: int) -> None:
    """A bar a class, as long as its score; the predicted class in the colour of the maps."""
    step = _FACE / len(about.classes)
    for number, (name, score) in enumerate(zip(about.classes, face.scores, strict=True)):
        upper = round(top + number * step)
        marked = {face.predicted: HEAT, face.true: _INK}.get(name, _PALE)
        draw.text((left, upper), shortened(name, 9), fill=_INK, font=font)
        end = left + _NAME + round(score * _BARS)
        draw.rectangle((left + _NAME, upper + 3, end, upper + max(round(step) - 2, 4)), fill=marked)


def write_sheet(found: Explanation, path: Path) -> Path:
    """Write the picture as PNG; RunError where that fails."""
    from PIL import Image

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(sheet(found)).save(path, "PNG", optimize=True)
    except OSError as error:
        raise RunError(
            f"{path}: cannot be written ({error.strerror or error}); choose another --out"
        ) from error
    return path


def answer(name: str, found: Explanation) -> str:
    """Which methods the proof speaks for, or why there is none."""
    proof = found.proof
    if not proof.methods:
        return (
            f"{len(found.about.methods)} methods show what {name} looks at in {len(found.faces)} faces; how far they "
            f"can be believed was not measured: {proof.missing}."
        )
    good = [each for each in proof.methods if each.convincing]
    best = max(proof.methods, key=lambda each: each.energy.network)
    return (
        f"On {proof.faces} drawn faces, {percent(proof.accuracy)} of which {name} names right, {len(good)} of "
        f"{len(proof.methods)} methods find the pixels that carry the expression better than a random map and than the "
        f"network with shuffled weights; {best.method} puts most of its map on them "
        f"({percent(best.energy.network)}, where a random one puts {percent(best.energy.random)})."
    )
