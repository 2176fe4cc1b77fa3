"""C beside this file, compiled for the processor at hand by the compiler that is there, if one is."""

import ctypes
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import torch
from torch import nn

COMPILERS = ("cc", "gcc")
FLAGS = ("-O3", "-march=native", "-ffp-contract=fast", "-fopenmp", "-shared", "-fPIC")
SECONDS = 60
LANES = 8  # channels come in so many at once


class NotCompiled(Exception):
    """Why there is no compiled code."""


@cache
def library() -> ctypes.CDLL:
    """The functions of all that C, compiled once in a process; NotCompiled where that cannot be done."""
    compiler = shlex.split(os.environ.get("CC", "")) or list(filter(shutil.which, COMPILERS))[:1]
    if not compiler:
        raise NotCompiled(f"no C compiler ({', '.join(COMPILERS)}) is here")
    sources = map(str, sorted(Path(__file__).parent.glob("*.c")))
    try:
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / "layers.so"
            _run([*compiler, *FLAGS, "-o", str(made), *sources, str(_threads_of_torch())])
            return ctypes.CDLL(str(made))
    except OSError as error:
        raise NotCompiled(f"{compiler[0]} or what it makes does not run: {error}") from error


def call(function: str, *given: object) -> None:
    """Call a function of that C: tensors go as their memory, whole numbers as long, others as float.

    Raises MemoryError where it returns anything but 0.
    """
    if getattr(library(), function)(*map(_passed, given)):
        raise MemoryError(f"compiled layers: no memory for {function}")


def converted(network: nn.Module, fits: Callable[[nn.Module], bool], into: type[nn.Module]) -> int:
    """Turn every layer that fits into one of another class, in place; how many they are. Weights and names stay."""
    layers = [layer for layer in network.modules() if fits(layer)]
    for layer in layers:
        layer.__class__ = into
    return len(layers)


def plain(*tensors: torch.Tensor) -> bool:
    """Whether compiled code may read these: float32 in the processor's memory, and torch uses no other format."""
    return not torch.is_autocast_enabled("cpu") and all(
        tensor.dtype == torch.float32 and tensor.device.type == "cpu" for tensor in tensors
    )


def _passed(value: object) -> object:
    if isinstance(value, torch.Tensor):
        return ctypes.c_void_p(value.data_ptr())
    if isinstance(value, ctypes.Structure):
        return ctypes.byref(value)
    return ctypes.c_long(value) if isinstance(value, int) else ctypes.c_float(value)  # type: ignore[arg-type]


def _threads_of_torch() -> Path:
    """torch's own OpenMP, so that one pool of threads serves both; two would wait for each other."""
    installed = Path(torch.__file__).parent
    for folder in (installed / "lib", installed.parent / "torch.libs"):
        for path in sorted(folder.glob("libgomp*.so*")):
            return path
    raise NotCompiled("torch has no threads here (libgomp) that compiled code can share")


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise NotCompiled(f"{command[0]} took more than {SECONDS} seconds") from error
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise NotCompiled(f"{command[0]} failed: {said[0]}")
