"""What a training run tells while it works; a shell subclasses it to show it."""

from dataclasses import dataclass

from mien.core.history import Epoch, History


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is about to happen: one value for people, told before the first step.

    early_steps, early_cost  so many first steps of the whole run cost about this share of a later one
    """

    run: str
    model: str
    parameters: str
    machine: str
    data: str
    epochs: int
    first_epoch: int
    steps: int
    early_steps: int = 0
    early_cost: float = 1.0

    def work(self, steps: int) -> float:
        """What the first so many steps of the run cost, in late steps."""
        early = min(steps, self.early_steps)
        return early * self.early_cost + steps - early


class Progress:
    """Hears of everything and shows nothing."""

    def begin(self, plan: Plan) -> None:
        """Training begins or goes on."""

    def step(self, epoch: int, done: int, accuracy: float) -> None:
        """So many steps of this epoch are done; training accuracy in it so far."""

    def epoch(self, epoch: Epoch, history: History) -> None:
        """An epoch is on disk."""

    def end(self, history: History) -> None:
        """All epochs are done and the held-out parts are predicted."""
