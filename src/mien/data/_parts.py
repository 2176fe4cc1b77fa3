"""The names that data sets give their parts, and which of mien's parts each is."""

from mien.core.images import TEST, TRAIN, VAL

PART_NAMES = {
    TRAIN: ("train", "training"),
    VAL: ("val", "valid", "validation", "dev", "publictest"),
    TEST: ("test", "testing", "privatetest"),
}
_PARTS = {spelling: part for part, spellings in PART_NAMES.items() for spelling in spellings}


def part_named(spelling: str) -> str | None:
    """The part ("train", "val" or "test") that a data set's own name means; None where it means none.

    >>> part_named("PublicTest"), part_named("happy")
    ('val', None)
    """
    return _PARTS.get(spelling.strip().lower())
