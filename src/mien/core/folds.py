"""Folds on disk: k runs, each of which held other faces out, and what they say of all faces together."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mien.core.errors import RunError
from mien.core.images import VAL
from mien.core.predictions import Predictions
from mien.core.rundir import FOLDS_ABOUT, RunDir

OUT_OF_FOLD = "folds"  # the name of the joined predictions, and of the "part" that was predicted


@dataclass(frozen=True)
class Folds:
    """A folder of runs fold-1 to fold-k. Reading needs no torch."""

    path: Path

    @classmethod
    def there(cls, path: Path | str) -> bool:
        """Whether a folder was begun as folds."""
        return (Path(path) / FOLDS_ABOUT).is_file()

    @classmethod
    def open(cls, path: Path | str) -> "Folds":
        """Folds that were begun; RunError where the path holds none."""
        if not cls.there(path):
            raise RunError(f"{path} holds no folds: expected a folder with {FOLDS_ABOUT} in it")
        return cls(Path(path))

    @property
    def about(self) -> dict[str, Any]:
        """What folds.json says: folds, epoch, config, the data's digest; and accuracies once they are joined."""
        try:
            values: dict[str, Any] = json.loads(self.folder.read(FOLDS_ABOUT))
            return {"folds": values["folds"], "config": values["config"], **values}
        except (ValueError, KeyError, TypeError) as error:
            raise RunError(f"{self.path}: {FOLDS_ABOUT} is damaged ({error})") from error

    @property
    def folder(self) -> RunDir:
        """Its files, which are written as those of a run are."""
        return RunDir(self.path)

    @property
    def finished(self) -> bool:
        """Whether all folds are trained and their predictions joined."""
        return self.folder.has_predictions(OUT_OF_FOLD)

    @property
    def runs(self) -> tuple[RunDir, ...]:
        """The directories of its runs, whether they were begun or not."""
        return tuple(RunDir(self.path / fold_name(number)) for number in range(1, self.about["folds"] + 1))

    def predictions(self) -> Predictions:
        """What each face is by the network that did not see it; RunError while folds are missing."""
        if not self.finished:
            raise RunError(
                f"{self.path}: its folds are not finished; give the command that began them again, with "
                f"--out {self.path}"
            )
        return self.folder.predictions(OUT_OF_FOLD)


def fold_name(number: int) -> str:
    """The directory of a fold's run.

    >>> fold_name(1)
    'fold-1'
    """
    return f"fold-{number}"


def held_out_predictions(path: Path | str) -> Predictions:
    """What a run says of its validation part, or what folds say of all faces: by networks that did not learn from them.

    Raises RunError where there are none.
    """
    return Folds.open(path).predictions() if Folds.there(path) else RunDir.open(path).predictions(VAL)
