"""What a file of this package ends in: the question that a section answers, and what answers it."""

from collections.abc import Callable
from dataclasses import dataclass

from mien.core.material import Material
from mien.core.section import Finding


@dataclass(frozen=True, kw_only=True)
class Diagnostic:
    """A section of the report.

    order     its place on the page, in tens: 10 comes first
    title     of the section
    question  that it answers, ending in a question mark
    make      what was found; it raises MissingInput, saying what is missing, where it cannot answer
    on_demand whether it shows what a command of its own has found; the page of runs without that leaves it out
    """

    order: int
    title: str
    question: str
    make: Callable[[Material], Finding]
    on_demand: bool = False
