"""The layers of a cost table in blocks, as people speak of them: a layer with weights, and what follows it."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import prod

from mien.core.costs import CostTable
from mien.core.layer_costs import LayerCost, Shape

# Layers without a weight of their own (shared ones) are known by these words; all others by their parameters.
_BEGIN = (
    "conv",
    "linear",
    "dense",
    "gemm",
    "matmul",
    "attention",
    "transposed",
    "embedding",
    "lstm",
    "gru",
    "rnn",
)
_CONVOLUTIONS = ("conv", "transposed")
_DENSE = ("linear", "dense", "gemm", "matmul")
_FOLLOW = (
    "add",
    "mul",
    "scale",
    "bias",
    "prelu",
)  # what has parameters and yet belongs to the layer before it
_MEMBER = re.compile(r"(?:members\.\d+\.)+")  # of an ensemble


@dataclass(frozen=True, kw_only=True)
class MapShape:
    """A feature map with its sides and channels, or a vector, which has no sides and its length in `channels`."""

    sides: Shape
    channels: int
    text: str

    @classmethod
    def of(cls, shape: Shape, layout: str) -> "MapShape":
        """From a shape as a cost table has it; its text has the channels last, as the report writes it.

        >>> MapShape.of((32, 24, 24), "channels first").text, MapShape.of((24, 24, 32), "channels last").text
        ('24x24x32', '24x24x32')
        """
        if len(shape) < 2:
            return cls(sides=(), channels=prod(shape), text="x".join(map(str, shape)) or "1")
        first = layout == "channels first"
        sides, channels = (shape[1:], shape[0]) if first else (shape[:-1], shape[-1])
        shown = (*sides, channels) if len(shape) > 2 else shape  # tokens and features stay as they are
        return cls(sides=sides, channels=channels, text="x".join(map(str, shown)))

    @property
    def side(self) -> float:
        """The side of a square with as many places; 0 of a vector."""
        return prod(self.sides) ** 0.5 if self.sides else 0.0


@dataclass(frozen=True, kw_only=True)
class LayerBlock:
    """A layer with weights (or the input) and the layers that follow it up to the next one with weights.

    title       kind of its first layer, with the kernel where it has one; "input" of the first block
    followers   kinds of the others, in order; where one makes a vector of a map, its length too
    shape       its output, before it is made a vector
    parameters  all stored numbers, and their share of the network's
    formulas    how the parameters come about
    residual    it is a whole module in which two paths are added: its layers with weights are counted in followers,
                and its shape is that of the sum, before what follows
    """

    title: str
    followers: tuple[str, ...]
    layers: tuple[str, ...]
    shape: MapShape
    parameters: int
    share: float
    multiplications: int
    formulas: tuple[str, ...]
    convolution: bool = False
    dense: bool = False
    residual: bool = False


def layer_blocks(table: CostTable) -> tuple[LayerBlock, ...]:
    """The input and the blocks of a network, in the order in which they run.

    >>> from mien.analysis.cost import count, network_from_text
    >>> words = ["conv 6 2x2 stride 3", "relu", "conv 4 2x2 stride 2"]
    >>> [(block.title, block.shape.text) for block in layer_blocks(count(network_from_text(words, (8, 8, 5))))]
    [('input', '8x8x5'), ('conv 2x2', '3x3x6'), ('conv 2x2', '1x1x4')]
    """
    return _chain(table.rows, table)


def chains(table: CostTable) -> tuple[tuple[LayerBlock, ...], ...]:
    """Blocks that truly follow each other: residual modules are one each, and each member of an ensemble has its own.

    What makes one answer of the members' is left out.
    """
    members: dict[str, list[LayerCost]] = {}
    for row in table.rows:
        found = _MEMBER.match(row.name)
        members.setdefault(found[0] if found else "", []).append(row)
    if any(row.with_buffers for row in members.pop("", [])) or len(members) < 2:
        return (_chain(table.rows, table, _residual_modules(table.rows)),)
    return tuple(_chain(rows, table, _residual_modules(rows)) for rows in members.values())


def _chain(
    rows: Iterable[LayerCost], table: CostTable, residual: Sequence[str] = ()
) -> tuple[LayerBlock, ...]:
    """The input and the blocks of these rows; all that lies in one of the residual modules is one block."""
    groups: list[tuple[str, list[LayerCost]]] = [("", [])]
    for row in rows:
        module = next((path for path in residual if _lies_in(row, path)), "")
        if module != groups[-1][0] if module else _begins(row):
            groups.append((module, []))
        groups[-1][1].append(row)
    (_, before), *others = groups
    return (
        _input_block(before, table),
        *(_residual_block(rows, module, table) if module else _block(rows, table) for module, rows in others),
    )


def _residual_modules(rows: Sequence[LayerCost]) -> list[str]:
    """Paths of the outermost modules that add two paths, and are not the whole network."""
    adding = {
        row.name.rpartition(".")[0] for row in rows if row.kind.lower() == "add" and not row.with_buffers
    }
    weighted = [row for row in rows if row.with_buffers]
    found: list[str] = []
    for path in sorted(adding - {""}, key=len):
        inside = sum(_lies_in(row, path) for row in weighted)
        if 0 < inside < len(weighted) and not any(path.startswith(f"{outer}.") for outer in found):
            found.append(path)
    return found


def _lies_in(row: LayerCost, path: str) -> bool:
    return row.name.startswith(f"{path}.")


def stages(blocks: Sequence[LayerBlock]) -> tuple[LayerBlock, ...]:
    """Neighbours with outputs of one shape as one block, for networks that are too long to show every block."""
    return tuple(_stage(list(same)) for _, same in groupby(blocks, key=lambda block: block.shape))


def _begins(row: LayerCost) -> bool:
    kind = row.kind.lower()
    if "norm" in kind or kind in _FOLLOW:
        return False
    return row.with_buffers > 0 or _is_one(kind, _BEGIN)


def _is_one(kind: str, words: Iterable[str]) -> bool:
    return any(word in kind.lower() for word in words)


def _input_block(rows: list[LayerCost], table: CostTable) -> LayerBlock:
    shape = MapShape.of(table.inputs[0], table.layout)
    others = tuple(f"and {MapShape.of(each, table.layout).text}" for each in table.inputs[1:])
    return _of(rows, table, title="input", shape=shape, followers=(*others, *_followers(rows, shape, table)))


def _block(rows: list[LayerCost], table: CostTable) -> LayerBlock:
    head, *others = rows
    first = MapShape.of(head.output_shape, table.layout)
    kernel = _kernel(head, len(first.sides))
    return _of(
        rows,
        table,
        title=f"{head.kind} {kernel}".rstrip(),
        shape=_last_alike(first, rows, table),
        followers=_followers(others, first, table),
        convolution=_is_one(head.kind, _CONVOLUTIONS),
        dense=_is_one(head.kind, _DENSE),
    )


def _residual_block(rows: list[LayerCost], module: str, table: CostTable) -> LayerBlock:
    inside = [row for row in rows if _lies_in(row, module)]
    after = [row for row in rows if not _lies_in(row, module)]
    titles = Counter(block.title for block in _chain(inside, table)[1:])
    counted = tuple(f"{count} {title}" if count > 1 else title for title, count in titles.items())
    joined = MapShape.of(inside[-1].output_shape, table.layout)
    return _of(
        rows,
        table,
        title="residual block",
        shape=joined,
        followers=(*counted, *_followers(after, joined, table)),
        residual=True,
    )


def _last_alike(first: MapShape, rows: Iterable[LayerCost], table: CostTable) -> MapShape:
    """The last shape that is a map, or a vector, as the first is."""
    shapes = [MapShape.of(row.output_shape, table.layout) for row in rows]
    return [each for each in shapes if bool(each.sides) == bool(first.sides)][-1]


def _of(
    rows: list[LayerCost],
    table: CostTable,
    *,
    title: str,
    shape: MapShape,
    followers: tuple[str, ...],
    convolution: bool = False,
    dense: bool = False,
    residual: bool = False,
) -> LayerBlock:
    parameters = sum(row.with_buffers for row in rows)
    return LayerBlock(
        title=title,
        followers=followers,
        layers=tuple(row.name for row in rows),
        shape=shape,
        parameters=parameters,
        share=parameters / max(table.with_buffers, 1),
        multiplications=sum(row.forward.multiplications for row in rows),
        formulas=tuple(
            formula.text for row in rows for formula in row.formulas if formula.quantity == "parameters"
        ),
        convolution=convolution,
        dense=dense,
        residual=residual,
    )


def _followers(rows: Iterable[LayerCost], shape: MapShape, table: CostTable) -> tuple[str, ...]:
    told = []
    for row in rows:
        after = MapShape.of(row.output_shape, table.layout)
        told.append(f"{row.kind} to {after.text}" if shape.sides and not after.sides else row.kind)
        shape = after
    return tuple(told)


def _kernel(row: LayerCost, sides: int) -> str:
    """The first factors of a convolution's parameters (4*4*1*32+32): "4x4"; "" where the table has no formula."""
    if not sides or not _is_one(row.kind, _CONVOLUTIONS):
        return ""
    texts = [formula.text for formula in row.formulas if formula.quantity == "parameters"]
    found = re.match(rf"((?:\d+\*){{{sides}}})\d", texts[0]) if texts else None
    return found[1].rstrip("*").replace("*", "x") if found else ""


def _stage(blocks: list[LayerBlock]) -> LayerBlock:
    if len(blocks) == 1:
        return blocks[0]
    return LayerBlock(
        title=f"{len(blocks)} blocks",
        followers=tuple(dict.fromkeys(block.title for block in blocks)),
        layers=tuple(name for block in blocks for name in block.layers),
        shape=blocks[0].shape,
        parameters=sum(block.parameters for block in blocks),
        share=sum(block.share for block in blocks),
        multiplications=sum(block.multiplications for block in blocks),
        formulas=(),
        residual=any(block.residual for block in blocks),
    )
