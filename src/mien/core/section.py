"""Section: one question of the report, its answer, and what shows it; values only, no HTML and no drawing."""

from dataclasses import dataclass, field
from typing import Any, Literal

from mien.core.images import Uint8
from mien.core.text_tables import TextTable

Mark = Literal["", "true", "predicted", "both"]


@dataclass(frozen=True, kw_only=True)
class Text:
    """A paragraph, as plain text."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Heading:
    """A heading inside a section."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Lines to copy: commands, a configuration."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A figure as one svg element, what it shows in words for who cannot see it, and a caption."""

    svg: str
    alt: str
    caption: str = ""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """The score of one class, a share of 1; marked where it is the true or the predicted one."""

    name: str
    share: float
    mark: Mark = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class FaceCard:
    """A face (h, w), a line about it, and a bar a class; the id says which face of the data it is."""

    pixels: Uint8
    heading: str
    bars: tuple[Bar, ...]
    id: str


@dataclass(frozen=True, kw_only=True)
class Gallery:
    """Faces beside each other under a title."""

    title: str
    cards: tuple[FaceCard, ...]


@dataclass(frozen=True, kw_only=True)
class Fold:
    """Blocks that a reader opens by their title; open on paper."""

    title: str
    blocks: "tuple[Block, ...]"


Block = Text | Heading | Listing | Drawing | Gallery | Fold | TextTable


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a diagnostic found: a sentence that answers its question, blocks that show it, numbers as JSON has them."""

    answer: str
    blocks: tuple[Block, ...]
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Section:
    """A finding with its place on the page: name (for links and metrics.json), title and question."""

    name: str
    title: str
    question: str
    finding: Finding
