"""A study as the terminal shows it: which of how many trials, each epoch, and the time left."""

import sys
import time

from mien.core.history import Epoch, History
from mien.core.wording import duration, percent
from mien.training.progress import Plan
from mien.training.study import StudyProgress


class ShownStudy(StudyProgress):
    """A line a trial and a line an epoch on standard error."""

    def __init__(self) -> None:
        self.trials = self.epochs_left = self.epochs_done = 0
        self.started = time.monotonic()
        self.where = ""
        self.epochs = 0

    def study(self, trials: int, epochs_left: int) -> None:
        """Take note of how much there is to do."""
        self.trials, self.epochs_left = trials, epochs_left
        self.started = time.monotonic()
        print(f"{trials} trials, {epochs_left:,} epochs left", file=sys.stderr)

    def trial(self, number: int, name: str) -> None:
        """Where the study is."""
        self.where = f"trial {number} of {self.trials}, {name}"
        print(self.where, file=sys.stderr)

    def begin(self, plan: Plan) -> None:
        """The data and the machine, once."""
        self.epochs = plan.epochs
        if not self.epochs_done:
            print(f"data     {plan.data}\nmachine  {plan.machine}", file=sys.stderr)

    def epoch(self, epoch: Epoch, history: History) -> None:
        """One line an epoch."""
        self.epochs_done += 1
        self.epochs_left -= 1
        left = (time.monotonic() - self.started) / self.epochs_done * self.epochs_left
        print(
            f"{self.where}: epoch {epoch.epoch}/{self.epochs}, val accuracy {percent(epoch.val_accuracy)} "
            f"(best {percent(history.best.val_accuracy)}), {duration(epoch.seconds)}; {duration(left)} left",
            file=sys.stderr,
        )

    def failed(self, name: str, reason: str) -> None:
        """Why a trial is left out."""
        print(f"{name} is left out: {reason}", file=sys.stderr)
