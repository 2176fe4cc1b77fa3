"""Words of one layer in the text form, taken from the left, with errors that say what was expected."""

from mien.core.errors import ConfigError
from mien.core.sizes import positive
from mien.core.sliding import Pairs, Shape


class Words:
    """The words after the name of a layer."""

    def __init__(self, words: list[str], dimensions: int) -> None:
        self._words = words
        self._dimensions = dimensions

    def whole(self, what: str) -> int:
        """The next word as a positive integer."""
        return positive(self._next(what), what)

    def share(self, default: float) -> float:
        """The next word, where there is one, as a share from 0 to below 1."""
        if not self._words:
            return default
        word = self._words.pop(0)
        try:
            value = float(word)
        except ValueError:
            value = -1.0
        if not 0 <= value < 1:
            raise ConfigError(f'"{word}" is no share from 0 to below 1')
        return value

    def sizes(self, what: str) -> Shape:
        """The next word as one size a side: 2x2, or 2 for every side."""
        return self.spread(self._next(what), what)

    def spread(self, word: str, what: str) -> Shape:
        """A word as one positive integer a side."""
        parts = word.lower().split("x")
        if len(parts) not in (1, self._dimensions):
            raise ConfigError(f'{what} "{word}" has {len(parts)} sides, the input has {self._dimensions}')
        numbers = tuple(positive(part, what) for part in parts)
        return numbers * self._dimensions if len(numbers) == 1 else numbers

    def padding(self, word: str) -> Pairs:
        """A word as padding before and after each side: 1, 1x2, or 0:1x0:1."""
        parts = word.lower().split("x")
        if len(parts) not in (1, self._dimensions):
            raise ConfigError(f'padding "{word}" has {len(parts)} sides, the input has {self._dimensions}')
        pairs = tuple(_pair(part) for part in parts)
        return pairs * self._dimensions if len(pairs) == 1 else pairs

    def options(self, *names: str, flags: tuple[str, ...] = ()) -> dict[str, str]:
        """All words that are left, as names with values, and flags with the value "yes"."""
        found: dict[str, str] = {}
        while self._words:
            name = self._words.pop(0).lower()
            if name in found or name not in (*names, *flags):
                raise ConfigError(
                    f'"{name}" is given twice' if name in found else f'"{name}" is not understood'
                )
            found[name] = "yes" if name in flags else self._next(f"a value for {name}")
        return found

    def end(self) -> None:
        """Nothing may be left."""
        if self._words:
            raise ConfigError(f'"{self._words[0]}" is not understood')

    def _next(self, what: str) -> str:
        if not self._words:
            raise ConfigError(f"{what} is missing")
        return self._words.pop(0)


def _pair(word: str) -> tuple[int, int]:
    parts = word.split(":")
    if len(parts) > 2 or not all(part.isascii() and part.isdecimal() for part in parts):
        raise ConfigError(f'padding "{word}" is neither a number, nor before:after, nor same or valid')
    return int(parts[0]), int(parts[-1])
