"""Several processes that train one network, each its share of every batch: gloo on processors, NCCL on GPUs.

The result is that of one process with the same batches, to rounding: gradients are those of the whole batch (torch's
DistributedDataParallel, Li et al. 2020), BatchNorm counts all faces, dropout draws one mask. docs/distributed.md.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from inspect import signature
from pathlib import Path
from typing import Any, cast

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from mien.core.errors import ConfigError, MienError, RunError
from mien.models._blocks import Dropout, Part
from mien.training.processes import Processes, Runner, T, resuming
from mien.training.shared_batch_norm import share_batch_norms

# The others wait so long for the first to read, write and predict. A machine that falls silent is noticed after it.
WAIT = timedelta(hours=1)
# What gloo, NCCL and torch say where the other side is gone. gloo raises a plain RuntimeError.
_LOST = re.compile(r"gloo|nccl|connection (was )?(closed|reset)|broken pipe|timed out", re.IGNORECASE)
_VOICE = "mien/voice"
# Whether buffers are sent at every step: torch 2.13 gave the choice another name.
_BUFFERS_SENT = next(
    name
    for name in ("forward_sync_buffers", "broadcast_buffers")
    if name in signature(DistributedDataParallel).parameters
)

Outcome = tuple[Any, type[MienError] | None, str]


@cache
def joined_by_environment() -> "Together":
    """The processes that torchrun's variables name, joined once; ConfigError where they cannot find each other."""
    if dist.is_initialized():  # whoever did that keeps the store to himself
        return Together(None)
    try:
        store, rank, size = next(dist.rendezvous("env://", timeout=WAIT))  # type: ignore[attr-defined]
        dist.init_process_group(_backend(), store=store, rank=rank, world_size=size, timeout=WAIT)
    except (RuntimeError, ValueError) as error:
        place = f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}"
        raise ConfigError(
            f"the processes of this training cannot reach each other at {place} ({_line(error)}); start them "
            "with torchrun"
        ) from error
    found = Together(
        store.clone()
    )  # a connection of its own, for whoever has the last word in another thread
    found.everyone(lambda: None)  # nobody leaves before all have come: the store may leave with him
    return found


def _backend() -> str:
    """gloo for what lies in memory, NCCL for what lies on GPUs."""
    return "cpu:gloo,cuda:nccl" if torch.cuda.is_available() and dist.is_nccl_available() else "gloo"


class Together(Processes):
    """The processes of torch's default group."""

    def __init__(self, voice: Any) -> None:  # a torch.distributed.Store, or None
        self.rank, self.size = dist.get_rank(), dist.get_world_size()
        self._voice = voice

    def take(self, device: torch.device) -> None:
        """The GPU of this process's number on its machine."""
        if device.type == "cpu":
            return
        number = int(os.environ.get("LOCAL_RANK", self.rank))
        there = torch.cuda.device_count() if device.type == "cuda" else 1
        if number >= there:
            raise ConfigError(
                f"device: process {number + 1} of this machine has no GPU of its own, there {_are(there)}; start at "
                f"most {there} with --nproc-per-node, or give --device cpu"
            )
        if device.type == "cuda":
            torch.cuda.set_device(number)

    def runner(self, network: nn.Module) -> Runner:
        """The network under DistributedDataParallel, its BatchNorms and dropout those of the whole batch."""
        share_batch_norms(network)
        return _Shared(self, network)

    def joined(self, own: torch.Tensor, count: int) -> torch.Tensor:
        """Every row is added to zeros, which changes nothing."""
        mine = self.share(count)
        whole = torch.zeros((count, *own.shape[1:]), dtype=own.dtype, device=own.device)
        whole[mine] = own.detach()
        dist.all_reduce(whole)
        return torch.cat((whole[: mine.start], own, whole[mine.stop :]))

    def first(self, work: Callable[[], T]) -> T:
        """The outcome is broadcast, so all others wait for it."""
        outcome = [_outcome(work) if self.is_first else None]
        dist.broadcast_object_list(outcome, src=0)
        made, kind, text = cast(Outcome, outcome[0])
        if kind is not None:
            raise _as(kind, text)
        return cast(T, made)

    def everyone(self, work: Callable[[], T]) -> T:
        """Each waits until all are done; of several errors the first process's is raised."""
        made, kind, text = _outcome(work)
        failures: list[tuple[type[MienError], str] | None] = [None] * self.size
        dist.all_gather_object(failures, None if kind is None else (kind, text))
        for rank, failure in enumerate(failures):
            if failure is not None:
                where = "" if rank == 0 else f" (in process {rank + 1} of {self.size})"
                raise _as(failure[0], failure[1] + where)
        return cast(T, made)

    def check_same(self, values: dict[str, str]) -> None:
        """All are told to all."""
        told: list[dict[str, str]] = [{}] * self.size
        dist.all_gather_object(told, values)
        for rank, theirs in enumerate(told):
            other = [name for name in told[0] if theirs[name] != told[0][name]]
            if other:
                raise ConfigError(
                    f"the {other[0]} of process {rank + 1} of {self.size} differ from those of the first; give all "
                    "machines the same command, the same data and the same version of mien"
                )

    @contextmanager
    def guarded(self, run: Path) -> Iterator[None]:
        """Whoever finds the connection closed can only end too."""
        try:
            yield
        except RuntimeError as error:
            if not _LOST.search(str(error)):
                raise
            raise RunError(
                f"{run}: another process of this training was killed or ended by itself, so all end; finished epochs "
                f"are safe. Go on with: {self.again(run)}"
            ) from error

    def again(self, run: Path) -> str:
        """The same number of processes on one machine; on several, as each machine was told."""
        here = os.environ.get("LOCAL_WORLD_SIZE", str(self.size))
        others = "" if here == str(self.size) else "(and its other options as before) "
        return f"torchrun --nproc-per-node {here} {others}-m {resuming(run)}"

    def has_the_word(self) -> bool:
        """The first to ask torchrun's store; where that is gone with the first process, nobody else may speak."""
        if self._voice is None:
            return self.is_first
        try:
            return self._voice.add(_VOICE, 1) == 1
        except RuntimeError:
            return True

    def leave(self) -> None:
        """The group is taken apart; nothing can be shared after it."""
        dist.destroy_process_group()
        joined_by_environment.cache_clear()


class _Shared:
    """A network that each process runs on its share of a batch; what comes out is of the whole batch."""

    def __init__(self, processes: Together, network: nn.Module) -> None:
        self.processes = processes
        self.dropouts = [module for module in network.modules() if isinstance(module, Dropout)]
        # running statistics are the same everywhere already
        unsent: dict[str, Any] = {_BUFFERS_SENT: False}
        self.network = DistributedDataParallel(network, **unsent)

    def __call__(self, inputs: torch.Tensor, count: int) -> torch.Tensor:
        mine = self.processes.share(count)
        for dropout in self.dropouts:
            dropout.part = Part(start=mine.start, stop=mine.stop, of=count)
        return self.processes.joined(self.network(inputs).float(), count)


def _outcome(work: Callable[[], Any]) -> Outcome:
    """What work made, or the MienError that it ended in, as two values that can be sent."""
    try:
        return work(), None, ""
    except MienError as error:
        return None, type(error), str(error)


def _as(kind: type[MienError], text: str) -> MienError:
    """An error of this kind with these words, whatever it is usually made of."""
    error = kind.__new__(kind)
    error.args = (text,)
    return error


def _are(count: int) -> str:
    return "is 1" if count == 1 else f"are {count}"


def _line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
