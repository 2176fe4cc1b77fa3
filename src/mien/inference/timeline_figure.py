"""A timeline drawn: for each track a field with a line of each expression's probability over time."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mien.inference.overlay import letters
from mien.inference.timeline import Timeline

if TYPE_CHECKING:
    from PIL.Image import Image

_FINE = 2  # times as many pixels are drawn, and averaged at the end: Pillow's lines have no smooth edges
_WIDTH, _FIELD, _GAP, _LETTERS = 1120 * _FINE, 150 * _FINE, 48 * _FINE, 15 * _FINE
_LEFT, _RIGHT, _TOP, _BOTTOM = 70 * _FINE, 24 * _FINE, 78 * _FINE, 44 * _FINE
_INK, _FAINT, _PAPER = (30, 32, 36), (222, 224, 228), (255, 255, 255)
# Told apart with any colour vision: Okabe & Ito (2008), "Color universal design"; grey in place of their yellow, which
# is hardly seen on white.
_COLOURS = (
    (213, 94, 0),
    (0, 158, 115),
    (86, 180, 233),
    (230, 159, 0),
    (0, 114, 178),
    (204, 121, 167),
    (120, 120, 120),
)
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
_MOST_TICKS = 9


def drawn(timeline: Timeline) -> "Image":
    """The figure as a picture; without a face it says so."""
    from PIL import Image, ImageDraw

    fields = max(len(timeline.tracks), 1)
    height = _TOP + fields * (_FIELD + _GAP) - _GAP + _BOTTOM
    canvas = Image.new("RGB", (_WIDTH, height), _PAPER)
    pen = ImageDraw.Draw(canvas)
    _draw_legend(pen, timeline)
    for place in range(fields):
        _draw_field(pen, timeline, place, _TOP + place * (_FIELD + _GAP))
    return canvas.reduce(_FINE)


def _draw_legend(pen: Any, timeline: Timeline) -> None:
    """What the figure shows, and the colour of each class."""
    left_out = f"; {timeline.left_out:,} faces seen for less time are left out" if timeline.left_out else ""
    title = f"Probability of the label that annotators would likely give, over time{left_out}"
    pen.text((_LEFT, 6 * _FINE), title, fill=_INK, font=letters(_LETTERS))
    left = _LEFT
    for name, colour in zip(timeline.classes, _COLOURS, strict=False):
        pen.rectangle((left, 36 * _FINE, left + 18 * _FINE, 40 * _FINE), fill=colour)
        pen.text((left + 24 * _FINE, 29 * _FINE), name, fill=_INK, font=letters(_LETTERS))
        left += round(pen.textlength(name, letters(_LETTERS))) + 46 * _FINE


def _draw_field(pen: Any, timeline: Timeline, place: int, top: int) -> None:
    _draw_axes(pen, timeline.seconds, top)
    if not timeline.tracks:
        pen.text(
            (_LEFT + 10 * _FINE, top + _FIELD // 2), "no face was found", fill=_INK, font=letters(_LETTERS)
        )
        return
    pen.text((_LEFT, top - 20 * _FINE), f"face {timeline.tracks[place]}", fill=_INK, font=letters(_LETTERS))
    for line, colour in zip(timeline.shares[place].T, _COLOURS, strict=False):
        points = _points(line, top)
        if len(points) == 1:  # seen once
            (across, along), radius = points[0], 3 * _FINE
            pen.ellipse((across - radius, along - radius, across + radius, along + radius), fill=colour)
        pen.line(points, fill=colour, width=2 * _FINE, joint="curve")


def _points(line: NDArray[np.float64], top: int) -> list[tuple[float, float]]:
    """Where the means of one class lie; a track is never long out of sight, so its points are joined."""
    seen = np.flatnonzero(~np.isnan(line))
    across = _LEFT + (seen + 0.5) / len(line) * (_WIDTH - _LEFT - _RIGHT)
    along = top + (1 - line[seen]) * _FIELD
    return list(zip(across.tolist(), along.tolist(), strict=True))


def _draw_axes(pen: Any, seconds: float, top: int) -> None:
    right, font = _WIDTH - _RIGHT, letters(13 * _FINE)
    for share in (0.0, 0.5, 1.0):
        along = top + round((1 - share) * _FIELD)
        pen.line((_LEFT, along, right, along), fill=_FAINT, width=_FINE)
        pen.text((_LEFT - 8 * _FINE, along), f"{share:.0%}", fill=_INK, font=font, anchor="rm")
    for tick in ticks(seconds):
        across = _LEFT + (tick / seconds if seconds else 0) * (right - _LEFT)
        pen.line((across, top + _FIELD, across, top + _FIELD + 5 * _FINE), fill=_INK, width=_FINE)
        pen.text((across, top + _FIELD + 7 * _FINE), spelled(tick), fill=_INK, font=font, anchor="ma")


def ticks(seconds: float) -> list[float]:
    """Round times from 0 to the end, at most nine.

    >>> ticks(65)
    [0, 10, 20, 30, 40, 50, 60]
    """
    step = next(
        (step for step in _STEPS if seconds / step < _MOST_TICKS), max(_STEPS[-1], seconds / _MOST_TICKS)
    )
    return [round(number * step, 6) for number in range(int(seconds / step + 1e-9) + 1)]


def spelled(seconds: float) -> str:
    """A time as players show it.

    >>> spelled(5), spelled(0.5), spelled(3725)
    ('0:05', '0:00.5', '1:02:05')
    """
    whole, part = divmod(round(seconds * 10), 10)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    text = f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
    return f"{text}.{part}" if part else text
