"""Sizes in words: 8x8x5."""

from mien.core.errors import ConfigError


def positive(word: str, what: str) -> int:
    """A word as a positive integer; ConfigError otherwise."""
    if not word.isascii() or not word.isdecimal() or not 1 <= int(word) < 2**31:
        raise ConfigError(f'{what} "{word}" is no positive integer')
    return int(word)


def sizes_from_text(text: str) -> list[tuple[int, ...]]:
    """One shape, or several with commas between.

    Raises ConfigError where a part is no positive integer.

    >>> sizes_from_text("8x8x5"), sizes_from_text("5x8,3")
    ([(8, 8, 5)], [(5, 8), (3,)])
    """
    try:
        return [
            tuple(positive(part, "size") for part in shape.lower().split("x")) for shape in text.split(",")
        ]
    except ConfigError as error:
        raise ConfigError(
            f'input "{text}": expected sizes with x between them, such as 8x8x5 ({error})'
        ) from error
