"""What a run computes on: device, number format and threads, chosen and told."""

import ctypes
import platform
import sys
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from mien import __version__
from mien.core.config import TrainConfig
from mien.core.errors import ConfigError
from mien.training import quick
from mien.training.processes import ALONE, Processes

TORCH, COMPILED = "torch", "compiled"  # whose layers


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Where and in which number format a network runs, and whose layers compute it while it trains."""

    device: torch.device
    precision: torch.dtype
    why: str
    processes: int = 1
    layers: str = TORCH
    why_torch: str = ""

    @classmethod
    def chosen(cls, config: TrainConfig, processes: Processes = ALONE) -> "Machine":
        """The best that is there, or what the config asks for; ConfigError where that is not there."""
        device = _device(config.device)
        processes.take(device)
        precision, why = _precision(config.precision, device)
        if config.threads:
            torch.set_num_threads(config.threads)
        if device.type == "cpu":
            _keep_freed_memory()
        return cls(device=device, precision=precision, why=why, processes=processes.size)

    def with_layers(self, wanted: str) -> "Machine":
        """The same with compiled layers, where "auto" is wanted and they serve here; else with torch's, and why."""
        if wanted == TORCH or self.device.type != "cpu" or self.precision != torch.float32:
            return self
        why = quick.why_not()
        return replace(self, layers=TORCH if why else COMPILED, why_torch=why)

    def autocast(self) -> AbstractContextManager[Any]:
        """Compute in the machine's number format; weights stay float32."""
        if self.precision == torch.float32:
            return nullcontext()
        return torch.autocast(self.device.type, self.precision)

    def __str__(self) -> str:
        several = f"{self.processes} processes, each on " if self.processes > 1 else ""
        threads = f", {torch.get_num_threads()} threads" if self.device.type == "cpu" else ""
        number_format = f"{str(self.precision).removeprefix('torch.')} ({self.why})"
        layers = f"{self.layers} layers" + (f" ({self.why_torch})" if self.why_torch else "")
        return f"{several}{self.device.type}{threads}, {number_format}, {layers}, channels last"

    def environment(self) -> dict[str, Any]:
        """Versions and machine, for environment.json."""
        return {
            "mien": __version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
            "platform": platform.platform(),
            "device": torch.cuda.get_device_name() if self.device.type == "cuda" else self.device.type,
            "threads": torch.get_num_threads(),
            "processes": self.processes,
            "precision": str(self.precision).removeprefix("torch."),
            "layers": self.layers,
        }


def _device(wanted: str) -> torch.device:
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        return torch.device(next(name for name, available in there.items() if available))
    if not there[wanted]:
        have = ", ".join(name for name, available in there.items() if available)
        raise ConfigError(f"device: '{wanted}' is not available here; there is {have}")
    return torch.device(wanted)


def _precision(wanted: str, device: torch.device) -> tuple[torch.dtype, str]:
    if wanted != "auto":
        return getattr(torch, wanted), "as asked"
    if device.type == "cuda":
        return (
            (torch.bfloat16, "the GPU has it")
            if torch.cuda.is_bf16_supported(including_emulation=False)
            else (torch.float32, "no bfloat16")
        )
    if device.type == "cpu" and _processor_has_bfloat16():
        return torch.bfloat16, "the processor has it"
    return (
        torch.float32,
        "the processor has no bfloat16 instructions" if device.type == "cpu" else "safe on MPS",
    )


def _processor_has_bfloat16() -> bool:
    # private in torch, so a version may lack them: then float32, which is never wrong
    asked = (
        getattr(torch.cpu, name, None) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    )
    return any(question is not None and question() for question in asked)


def _keep_freed_memory() -> None:
    """Let glibc keep the large blocks that each step frees, instead of fetching zeroed pages again every time.

    Measured on the report's CNN: bench/train_step.py. Without glibc nothing happens.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            libc = ctypes.CDLL("libc.so.6")
            mmap_threshold, trim_threshold = -3, -1
            libc.mallopt(mmap_threshold, 2**30)
            libc.mallopt(trim_threshold, 2**31 - 1)
