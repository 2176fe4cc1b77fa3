"""The processes that train one network: one alone, or several that torchrun started."""

import os
import shlex
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:  # shells ask whether there are several before they need torch
    import torch
    from torch import nn

T = TypeVar("T")

# Logits float32 (b, k), or (b, members, k), of a batch of so many faces, from this process's share of its inputs
# (o, 1, s, s).
Runner = Callable[["torch.Tensor", int], "torch.Tensor"]

# What torchrun tells each process; without all of them there is one.
_TOLD = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


class Processes(ABC):
    """What training asks of the processes that share a run. Each has the whole data and its share of every batch.

    rank  of this process, from 0
    size  how many there are
    """

    rank: int
    size: int

    @property
    def is_first(self) -> bool:
        """Whether this is the process that writes, tells and predicts."""
        return self.rank == 0

    def share(self, count: int) -> slice:
        """Which of so many rows are this process's: as equal as can be, the larger shares first.

        >>> Alone().share(5)
        slice(0, 5, None)
        """
        each, rest = divmod(count, self.size)
        start = self.rank * each + min(self.rank, rest)
        return slice(start, start + each + (self.rank < rest))

    @abstractmethod
    def take(self, device: "torch.device") -> None:
        """Make this process's own GPU the one that it computes on; ConfigError where there is none for it."""

    @abstractmethod
    def runner(self, network: "nn.Module") -> Runner:
        """What computes the logits of a batch, each process its share, with gradients of the whole batch."""

    @abstractmethod
    def joined(self, own: "torch.Tensor", count: int) -> "torch.Tensor":
        """The rows (count, ...) of all processes from the share of each; a gradient passes to the own rows only."""

    @abstractmethod
    def first(self, work: Callable[[], T]) -> T:
        """What the first process makes, alone; its MienError is raised in all."""

    @abstractmethod
    def everyone(self, work: Callable[[], T]) -> T:
        """What each process makes for itself; a MienError in one is raised in all."""

    @abstractmethod
    def check_same(self, values: dict[str, str]) -> None:
        """ConfigError where a value, told by its name, is not the same in all processes."""

    @abstractmethod
    def guarded(self, run: Path) -> AbstractContextManager[Any]:
        """RunError, with how to go on, where another process of the training is lost meanwhile."""

    @abstractmethod
    def again(self, run: Path) -> str:
        """The command that goes on with a run."""

    @abstractmethod
    def has_the_word(self) -> bool:
        """Whether this process is the one that says why all end: true once, in one of them."""

    @abstractmethod
    def leave(self) -> None:
        """Part from the others, after all work."""


class Alone(Processes):
    """One process: it does everything itself."""

    rank, size = 0, 1

    def take(self, device: "torch.device") -> None:
        """The device that torch takes by itself is right."""

    def runner(self, network: "nn.Module") -> Runner:
        """The network itself."""
        return lambda inputs, _: network(inputs).float()

    def joined(self, own: "torch.Tensor", count: int) -> "torch.Tensor":  # noqa: ARG002
        """The rows as they are."""
        return own

    def first(self, work: Callable[[], T]) -> T:
        """The work, done."""
        return work()

    def everyone(self, work: Callable[[], T]) -> T:
        """The work, done."""
        return work()

    def check_same(self, values: dict[str, str]) -> None:
        """There is nobody to differ from."""

    def guarded(self, run: Path) -> AbstractContextManager[Any]:  # noqa: ARG002
        """There is nobody to lose."""
        return nullcontext()

    def again(self, run: Path) -> str:
        """mien train --resume."""
        return resuming(run)

    def has_the_word(self) -> bool:
        """Always."""
        return True

    def leave(self) -> None:
        """There is nobody to leave."""


ALONE = Alone()


def are_several() -> bool:
    """Whether torchrun, or whatever else tells a process what it tells, started more than this process."""
    return all(name in os.environ for name in _TOLD) and os.environ["WORLD_SIZE"] != "1"


def current() -> Processes:
    """The processes that this one trains with; waits for the others to start where there are several."""
    if not are_several():
        return ALONE
    from mien.training.together import joined_by_environment  # torch.distributed, where it is needed

    return joined_by_environment()


def resuming(run: Path) -> str:
    """The command by which one process goes on with a run."""
    return shlex.join(["mien", "train", "--resume", str(run)])
