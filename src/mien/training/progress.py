"""What a training run tells while it works; a shell subclasses it to show it."""

from dataclasses import dataclass

from mien.core.history import Epoch, History


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is about to happen: one value for people, told before the first step."""

    run: str
    model: str
    parameters: str
    machine: str
    data: str
    epochs: int
    first_epoch: int
    steps: int


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
