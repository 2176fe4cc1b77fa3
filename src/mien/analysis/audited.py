"""Audit: everything that was found about the labels of a data set, as values and as files."""

import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mien.analysis.duplicates import Leak, Repeatability
from mien.analysis.people import Agreement, Ceiling, NetworkAndPeople
from mien.core.errors import DataError
from mien.core.suspects import Suspect, suspects_csv

AUDIT, SUSPECTS = "audit.json", "suspects.csv"


@dataclass(frozen=True, kw_only=True)
class Same:
    """Groups of the same picture; pairs are None where groups are of identical pictures.

    groups, redundant  groups of two or more, and pictures that could be left out with each still there once
    conflicting        groups with more than one label
    largest            pictures in the largest group
    """

    groups: int
    redundant: int
    conflicting: int
    largest: int
    leaks: tuple[Leak, ...]
    labels: Repeatability
    pairs: int | None = None
    mirrored: int | None = None


@dataclass(frozen=True, kw_only=True)
class NoFaces:
    """Pictures that are probably no faces, by reason; and beside people, where there are votes.

    people  pictures that everyone calls no face
    both    those of them that are listed
    """

    listed: int
    reasons: dict[str, int]
    people: int | None = None
    both: int | None = None


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Of the first labels that a network doubts: how many people overrule, and where they see what it proposes."""

    first: int
    voted: int
    overruled: int
    as_proposed: int


@dataclass(frozen=True, kw_only=True)
class DoubtedLabels:
    """What confident learning says of the predicted faces.

    faces    those that were judged
    noise    estimated share of wrong labels, listed as suspects
    joint    estimated shares (k, k): row label, column truth
    judged   by people's votes; empty without them
    learned  predicted faces that were not judged, as their picture, or nearly the same, is among those learned from
    """

    run: str
    faces: int
    noise: float
    listed: int
    joint: tuple[tuple[float, ...], ...]
    judged: tuple[Judged, ...]
    learned: int = 0


@dataclass(frozen=True, kw_only=True)
class People:
    """People's votes beside the labels; `network` where there are predictions.

    confusion  faces (k, k): row label, column majority
    """

    agreements: tuple[Agreement, ...]
    confusion: tuple[tuple[int, ...], ...]
    ceiling: Ceiling
    network: NetworkAndPeople | None


@dataclass(frozen=True, kw_only=True)
class Audit:
    """Everything that an audit found; suspects come reason by reason, each with its most suspect first."""

    source: str
    digest: str
    faces: int
    classes: tuple[str, ...]
    identical: Same
    near: Same | None
    no_faces: NoFaces
    labels: DoubtedLabels | None
    people: People | None
    suspects: tuple[Suspect, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; of the suspects the numbers only, as they have a file of their own."""
        values = {name: value for name, value in asdict(self).items() if name != "suspects"}
        return values | {"suspects": dict(Counter(suspect.reason for suspect in self.suspects))}

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write audit.json and suspects.csv; their paths. DataError where that fails."""
        audit, suspects = folder / AUDIT, folder / SUSPECTS
        try:
            folder.mkdir(parents=True, exist_ok=True)
            audit.write_text(json.dumps(self.to_dict(), indent=2, allow_nan=False) + "\n", encoding="utf-8")
            suspects.write_text(suspects_csv(self.suspects), encoding="utf-8")
        except OSError as error:
            raise DataError(
                f"{folder}: cannot be written ({error.strerror or error}); choose another --out"
            ) from error
        return audit, suspects
