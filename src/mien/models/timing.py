"""Seconds that each layer of a torch network takes here, and how fast this machine multiplies matrices."""

from time import perf_counter
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from mien.models._recording import Recording
from mien.models.tracing import Inputs, example_inputs, followed, unchanged

_WARM_UP, _REPEATS = 2, 7
_PEAK_SECONDS = 0.3  # for each size: other work on the machine only ever makes it slower


def layer_seconds(
    network: nn.Module, inputs: Inputs, *, batch: int = 1, repeats: int = _REPEATS
) -> dict[str, float]:
    """Seconds by the layer names of `trace`, in evaluation mode: for each layer the fastest of several runs."""
    given = example_inputs(network, inputs, batch)
    fastest: dict[str, float] = {}
    recording = Recording(network)
    with unchanged(network, training=False), followed(network, recording), torch.no_grad():
        for run in range(_WARM_UP + repeats):
            taken = _timed_run(network, given, recording)
            if run >= _WARM_UP:
                fastest = {name: min(seconds, fastest.get(name, seconds)) for name, seconds in taken.items()}
    return fastest


def peak_rate(device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32) -> float:
    """Operations a second of a product of two n x n matrices, the best of three n: n^2 (2n - 1) of them."""
    sides = (512, 1024, 1536) if torch.device(device).type == "cpu" else (2048, 4096, 8192)
    return max(
        side**2 * (2 * side - 1) / _fastest_product(side, torch.device(device), dtype) for side in sides
    )


def _fastest_product(side: int, device: torch.device, dtype: torch.dtype) -> float:
    left, right = (torch.rand(side, side, device=device).to(dtype) for _ in range(2))
    begin, taken = (
        perf_counter(),
        [_seconds(lambda: left @ right, device) for _ in range(_WARM_UP + _REPEATS)],
    )
    while perf_counter() - begin < _PEAK_SECONDS:
        taken.append(_seconds(lambda: left @ right, device))
    return min(taken)


def _timed_run(network: nn.Module, given: list[torch.Tensor], recording: Recording) -> dict[str, float]:
    copies = [each.clone() for each in given]
    recording.restart(copies)
    watch = _Stopwatch(recording, given[0].device)
    with watch:
        network(*copies)
    return watch.seconds


def _seconds(work: Any, device: torch.device) -> float:
    _finish(device)
    begin = perf_counter()
    work()
    _finish(device)
    return perf_counter() - begin


def _finish(device: torch.device) -> None:
    """A GPU returns before it has computed."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    if device.type == "mps":
        torch.mps.synchronize()


class _Stopwatch(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Times every dispatched operator and adds it to its layer."""

    def __init__(self, recording: Recording, device: torch.device) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._recording, self._device = recording, device
        self.seconds: dict[str, float] = {}

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # as in tracing: True would import the compiler

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        _finish(self._device)
        begin = perf_counter()
        result = func(*args, **(kwargs or {}))
        _finish(self._device)
        taken = perf_counter() - begin
        name = self._recording.operation(func, args, kwargs or {}, result)
        if name is not None:
            self.seconds[name] = self.seconds.get(name, 0.0) + taken
        return result
