"""Rows that were read once and are kept in memory, so that they can be read again."""

from collections.abc import Iterator
from itertools import chain

import numpy as np

from mien.core.rows import Block, Rows

_MOST_BYTES = 128 << 20  # of numbers that are kept of a stream


def kept(rows: Rows) -> Rows:
    """The same rows, all read now."""
    block = _joined(list(rows.blocks()))
    return Rows(
        source=rows.source,
        columns=rows.columns,
        blocks=lambda: iter([] if block is None else [block]),
        count=0 if block is None else len(block.values),
    )


def kept_if_small(rows: Rows) -> Rows:
    """The same rows, read now and kept where they take up to 128 MiB, or else still to be read, once."""
    blocks = rows.blocks()
    read: list[Block] = []
    for block in blocks:
        read.append(block)
        if sum(one.values.nbytes for one in read) > _MOST_BYTES:
            return _once(rows, chain(_emptied(read), blocks))
    return kept(_once(rows, iter(read)))


def _emptied(blocks: list[Block]) -> Iterator[Block]:
    """Each block, let go of once it was given."""
    while blocks:
        yield blocks.pop(0)


def _once(rows: Rows, blocks: Iterator[Block]) -> Rows:
    return Rows(
        source=rows.source, columns=rows.columns, blocks=lambda: blocks, count=rows.count, again=False
    )


def _joined(blocks: list[Block]) -> Block | None:
    if not blocks:
        return None
    values = np.concatenate([block.values for block in blocks])
    labels = [block.labels for block in blocks if block.labels is not None]
    return Block(values, tuple(chain.from_iterable(labels)) if labels else None)
