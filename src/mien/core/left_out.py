"""Faces that a training or a measurement leaves out: those that a file of suspects names."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mien.core.errors import ConfigError, DataError
from mien.core.images import Bools, LabelledImages, Strings
from mien.core.suspects import Suspect, read_suspects


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """The ids of faces that are left out, and the file that names them.

    path     of the file
    digest   SHA-256 (hex) of the file's bytes
    ids      each once
    """

    path: str
    digest: str
    ids: frozenset[str]

    @classmethod
    def read(cls, path: Path | str, reasons: str = "") -> "LeftOut":
        """The faces of a suspects.csv, for all its reasons or only for some, given with commas between them.

        A reason also stands for its kinds: "not a face" for "not a face: blank".

        Raises DataError where the file cannot be read or names nobody, ConfigError where it knows no such reason.
        """
        suspects = read_suspects(path)
        if not suspects:
            raise DataError(
                f"{path}: names no face to leave out; expected a column id and a line for each face"
            )
        chosen = suspects if not reasons.strip() else _for_reasons(suspects, reasons, str(path))
        return cls(
            path=str(path),
            digest=hashlib.sha256(Path(path).read_bytes()).hexdigest(),
            ids=frozenset(one.id for one in chosen),
        )

    def among(self, ids: Strings) -> Bools:
        """Which of these faces are left out, bool (n,)."""
        return np.array([one in self.ids for one in ids.tolist()], dtype=bool)

    def check_known(self, faces: LabelledImages) -> None:
        """DataError where the file names faces that are not there."""
        unknown = sorted(self.ids.difference(faces.ids.tolist()))
        if unknown:
            raise DataError(
                f"{self.path}: {len(unknown):,} of the {len(self.ids):,} ids that it names are not among the faces of "
                f"{faces.source}, first: {unknown[0]}; give the suspects of this data"
            )


def _for_reasons(suspects: tuple[Suspect, ...], reasons: str, path: str) -> list[Suspect]:
    """Those that stand there for one of the reasons; ConfigError for a reason that nobody has."""
    chosen: list[Suspect] = []
    for wanted in filter(None, map(str.strip, reasons.split(","))):
        fitting = [one for one in suspects if one.reason == wanted or one.reason.startswith(f"{wanted}:")]
        if not fitting:
            known = ", ".join(sorted({one.reason for one in suspects}))
            raise ConfigError(f"without_reasons: {path} has no reason '{wanted}'; it has {known}")
        chosen += fitting
    return chosen
