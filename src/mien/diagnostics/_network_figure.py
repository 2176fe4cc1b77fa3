"""A network as a diagram: its blocks one after the other, drawn by their sizes, with their parameters."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from mien.analysis.layer_blocks import LayerBlock, MapShape, stages
from mien.core.section import Drawing
from mien.core.text_tables import number
from mien.core.wording import percent
from mien.diagnostics._canvas import canvas, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PURPOSE = "drawing a network"
_GREY = "#888888"
_WIDTH = 7.2
_ACROSS, _LEAST_ACROSS = 5, 3  # blocks in a row
_PICTURE, _LINE, _GAP = 1.2, 0.165, 0.22  # inches: room for a shape, for a line of text, between rows
_FRONT, _DEPTH, _BAR, _THICK = 0.75, 0.36, 1.1, 0.18  # largest side, thickness and bar; width of a bar
_LEAST = 0.05  # the smallest side that is still seen
_USUAL_CHANNELS, _USUAL_LENGTH = 128, 512  # a network with fewer gets no larger drawing for it
_CHARACTERS, _MOST_LINES = 18, 6  # below a block
_MOST_BLOCKS = 45


@dataclass(frozen=True, kw_only=True)
class Scale:
    """The largest side, channels and vector of some networks, which get the largest drawing."""

    side: float
    channels: int
    length: int

    @classmethod
    def of(cls, shapes: Sequence[MapShape]) -> "Scale":
        """The scale that fits all these shapes."""
        maps = [shape for shape in shapes if shape.sides]
        return cls(
            side=max((shape.side for shape in maps), default=1.0),
            channels=max([shape.channels for shape in maps] + [_USUAL_CHANNELS]),
            length=max([shape.channels for shape in shapes if not shape.sides] + [_USUAL_LENGTH]),
        )

    def box(self, shape: MapShape) -> tuple[float, float, float]:
        """Width, height and thickness in inches, by square roots: 2 channels and 256 both stay visible."""
        if shape.sides:
            side = max(_FRONT * (shape.side / self.side) ** 0.5, _LEAST)
            return side, side, max(_DEPTH * (shape.channels / self.channels) ** 0.5, 0.03)
        return _THICK, max(_BAR * (shape.channels / self.length) ** 0.5, _LEAST), 0.0


def rows_of_blocks(blocks: Sequence[LayerBlock]) -> list[list[LayerBlock]]:
    """Rows of at most five, about equally long; the vectors at the end have rows of their own where that costs none."""
    first = next((at for at, block in enumerate(blocks) if not block.shape.sides), len(blocks))
    maps, vectors = list(blocks[:first]), list(blocks[first:])
    apart = _chunks(maps) + _chunks(vectors)
    together = _chunks([*maps, *vectors])
    return apart if len(vectors) > 1 and len(apart) == len(together) else together


def _chunks(blocks: list[LayerBlock]) -> list[list[LayerBlock]]:
    if not blocks:
        return []
    rows = -(-len(blocks) // _ACROSS)
    ends = [len(blocks) - len(blocks) * (rows - row) // rows for row in range(rows + 1)]
    return [blocks[start:end] for start, end in pairwise(ends)]


def draw_network(rows: Sequence[Sequence[LayerBlock]], scale: Scale, colour: str, axes: "Axes") -> None:
    """Rows of blocks from the top; the axes are in inches."""
    top = height(rows)
    axes.set(xlim=(0, _WIDTH), ylim=(0, top))
    axes.set_axis_off()
    cell = _WIDTH / max(_LEAST_ACROSS, *map(len, rows))
    for number_, row in enumerate(rows):
        _draw_shapes(row, top - _PICTURE / 2, cell, scale, colour, axes, arrives=number_ > 0)
        _write_row(row, top - _PICTURE, cell, colour, axes)
        top -= _row_height(row)


def height(rows: Sequence[Sequence[LayerBlock]]) -> float:
    """Inches that all rows need."""
    return sum(map(_row_height, rows))


def _row_height(row: Sequence[LayerBlock]) -> float:
    return _PICTURE + (_most_lines(row) + 5.5) * _LINE + _GAP


def _most_lines(row: Sequence[LayerBlock]) -> int:
    return max(len(_followers(block)) for block in row)


def _followers(block: LayerBlock) -> list[str]:
    """What follows the first layer, in lines that fit below a block."""
    unbroken = ", ".join(name.replace(" ", "\N{NO-BREAK SPACE}") for name in block.followers)
    lines = textwrap.wrap(unbroken, _CHARACTERS)
    return lines if len(lines) <= _MOST_LINES else [*lines[: _MOST_LINES - 1], "…"]


def _draw_shapes(
    row: Sequence[LayerBlock],
    y: float,
    cell: float,
    scale: Scale,
    colour: str,
    axes: "Axes",
    *,
    arrives: bool,
) -> None:
    """Shapes beside each other with arrows between; one more comes from the row before."""
    end = 0.0 if arrives else None
    for place, block in enumerate(row):
        width, _, depth = scale.box(block.shape)
        left = (place + 0.5) * cell - (width + depth) / 2
        if end is not None:
            _arrow((end + 0.07, y), (left - 0.07, y), axes)
        _draw_shape(block.shape, (left, y), scale, colour, axes)
        end = left + width + depth
        if block.residual:
            _shortcut(left - 0.13, end + 0.13, y, scale.box(block.shape), axes)


def _arrow(start: tuple[float, float], end: tuple[float, float], axes: "Axes") -> None:
    style: dict[str, Any] = {"arrowstyle": "-|>", "color": _GREY, "linewidth": 1, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", end, start, arrowprops=style)


def _shortcut(start: float, end: float, y: float, box: tuple[float, float, float], axes: "Axes") -> None:
    """The way past a shape: up, over it, and down to what comes out of it."""
    over = min(y + (box[1] + box[2]) / 2 + 0.06, y + _PICTURE / 2 - 0.01)
    axes.plot((start, start, end), (y, over, over), color=_GREY, linewidth=1)
    axes.plot((end - 0.06, end), (y, y), color=_GREY, linewidth=1)
    _arrow((end, over), (end, y), axes)


def _draw_shape(shape: MapShape, place: tuple[float, float], scale: Scale, colour: str, axes: "Axes") -> None:
    """A map as a slab seen from the front, a vector as a bar; place is the left end and the middle of the height."""
    width, tall, depth = scale.box(shape)
    left, bottom = place[0], place[1] - (tall + depth) / 2
    right, upper = left + width, bottom + tall
    _face([(left, bottom), (right, bottom), (right, upper), (left, upper)], 0.65, colour, axes)
    if not depth:
        return
    behind = (right + depth, upper + depth)
    _face([(left, upper), (right, upper), behind, (left + depth, upper + depth)], 0.25, colour, axes)
    _face([(right, bottom), (right + depth, bottom + depth), behind, (right, upper)], 0.4, colour, axes)
    for shift in _slices(depth):
        x, y = (left + shift, right + shift, right + shift), (upper + shift, upper + shift, bottom + shift)
        axes.plot(x, y, color=colour, linewidth=0.6)


def _slices(depth: float) -> list[float]:
    """Lines on a slab that show it as a stack of maps; they would run together if there were one a map."""
    count = max(round(depth / 0.05), 1)
    return [depth * number_ / count for number_ in range(1, count)]


def _face(corners: list[tuple[float, float]], alpha: float, colour: str, axes: "Axes") -> None:
    from matplotlib.patches import Polygon

    axes.add_patch(Polygon(corners, facecolor=colour, alpha=alpha, linewidth=0))
    axes.add_patch(Polygon(corners, fill=False, edgecolor=colour, linewidth=0.8))


def _write_row(row: Sequence[LayerBlock], y: float, cell: float, colour: str, axes: "Axes") -> None:
    """Shape and layers below each block, and on one height in the row its parameters."""
    for place, block in enumerate(row):
        x = (place + 0.5) * cell
        layers = [(block.shape.text, "bold", 10), (block.title, "normal", 10)]
        _write(layers + [(line, "normal", 9) for line in _followers(block)], x, y, axes)
        if block.parameters:
            lower = y - (_most_lines(row) + 2.25) * _LINE
            _write([(number(block.parameters), "normal", 10), ("parameters", "normal", 9)], x, lower, axes)
            _share_bar(block.share, x, lower - 3.05 * _LINE, colour, axes)


def _write(lines: Sequence[tuple[str, str, int]], x: float, y: float, axes: "Axes") -> None:
    """Text, weight and size of lines one below the other."""
    for place, (text, weight, size) in enumerate(lines, start=1):
        axes.text(x, y - place * _LINE, text, ha="center", va="baseline", fontsize=size, fontweight=weight)


def _share_bar(share: float, x: float, y: float, colour: str, axes: "Axes") -> None:
    """The share of the network's parameters as a part of a frame, and in percent."""
    from matplotlib.patches import Rectangle

    left, wide, tall = x - 0.58, 0.7, 0.09
    axes.add_patch(Rectangle((left, y), wide * share, tall, facecolor=colour, linewidth=0))
    axes.add_patch(Rectangle((left, y), wide, tall, fill=False, edgecolor=_GREY, linewidth=0.7))
    axes.text(left + wide + 0.06, y, told_share(share), va="baseline", fontsize=9)


