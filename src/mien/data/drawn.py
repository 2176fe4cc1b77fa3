"""Faces that the project draws itself: labelled, with the action units and the pixels that carry the expression."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from mien.core.errors import ConfigError
from mien.core.images import TEST, TRAIN, VAL, Bools, Ints, LabelledImages, Strings, Uint8
from mien.core.labels import EXPRESSIONS
from mien.data._drawn_camera import blurred, developed, exposed
from mien.data._drawn_expressions import UNIT_NAMES, Acting, Moves, act
from mien.data._drawn_face import Sitting
from mien.data._drawn_random import Bits, Field, Stream

NAME = "drawn"
MOST_FACES = 1_000_000
# A pixel carries the expression where it is this many grey levels from the same face at rest: above the sensor
# noise of most pictures, below the change that a moved brow or lip makes.
MASK_LEVELS = 10
# Faces drawn at once: many enough that numpy's cost per call is small, few enough that they stay in the cache.
# Always drawn whole, so that every face goes through the same arithmetic whichever faces are asked for.
_CHUNK = 64


@dataclass(frozen=True, kw_only=True)
class DrawnConfig:
    """What to draw. ConfigError where a number is out of range.

    count        how many faces, 1 to 1,000,000
    seed         another seed, other people: 0 to 2**63 - 1
    label_noise  share of the labels replaced by another class, 0 to 1
    ambiguity    how far faces lean towards a neighbouring expression: 0 not at all, 1 half-way; its share in the
                 mixture is ambiguity / 2 on average, differs from face to face and never exceeds a half
    """

    count: int = 8000
    seed: int = 0
    label_noise: float = 0.0
    ambiguity: float = 0.3

    def __post_init__(self) -> None:
        _expect("count", self.count, int, 1, MOST_FACES)
        _expect("seed", self.seed, int, 0, 2**63 - 1)
        _expect("label_noise", self.label_noise, float, 0, 1)
        _expect("ambiguity", self.ambiguity, float, 0, 1)


_KINDS: dict[str, Callable[[str], float]] = {
    each.name: int if each.type is int else float for each in fields(DrawnConfig)
}


@dataclass(frozen=True, kw_only=True, eq=False)
class DrawnFaces:
    """Drawn faces and the truth about them; row i of every field is face i.

    faces         pixels, labels (after label noise), ids and split
    true_labels   int64 (n,), the expression that was drawn, before label noise
    action_units  float32 (n, units), 0 at rest to 1 as far as the muscle goes
    unit_names    what the columns of action_units are: "AU1 inner brow raiser" ...
    mask          bool (n, 48, 48), the pixels that carry the expression: those that differ by more than MASK_LEVELS
                  grey levels from the same face, in the same pose and light, with every action unit at 0
                  (both after blur and before noise); empty for a face that hardly moves
    neighbours    int64 (n,), the expression that is mixed into the true one
    blend         float32 (n,), its share in the mixture, 0 to 0.5
    strength      float32 (n,), how far the whole expression goes, 0.4 to 1
    """

    faces: LabelledImages
    true_labels: Ints
    action_units: Field
    unit_names: tuple[str, ...]
    mask: Bools
    neighbours: Ints
    blend: Field
    strength: Field

    def __len__(self) -> int:
        return len(self.faces)


def draw(count: int = 8000, *, seed: int = 0, label_noise: float = 0.0, ambiguity: float = 0.3) -> DrawnFaces:
    """Draw labelled faces; a face depends on its number, the seed and the two knobs, not on how many are drawn.

    Of every 70 faces 56 are in "train", 7 in "val" and 7 in "test"; each part has every class equally often.
    Raises ConfigError where a number is out of range.

    >>> few, many = draw(3), draw(5)
    >>> bool((few.faces.pixels == many.faces.pixels[:3]).all())
    True
    >>> few.faces.ids.tolist(), few.faces.pixels.shape
    (['drawn-000000', 'drawn-000001', 'drawn-000002'], (3, 48, 48))
    """
    return _drawn(DrawnConfig(count=count, seed=seed, label_noise=label_noise, ambiguity=ambiguity))


def from_spec(spec: str) -> DrawnFaces:
    """Draw what a text such as "drawn:count=6000,seed=1" asks for; ConfigError where it is no such text."""
    return _drawn(parse(spec))


def parse(spec: str) -> DrawnConfig:
    """Read "drawn", or "drawn:" and any of the fields of DrawnConfig.

    >>> parse("drawn:count=60,ambiguity=0.5")
    DrawnConfig(count=60, seed=0, label_noise=0.0, ambiguity=0.5)
    """
    name, _, options = spec.partition(":")
    if name != NAME:
        raise ConfigError(f"'{spec}': expected 'drawn' or 'drawn:count=6000,seed=1'")
    chosen: dict[str, Any] = {}
    for option in filter(None, options.split(",")):
        key, _, text = (part.strip() for part in option.partition("="))
        if key in chosen:
            raise ConfigError(f"'{spec}': {key} is given twice")
        chosen[key] = _value(spec, key, text)
    return DrawnConfig(**chosen)


def _value(spec: str, key: str, text: str) -> float:
    """The number that the text of an option names."""
    if key not in _KINDS:
        raise ConfigError(f"'{spec}': unknown key '{key}'; known are {', '.join(_KINDS)}")
    try:
        return _KINDS[key](text)
    except ValueError:
        expected = "a whole number" if _KINDS[key] is int else "a number"
        raise ConfigError(f"'{spec}': expected {expected} for {key}, got '{text}'") from None


def _expect(name: str, value: float, kind: type, low: float, high: float) -> None:
    """ConfigError unless the value is a number of this kind in this range."""
    kinds = (int, np.integer) if kind is int else (int, float, np.integer, np.floating)
    if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
        whole = "a whole number" if kind is int else "a number"
        raise ConfigError(f"drawn faces: expected {name} to be {whole} from {low} to {high}, got {value!r}")


def _drawn(config: DrawnConfig) -> DrawnFaces:
    _keep_memory()
    chunks = [_chunk(config, start) for start in range(0, config.count, _CHUNK)]
    pixels, masks, labels, true_labels, units, neighbours, blend, strength = (
        np.concatenate(parts)[: config.count] for parts in zip(*chunks, strict=True)
    )
    return DrawnFaces(
        faces=LabelledImages(
            pixels=pixels,
            labels=labels,
            ids=np.array([f"{NAME}-{row:06d}" for row in range(config.count)]),
            classes=EXPRESSIONS,
            split=_split(config.count),
            source=NAME,
        ),
        true_labels=true_labels,
        action_units=units,
        unit_names=UNIT_NAMES,
        mask=masks,
        neighbours=neighbours,
        blend=blend,
        strength=strength,
    )


def _keep_memory() -> None:
    """Have the C library keep freed arrays for the next ones instead of giving them back to the system.

    glibc takes the size of a freed block as its new limit for doing so; without this, half of the time goes into
    fetching fresh pages (measured: 236 faces a second become 533). Elsewhere it does nothing.
    """
    block = np.empty(31 * 2**20, dtype=np.uint8)
    del block


def _chunk(config: DrawnConfig, start: int) -> tuple[Any, ...]:
    """Pixels, masks, labels, true labels, units, neighbours, blend and strength of _CHUNK faces."""
    stream = Stream(seed=config.seed, index=np.arange(start, start + _CHUNK, dtype=np.uint64))
    true_labels = _classes(config.seed, stream.index)
    acting = act(stream, true_labels, config.ambiguity)
    pixels, masks = _photograph(stream, acting)
    labels = _mislabelled(stream, true_labels, config.label_noise)
    return pixels, masks, labels, true_labels, acting.units, acting.neighbours, acting.blend, acting.strength


def _photograph(stream: Stream, acting: Acting) -> tuple[Uint8, Bools]:
    """Pictures of faces that act like this, and where they differ from the same faces at rest, (n, 48, 48)."""
    sitting = Sitting.of(stream)
    moved, resting = (sitting.expose(Moves(units)) for units in (acting.units, np.zeros_like(acting.units)))
    moved, resting = (
        np.clip(blurred(exposed(picture, resting, sitting.scene), sitting.scene), 0, 255)
        for picture in (moved, resting)
    )
    return developed(moved, sitting.scene, stream), np.abs(moved - resting) > MASK_LEVELS


def _classes(seed: int, index: Bits) -> Ints:
    """The expression of each face: every seven faces in a row show all seven, in an order of their own."""
    blocks, place = np.divmod(index, np.uint64(len(EXPRESSIONS)))
    order = Stream(seed=seed, index=blocks).bits("order of classes", len(EXPRESSIONS)).argsort(axis=1)
    return np.take_along_axis(order, place.astype(np.int64)[:, None], axis=1)[:, 0]


def _mislabelled(stream: Stream, labels: Ints, share: float) -> Ints:
    """Labels of which this share has become one of the other classes."""
    step = 1 + stream.choice("wrong label", len(EXPRESSIONS) - 1)
    return np.where(stream.chance("label noise", share), (labels + step) % len(EXPRESSIONS), labels)


def _split(count: int) -> Strings:
    """The part of each face: of every ten blocks of seven faces, the second is for validation, the fourth for test."""
    parts = np.array([TRAIN, VAL, TRAIN, TEST, *[TRAIN] * 6])
    return parts[np.arange(count) // len(EXPRESSIONS) % len(parts)]
