"""Bad places of a data set: rows and files that cannot be read, named so that people find them."""

from collections.abc import Sequence
from dataclasses import dataclass

SHOWN = 10


class BadPlaceError(Exception):
    """One row or file that cannot be read; the text says what was expected and what came.

    Readers raise it for one place, catch it in their loop, and go on to the next place.
    """


@dataclass(frozen=True)
class BadPlaces:
    """How many places were bad, and the first ten of them, each with what was expected there."""

    total: int = 0
    first: tuple[str, ...] = ()

    @classmethod
    def of(cls, places: Sequence[str]) -> "BadPlaces":
        """Count all places and keep the first ten."""
        return cls(len(places), tuple(places[:SHOWN]))

    def describe(self) -> str:
        """The total and the places, one a line.

        >>> print(BadPlaces.of(["line 3: expected 4 pixels, got 3"]).describe())
        1 bad place:
          line 3: expected 4 pixels, got 3
        """
        heading = "1 bad place" if self.total == 1 else f"{self.total:,} bad places"
        more = f"; the first {len(self.first)}" if self.total > len(self.first) else ""
        return "\n  ".join([f"{heading}{more}:", *self.first])
