"""The seven expressions in THE order of FER2013, written once, and the other spellings that data sets use."""

from mien.core.errors import DataError

EXPRESSIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")

_OTHER_SPELLINGS = {
    "angry": ("anger", "ang", "an", "mad"),
    "disgust": ("disgusted", "dis", "di"),
    "fear": ("fearful", "afraid", "scared", "fea", "fe", "af"),
    "happy": ("happiness", "joy", "hap", "ha", "smile"),
    "sad": ("sadness", "sa"),
    "surprise": ("surprised", "sur", "su", "astonished"),
    "neutral": ("neutrality", "neu", "ne", "calm"),
}
_CANONICAL = {other: name for name, others in _OTHER_SPELLINGS.items() for other in (name, *others)}


def canonical(name: str) -> str | None:
    """The canonical expression that a spelling names, or None where it names none of the seven.

    >>> canonical("Happiness"), canonical(" SAD "), canonical("contempt")
    ('happy', 'sad', None)
    """
    return _CANONICAL.get(name.strip().lower())


def canonical_classes(names: list[str]) -> tuple[tuple[str, ...], list[int]]:
    """Bring class names as a data set spells them to one order: (classes, index of each given name in classes).

    Names that are all spellings of the seven, or all numbers 0 to 6, become the seven in THE order, whichever
    of them occur. Anything else stays as it is spelled, sorted (numbers by value).

    Raises DataError where two given names spell the same expression.

    >>> canonical_classes(["sadness", "anger"])
    (('angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'), [4, 0])
    >>> canonical_classes(["zebra", "ant"])
    (('ant', 'zebra'), [1, 0])
    """
    known = [canonical(name) for name in names]
    if all(name.strip().isdecimal() and int(name) < len(EXPRESSIONS) for name in names):
        known = [EXPRESSIONS[int(name)] for name in names]
    if names and None not in known:
        if len(set(known)) < len(known):
            raise DataError(f"two class names spell the same expression: {', '.join(sorted(names))}")
        return EXPRESSIONS, [EXPRESSIONS.index(name) for name in known if name is not None]
    classes = tuple(
        sorted(names, key=lambda name: (not name.isdecimal(), int(name) if name.isdecimal() else 0, name))
    )
    return classes, [classes.index(name) for name in names]
