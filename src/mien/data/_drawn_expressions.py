"""Which action units each expression moves, how often and how far: the drawn faces' truth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.core.images import Ints
from mien.core.labels import EXPRESSIONS
from mien.data._drawn_random import Field, Stream, shares

# Numbers and names as in FACS (Ekman, Friesen, Hager: Facial Action Coding System, 2002).
UNITS = {
    1: "inner brow raiser",
    2: "outer brow raiser",
    4: "brow lowerer",
    5: "upper lid raiser",
    6: "cheek raiser",
    7: "lid tightener",
    9: "nose wrinkler",
    10: "upper lip raiser",
    12: "lip corner puller",
    15: "lip corner depressor",
    16: "lower lip depressor",
    17: "chin raiser",
    20: "lip stretcher",
    23: "lip tightener",
    24: "lip pressor",
    25: "lips part",
    26: "jaw drop",
    43: "eyes closed",
}
UNIT_NAMES = tuple(f"AU{number} {name}" for number, name in UNITS.items())
_COLUMN = {number: column for column, number in enumerate(UNITS)}

# unit: (share of the faces with this expression that show it, intensity at full strength).
# Units and combinations: the EMFACS prototypes (happy 6+12, sad 1+4+15, surprise 1+2+5+26, fear 1+2+4+5+7+20+26,
# angry 4+5+7+23, disgust 9+15+16) with the variants of the FACS Investigator's Guide (2002). Shares of the units
# that only some people show: near Du, Tao and Martinez, "Compound facial expressions of emotion", PNAS 2014,
# table 1 (happy 6: 51 %; sad 1: 60 %, 6: 50 %, 17: 67 %; fear 2: 57 %, 5: 63 %, 26: 33 %; angry 10: 26 %, 17: 52 %,
# 23: 29 %; surprise 5: 66 %; disgust 4: 31 %, 24: 26 %), raised where EMFACS counts the unit as part of the expression.
PROTOTYPES: dict[str, dict[int, tuple[float, float]]] = {
    "angry": {
        4: (1.0, 1.0), 5: (0.5, 0.5), 7: (1.0, 0.8), 10: (0.26, 0.5), 17: (0.52, 0.6), 23: (0.6, 0.9),
        24: (0.6, 0.8), 25: (0.3, 0.7), 26: (0.15, 0.6),
    },
    "disgust": {
        4: (0.5, 0.6), 6: (0.3, 0.5), 7: (0.5, 0.6), 9: (1.0, 1.0), 10: (1.0, 0.9), 15: (0.5, 0.5), 16: (0.4, 0.6),
        17: (0.6, 0.6), 24: (0.2, 0.5), 25: (0.4, 0.6),
    },
    "fear": {
        1: (1.0, 1.0), 2: (0.6, 0.6), 4: (1.0, 0.7), 5: (0.8, 0.9), 7: (0.4, 0.4), 16: (0.3, 0.5), 20: (1.0, 1.0),
        25: (1.0, 0.8), 26: (0.45, 0.4),
    },
    "happy": {6: (0.75, 0.9), 12: (1.0, 1.0), 25: (0.75, 0.9), 26: (0.2, 0.4)},
    "sad": {
        1: (0.8, 1.0), 4: (1.0, 0.7), 6: (0.35, 0.3), 15: (1.0, 1.0), 17: (0.67, 0.7), 25: (0.1, 0.3), 43: (0.35, 0.5),
    },
    "surprise": {1: (1.0, 1.0), 2: (1.0, 1.0), 5: (0.8, 0.9), 25: (1.0, 0.9), 26: (0.9, 1.0)},
    "neutral": {},
}  # fmt: skip

# The expressions that people take each one for, and how often each is the one: FER2013's own confusions.
NEIGHBOURS = {
    "angry": (("disgust", 0.6), ("neutral", 0.2), ("sad", 0.2)),
    "disgust": (("angry", 0.8), ("sad", 0.2)),
    "fear": (("surprise", 0.7), ("sad", 0.3)),
    "happy": (("neutral", 0.6), ("surprise", 0.4)),
    "sad": (("neutral", 0.7), ("fear", 0.3)),
    "surprise": (("fear", 0.8), ("happy", 0.2)),
    "neutral": (("sad", 0.8), ("angry", 0.2)),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Acting:
    """What each face does: the units that it moves, and the two expressions that they come from.

    units       float32 (n, units), 0 at rest to 1 as far as it goes, columns as in UNIT_NAMES
    strength    float32 (n,), how far the whole expression goes
    neighbours  int64 (n,), the expression that is mixed in
    blend       float32 (n,), the neighbour's share, 0 to 0.5
    """

    units: Field
    strength: Field
    neighbours: Ints
    blend: Field


def _table(place: int) -> NDArray[np.float32]:
    """One number of each entry of PROTOTYPES, (expressions, units); 0 where an expression lacks the unit."""
    table = np.zeros((len(EXPRESSIONS), len(UNITS)), dtype=np.float32)
    for row, expression in enumerate(EXPRESSIONS):
        for unit_number, entry in PROTOTYPES[expression].items():
            table[row, _COLUMN[unit_number]] = entry[place]
    return table


SHARES, INTENSITIES = _table(0), _table(1)


def _neighbours(stream: Stream, labels: Ints) -> Ints:
    """The expression that each face may be taken for, (n,)."""
    chance = np.zeros((len(EXPRESSIONS), len(EXPRESSIONS)))
    for expression, others in NEIGHBOURS.items():
        for other, share in others:
            chance[EXPRESSIONS.index(expression), EXPRESSIONS.index(other)] = share
    total = chance.cumsum(axis=1)[labels]  # (n, expressions)
    return (total > stream.uniform("neighbour")[:, None] * total[:, -1:]).argmax(axis=1)


def _shown(stream: Stream, labels: Ints, name: str) -> Field:
    """Units of these expressions at full strength as each person shows them, (n, units)."""
    count = len(UNITS)
    draws = shares(stream.bits(name, 2 * count))
    present = draws[:, :count] < SHARES[labels]
    return present * INTENSITIES[labels] * (0.75 + 0.35 * draws[:, count:])


def _possible(units: Field) -> Field:
    """Units as a face can move them together, in place.

    A jaw that drops parts the lips, pressed lips do not part, wide eyes are not closed.
    """
    column = {number: units[:, place] for number, place in _COLUMN.items()}
    for number in (16, 26):
        np.maximum(column[25], 0.6 * column[number], out=column[25])
    for number in (17, 23, 24):
        column[number] *= 1 - 0.85 * column[25]
    column[43] *= 1 - column[5]
    return np.clip(units, 0, 1, out=units)


def act(stream: Stream, labels: Ints, ambiguity: float) -> Acting:
    """What faces of these expressions do; on average the neighbour's share in the mixture is ambiguity / 2."""
    neighbours = _neighbours(stream, labels)
    lean = stream.uniform("blend") if ambiguity > 0 else np.zeros(len(labels), dtype=np.float32)
    blend = 0.5 * lean ** np.float32((1 - ambiguity) / max(ambiguity, 1e-6))
    strength = 1 - 0.6 * stream.uniform("strength") ** 1.5
    own, other = _shown(stream, labels, "own units"), _shown(stream, neighbours, "neighbour's units")
    units = strength[:, None] * (own + blend[:, None] * (other - own))
    idle = shares(stream.bits("idle", len(UNITS)))
    units += 0.12 * idle * idle  # no face is ever quite at rest
    return Acting(
        units=_possible(units.astype(np.float32)),
        strength=strength.astype(np.float32),
        neighbours=neighbours,
        blend=blend.astype(np.float32),
    )


@dataclass(frozen=True, eq=False)
class Moves:
    """Action units of a batch of faces, looked up by their FACS number as (n, 1, 1)."""

    units: Field  # (n, units)

    def __getitem__(self, number: int) -> Field:
        return self.units[:, _COLUMN[number], None, None]
