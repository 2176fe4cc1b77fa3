"""Training as the terminal shows it: a bar with accuracy and time left, or plain lines where there is no terminal."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from mien.core.history import Epoch, History
from mien.core.rundir import RunDir
from mien.training.processes import current
from mien.training.progress import Plan
from mien.training.progress import Progress as Listener

INTERRUPTED = 130  # what shells give a program that Ctrl-C ended


class Shown(Listener):
    """Lines for the plan and every epoch; between them a bar, where standard error is a terminal."""

    def __init__(self) -> None:
        self.console = Console(stderr=True, highlight=False, soft_wrap=True)
        self.bar: Progress | None = None
        self.task = TaskID(0)
        self.started = 0.0
        self.plan: Plan | None = None

    def begin(self, plan: Plan) -> None:
        """The plan, line by line."""
        self.plan, self.started = plan, time.monotonic()
        self.console.print(f"network  {plan.model}, parameters: {plan.parameters}", markup=False)
        self.console.print(f"data     {plan.data}", markup=False)
        self.console.print(f"machine  {plan.machine}", markup=False)
        went_on = f", from epoch {plan.first_epoch} on" if plan.first_epoch > 1 else ""
        self.console.print(
            f"run      {plan.run}, {plan.epochs} epochs of {plan.steps} steps{went_on}", markup=False
        )
        if sys.stderr.isatty() and plan.first_epoch <= plan.epochs:
            columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[told]}")
            self.bar = Progress(*columns, console=self.console, transient=True)
            self.task = self.bar.add_task("", total=plan.steps, told="")
            self.bar.start()

    def step(self, epoch: int, done: int, accuracy: float) -> None:
        """Move the bar."""
        if self.bar and self.plan:
            told = f"accuracy {accuracy:.3f}, {self._left((epoch - 1) * self.plan.steps + done)}"
            self.bar.update(self.task, description=f"epoch {epoch}", completed=done, told=told)

    def epoch(self, epoch: Epoch, history: History) -> None:
        """One line an epoch."""
        if not self.plan:
            return
        mark = "  best" if history.best == epoch else ""
        self.console.print(
            f"epoch {epoch.epoch:>3}/{self.plan.epochs}  "
            f"train loss {epoch.train_loss:.3f} accuracy {epoch.train_accuracy:.3f}  "
            f"val loss {epoch.val_loss:.3f} accuracy {epoch.val_accuracy:.3f}  "
            f"{epoch.seconds:.1f} s, {self._left(epoch.epoch * self.plan.steps)}{mark}"
        )

    def end(self, history: History) -> None:
        """Take the bar away and say which epoch was chosen."""
        self.close()
        best = history.best
        self.console.print(
            f"best epoch {best.epoch}: val accuracy {best.val_accuracy:.4f}, loss {best.val_loss:.3f}"
        )

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self.bar:
            self.bar.stop()
            self.bar = None

    def _left(self, steps_done: int) -> str:
        """Time left at the pace of this process so far."""
        if not self.plan:
            return ""
        before = self.plan.work((self.plan.first_epoch - 1) * self.plan.steps)
        done = self.plan.work(steps_done)
        left = self.plan.work(self.plan.epochs * self.plan.steps) - done
        seconds = (time.monotonic() - self.started) / max(done - before, self.plan.early_cost) * left
        minutes, seconds = divmod(round(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02} left" if hours else f"{minutes}:{seconds:02} left"


def interruptible(
    path: Path, shown: Shown, work: Callable[[Shown], RunDir], *, go_on: str | None = None
) -> RunDir:
    """The run that the work makes; Ctrl-C ends the process cleanly, with the command that goes on."""
    try:
        return work(shown)
    except KeyboardInterrupt:
        shown.close()
        processes = current()
        way_on = f"finished epochs are safe. Go on with:\n  {go_on or processes.again(path)}"
        if processes.has_the_word():
            print(f"\ninterrupted; {way_on if path.exists() else 'nothing was begun'}", file=sys.stderr)
        sys.exit(INTERRUPTED)
    finally:
        shown.close()