def told_share(share: float) -> str:
    """A share in percent; what is above nothing never reads as nothing.

    >>> told_share(0.0003), told_share(0.5)
    ('< 0.1 %', '50.0 %')
    """
    return "< 0.1 %" if 0 < share < 0.0005 else percent(share)


def drawn_blocks(blocks: Sequence[LayerBlock]) -> Sequence[LayerBlock]:
    """The blocks, or, of a network of very many, stages of blocks whose outputs have one shape."""
    return blocks if len(blocks) <= _MOST_BLOCKS else stages(blocks)


def network_drawing(blocks: Sequence[LayerBlock], scale: Scale, colour: str, name: str) -> Drawing:
    """The figure, with its blocks in words; one scale for several networks lets them be compared."""
    drawn = drawn_blocks(blocks)
    rows = rows_of_blocks(drawn)
    figure = canvas(_WIDTH, height(rows), _PURPOSE)
    figure.set_layout_engine("none")  # there is one pair of axes, in inches, over the whole figure
    draw_network(rows, scale, colour, figure.add_axes((0, 0, 1, 1)))
    return drawing(figure, _in_words(drawn, name), _caption(blocks, drawn, name))


def _in_words(blocks: Sequence[LayerBlock], name: str) -> str:
    told = [
        f"{block.title} {block.shape.text}"
        + f" with {number(block.parameters)} parameters ({told_share(block.share)})" * bool(block.parameters)
        for block in blocks
    ]
    return f"Diagram of {name}: {'; '.join(told)}."


def _caption(blocks: Sequence[LayerBlock], drawn: Sequence[LayerBlock], name: str) -> str:
    told = f"{name}: each block is a layer with weights and what follows it, drawn by the shape of its output"
    told += " (height x width x channels)" * any(len(block.shape.sides) == 2 for block in drawn)
    told += "; a residual block is all that its input goes through, and past which it goes" * any(
        block.residual for block in drawn
    )
    told += ". Sides, thickness and bars grow with the square root of their numbers"
    told += "; the framed bars are shares of all parameters."
    merged = f" Of its {len(blocks)} blocks, neighbours with outputs of one shape are drawn as one."
    return told + merged * (len(drawn) < len(blocks))
