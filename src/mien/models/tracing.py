"""From any torch.nn.Module to layers and steps: it runs once, and every operation is seen with its shapes.

Hooks on modules miss what happens between them (residual additions, functional calls), and symbolic tracing stops at
Python control flow. Here each operation is caught where PyTorch dispatches it, below all of that; hooks only say
which module it belongs to. A large network runs on fake tensors, which carry shapes and no numbers: nothing is
computed and no memory is taken. A small one runs on zeros, for fake tensors take PyTorch two seconds to import.
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from mien.core.errors import ConfigError, MienError
from mien.core.layers import Network
from mien.models._recording import Recording

Inputs = tuple[int, ...] | Sequence[tuple[int, ...]] | torch.Tensor | Sequence[torch.Tensor]

_SMALL_NETWORK, _SMALL_INPUT = (
    30_000_000,
    500_000,
)  # numbers; below both a run on zeros takes a second or less


def trace(
    network: nn.Module, inputs: Inputs, *, batch: int = 1, training: bool = False, fake: bool | None = None
) -> Network:
    """The layers and steps of a module as it runs on these inputs; the module is left as it was.

    inputs    shape without the batch, (1, 48, 48), or several of them, or tensors with their batch
    training  as it runs in training mode
    fake      on fake tensors or on zeros; None: as is quicker

    Raises ConfigError where the module does not run on them.

    >>> [layer.kind for layer in trace(nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU()), (1, 8, 8)).layers]
    ['Conv2d', 'ReLU']
    """
    with _explained(network):
        return _traced(network, inputs, batch, training, fake)


def _traced(network: nn.Module, inputs: Inputs, batch: int, training: bool, fake: bool | None) -> Network:
    recording = Recording(network)
    with unchanged(network, training), followed(network, recording):
        given = example_inputs(network, inputs, batch)
        _run(network, given, recording, not _is_small(network, given) if fake is None else fake)
    shapes = tuple(tuple(tensor.shape) for tensor in given)
    typed = next((each for each in network.parameters() if each.is_floating_point()), given[0])
    return recording.finished(type(network).__name__, shapes, typed.element_size())


@contextmanager
def _explained(network: nn.Module) -> Iterator[None]:
    """Whatever a module raises before it runs (weights without a size yet, no hooks in a script) becomes one line."""
    try:
        yield
    except MienError:
        raise
    except Exception as error:
        raise ConfigError(f"{type(network).__name__} cannot be counted: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    said = str(error).strip().splitlines()
    return f"{type(error).__name__}: {said[0]}" if said else type(error).__name__


def example_inputs(network: nn.Module, inputs: Inputs, batch: int) -> list[torch.Tensor]:
    """Tensors of zeros for shapes, in the type and on the device of the network's parameters; given tensors stay."""
    several: list[Any] = [inputs] if isinstance(inputs, torch.Tensor) else list(inputs)
    if all(isinstance(each, int) for each in several):
        several = [tuple(several)]
    first = next((each for each in network.parameters() if each.is_floating_point()), torch.empty(0))
    return [
        each
        if isinstance(each, torch.Tensor)
        else torch.zeros((batch, *each), dtype=first.dtype, device=first.device)
        for each in several
    ]


@contextmanager
def unchanged(network: nn.Module, training: bool) -> Iterator[None]:
    """Training or evaluation mode for a while; modes, buffers and random numbers are put back."""
    modes = {module: module.training for module in network.modules()}
    buffers = [(buffer, buffer.detach().clone()) for buffer in network.buffers()]
    fused = torch.backends.mha.get_fastpath_enabled()
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # advice on speed, which is not asked here
        torch.backends.mha.set_fastpath_enabled(False)  # one fused operator would hide an encoder layer
        try:
            network.train(training)
            yield
        finally:
            torch.backends.mha.set_fastpath_enabled(fused)
            for module, mode in modes.items():
                module.training = mode
            for buffer, before in buffers:
                buffer.detach().copy_(before)


@contextmanager
def followed(network: nn.Module, recording: Recording) -> Iterator[None]:
    """Tell the recording when each module begins and ends."""
    handles = []
    for path, module in network.named_modules():
        handles.append(module.register_forward_pre_hook(partial(_enter, recording, path)))
        handles.append(module.register_forward_hook(partial(_leave, recording)))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _enter(recording: Recording, path: str, module: nn.Module, _: Any) -> None:
    recording.enter(path, module)


def _leave(recording: Recording, _: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
    recording.leave(inputs, output)


def _is_small(network: nn.Module, given: list[torch.Tensor]) -> bool:
    weights = sum(weight.numel() for weight in network.parameters())
    return weights <= _SMALL_NETWORK and sum(each.numel() for each in given) <= _SMALL_INPUT


def _run(network: nn.Module, given: list[torch.Tensor], recording: Recording, fake: bool) -> None:
    # oneDNN has one operator for a whole recurrent layer; without it each product is seen
    with torch.backends.mkldnn.flags(enabled=False):
        if not fake or not _passes_on_shapes(network, given, recording):
            _pass(network, [each.clone() for each in given], recording)


def _passes_on_shapes(network: nn.Module, given: list[torch.Tensor], recording: Recording) -> bool:
    """Run on fake tensors; False where the course of the network depends on numbers."""
    from torch._subclasses import fake_tensor

    needs_numbers = (
        fake_tensor.DataDependentOutputException,
        fake_tensor.DynamicOutputShapeException,
        fake_tensor.UnsupportedFakeTensorException,
        fake_tensor.UnsupportedOperatorException,
    )
    try:
        with fake_tensor.FakeTensorMode(allow_non_fake_inputs=True) as mode:
            _pass(network, [mode.from_tensor(each) for each in given], recording, needs_numbers)
    except needs_numbers:
        return False
    return True


def _pass(
    network: nn.Module,
    given: list[torch.Tensor],
    recording: Recording,
    passed_on: tuple[type[Exception], ...] = (),
) -> None:
    recording.restart(given)
    try:
        with torch.no_grad(), _Watch(recording):
            network(*given)
    except passed_on:
        raise
    except Exception as error:  # the user's code may raise anything
        shapes = ", ".join("x".join(map(str, each.shape)) for each in given)
        raise ConfigError(
            f"{type(network).__name__} does not run on an input of {shapes}: {_reason(error)}"
        ) from error


class _Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Passes every dispatched operator on and tells the recording of it."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # True would import the compiler, two seconds, to keep it out of here

    def __init__(self, recording: Recording) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._recording = recording

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if torch.is_inference_mode_enabled():
            # there PyTorch leaves composite operators whole: take them apart as it does elsewhere
            with self:
                parts = func.decompose(*args, **(kwargs or {}))
            if parts is not NotImplemented:
                return parts
        result = func(*args, **(kwargs or {}))
        self._recording.operation(func, args, kwargs or {}, result)
        return result
