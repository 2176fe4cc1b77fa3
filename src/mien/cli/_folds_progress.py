"""Training by folds as the terminal shows it: which fold, then its epochs as of any training."""

from typing import Any

from mien.cli._train_progress import Shown
from mien.core.history import History
from mien.core.wording import percent
from mien.training.folds import FoldsProgress


class ShownFolds(Shown, FoldsProgress):
    """A line before and after each fold; the best epoch is not named, as it is not what is joined."""

    where = ""

    def shared_out(self, about: dict[str, Any], bad: int) -> None:
        """How many faces, and how many of them stay with a twin."""
        left_out = f"; {bad:,} bad places left out" if bad else ""
        self.console.print(
            f"{about['folds']} folds of {about['data']['faces']:,} faces; {about['same']['redundant']:,} redundant "
            f"pictures are in the fold of their twins{left_out}"
        )

    def fold(self, number: int, folds: int) -> None:
        """Which fold begins, goes on, or is found finished."""
        self.where = f"fold {number} of {folds}"
        self.console.print(f"\n{self.where}")

    def end(self, history: History) -> None:
        """Take the bar away and say that the fold is trained."""
        self.close()
        self.console.print(f"{self.where}: {len(history)} epochs done")

    def judged(self, number: int, accuracy: float) -> None:
        """How often the last epoch is right on the faces that the fold held out."""
        self.console.print(
            f"fold {number}: its last epoch is right on {percent(accuracy)} of what it held out"
        )
