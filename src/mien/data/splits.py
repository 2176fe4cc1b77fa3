"""Splits: which faces a run learns from, chooses by, and is tested on."""

import re
from hashlib import blake2b

import numpy as np

from mien.core.errors import ConfigError, DataError
from mien.core.identical import picture_digests
from mien.core.images import TEST, TRAIN, VAL, Ints, LabelledImages, Parts
from mien.data._parts import PART_NAMES, part_named

OFFICIAL = "official"
SHARE = 0.1  # of the faces for each part that the data does not have itself

_RANDOM = re.compile(r"random:(0?\.\d+)")


def split(faces: LabelledImages, how: str = OFFICIAL, *, seed: int = 0) -> Parts:
    """The faces in parts for training, for choosing and, where there is one, for the test at the end.

    "official"    the data's own parts: Training or train; PublicTest, val, valid, validation or dev;
                  PrivateTest or test. Where it has a part for training but none for choosing (most image
                  folders have only train and test), a tenth of the training part becomes the validation
                  part. Data without parts is split 80 : 10 : 10.
    "random:0.1"  that share of the training part (of everything, where the data has no parts) becomes the
                  validation part; the official validation part, or else the test part, is the test part.

    Every split that is not the data's own is stratified by class and follows from the seed and the pictures
    alone, not from their order; identical pictures never fall on both sides.

    Raises ConfigError where `how` is none of these; DataError where the data's parts have other names, or a
    part would be empty.
    """
    matched = _RANDOM.fullmatch(how)
    if how == OFFICIAL:
        parts = _official(faces, seed)
    elif matched and float(matched[1]) > 0:
        parts = _random(faces, float(matched[1]), seed)
    else:
        raise ConfigError(
            f"--split {how}: expected 'official' or 'random:' and a share over 0 and below 1, as random:0.1"
        )
    return parts


def _official(faces: LabelledImages, seed: int) -> Parts:
    own = _own_parts(faces)
    if not own:
        rest, test = _cut(faces, SHARE, seed)
        train, val = _cut(rest, SHARE / (1 - SHARE), seed)
        return Parts(train=train, val=val, test=test)
    if TRAIN not in own:
        raise DataError(f"{faces.source}: has no part for training, only {', '.join(_spellings(faces))}")
    if VAL in own:
        return Parts(train=own[TRAIN], val=own[VAL], test=own.get(TEST))
    train, val = _cut(own[TRAIN], SHARE, seed)
    return Parts(train=train, val=val, test=own.get(TEST))


def _random(faces: LabelledImages, share: float, seed: int) -> Parts:
    own = _own_parts(faces)
    if own and TRAIN not in own:
        raise DataError(f"{faces.source}: has no part for training, only {', '.join(_spellings(faces))}")
    train, val = _cut(own.get(TRAIN, faces), share, seed)
    return Parts(train=train, val=val, test=own.get(VAL, own.get(TEST)))


def _spellings(faces: LabelledImages) -> list[str]:
    return [str(name) for name in np.unique(faces.split)]


def _own_parts(faces: LabelledImages) -> dict[str, LabelledImages]:
    """The data's own parts by mien's names for them; empty where it has none."""
    spellings = _spellings(faces)
    if spellings == [""]:
        return {}
    unknown = [name for name in spellings if part_named(name) is None]
    if unknown:
        known = ", ".join(name for names in PART_NAMES.values() for name in names)
        raise DataError(f"{faces.source}: expected parts named {known}; got '{unknown[0]}'")
    parts = np.array([part_named(name) for name in faces.split.tolist()])
    return {part: faces.select(parts == part) for part in np.unique(parts).tolist()}


def _cut(faces: LabelledImages, share: float, seed: int) -> tuple[LabelledImages, LabelledImages]:
    """The faces without, and only, a share of each class; DataError where one side would be empty."""
    chosen = np.zeros(len(faces), dtype=bool)
    groups = _groups_in_seeded_order(faces, seed)
    labels = np.array([faces.labels[rows].min() for rows in groups])  # the lowest where a group has several
    for label in np.unique(labels):
        of_label = [groups[place] for place in np.flatnonzero(labels == label)]
        for rows in _first_groups(of_label, share):
            chosen[rows] = True
    if not chosen.any() or chosen.all():
        raise DataError(f"{faces.source}: {len(faces)} faces are too few to split off a share of {share:.2g}")
    return faces.select(~chosen), faces.select(chosen)


def _groups_in_seeded_order(faces: LabelledImages, seed: int) -> list[Ints]:
    """Rows of identical pictures, one array a group, ordered by a hash of the picture keyed by the seed."""
    rows_of: dict[bytes, list[int]] = {}
    for row, digest in enumerate(picture_digests(faces.pixels)):
        rows_of.setdefault(blake2b(digest, key=str(seed).encode()).digest(), []).append(row)
    return [np.array(rows_of[key], dtype=np.int64) for key in sorted(rows_of)]


def _first_groups(groups: list[Ints], share: float) -> list[Ints]:
    """As many groups from the front as hold the share of the faces; at least one of several, never all."""
    sizes = np.array([len(rows) for rows in groups])
    wanted = share * sizes.sum()
    count = int(np.searchsorted(sizes.cumsum() - sizes / 2, wanted))  # one more would be farther off
    return groups[: min(max(count, 1), len(groups) - 1)]
