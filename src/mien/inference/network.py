"""An exported network, ready to predict: plain ONNX files only, safe to share between threads."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import DataError
from mien.core.images import Uint8
from mien.core.labels import EXPRESSIONS
from mien.core.network_about import NetworkAbout
from mien.core.onnx_file import OnnxFile, read_onnx
from mien.faces.onnx_session import onnx_content, open_session

PART = 16  # faces that a core takes at once: what more of them make falls out of its caches
LARGEST_BATCH = 256  # faces that all cores take at once, however many there are: memory stays bounded
_INPUT_KINDS = {"uint8": np.uint8, "float32": np.float32}


class Network:
    """Grey faces to calibrated probabilities; one instance serves any number of threads.

    Few faces go through it at once, on all cores; of many, each core takes a part after another.

    threads  processor cores that it may use, by many faces from all threads together; 0: all of them

    Raises DataError, with the reason, for what is no plain ONNX file of a network that mien exported.
    """

    def __init__(self, path: Path | str, *, threads: int = 0) -> None:
        self.path = Path(path)
        content = onnx_content(self.path)
        try:
            declared = read_onnx(content)
            self.about = NetworkAbout.from_metadata(declared.metadata)
            _check(declared, self.about)
            self._input = declared.inputs[0].name
            self._kind = _INPUT_KINDS[declared.inputs[0].kind]
            self._session = open_session(content, threads)
        except DataError as error:
            raise DataError(f"{self.path}: {error}") from error
        self.digest = hashlib.sha256(content).hexdigest()
        self._content = content
        self._cores = threads or _cores()

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the columns of what it returns."""
        return self.about.classes

    def logits(self, faces: Uint8) -> NDArray[np.float32]:
        """Logits (n, k) of grey faces uint8 (n, side, side), all finite; DataError where the file gives others."""
        side = self.about.side
        if faces.dtype != np.uint8 or faces.ndim != 3 or faces.shape[1:] != (side, side):
            raise DataError(f"expected faces of uint8 (n, {side}, {side}), got {faces.dtype} {faces.shape}")
        if len(faces) == 0:
            return np.empty((0, len(self.classes)), dtype=np.float32)
        if len(faces) <= min(PART * self._cores, LARGEST_BATCH):
            return self._run(self._session, faces)
        starts = range(0, len(faces), PART)
        return np.concatenate(list(self._by_parts([faces[start : start + PART] for start in starts])))

    def probabilities(self, faces: Uint8) -> NDArray[np.float64]:
        """Calibrated probabilities (n, k) of grey faces uint8 (n, side, side); rows sum to 1."""
        logits = self.logits(faces).astype(np.float64)
        with np.errstate(over="ignore"):  # a tiny temperature leaves the top class alone, with 1
            shares = np.exp((logits - logits.max(axis=1, keepdims=True)) / self.about.temperature)
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))

    def _by_parts(self, parts: Sequence[Uint8]) -> Iterator[NDArray[np.float32]]:
        """Logits of each part, in their order, a core each."""
        if self._cores == 1:
            return map(partial(self._run, self._session), parts)
        session, pool = self._core_by_core
        return pool.map(partial(self._run, session), parts)

    @cached_property
    def _core_by_core(self) -> tuple[Any, ThreadPoolExecutor]:
        """A session that stays on the thread which calls it, and as many threads as there are cores."""
        return open_session(self._content, 1), ThreadPoolExecutor(self._cores)

    def _run(self, session: Any, faces: Uint8) -> NDArray[np.float32]:
        """Logits of one batch: what a file declares need not be what it does."""
        try:
            logits = np.asarray(session.run(None, {self._input: faces[:, None].astype(self._kind)})[0])
        except Exception as error:  # onnxruntime's own classes share no base
            reason = str(error).partition("\n")[0]
            raise DataError(f"{self.path}: onnxruntime fails on {len(faces)} faces ({reason})") from error
        expected = (len(faces), len(self.classes))
        if logits.shape != expected:
            raise DataError(f"{self.path}: expected logits {expected}, got {logits.shape}")
        if not np.isfinite(logits).all():
            raise DataError(f"{self.path}: expected finite logits, got infinite ones or NaN")
        return logits


def _cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _check(declared: OnnxFile, about: NetworkAbout) -> None:
    """The ports fit what the metadata says, and the classes are the seven in their order."""
    if about.classes != EXPRESSIONS:
        raise DataError(f"expected the classes {', '.join(EXPRESSIONS)}, got {', '.join(about.classes)}")
    if len(declared.inputs) != 1 or len(declared.outputs) != 1:
        raise DataError(
            f"expected one input and one output, got {len(declared.inputs)} and {len(declared.outputs)}"
        )
    faces, logits = declared.inputs[0], declared.outputs[0]
    if faces.kind not in _INPUT_KINDS or faces.shape != (None, 1, about.side, about.side):
        expected = f"uint8 or float32 (n, 1, {about.side}, {about.side})"
        raise DataError(f"expected an input of {expected}, got {faces.kind} {_shown(faces.shape)}")
    if logits.kind != "float32" or logits.shape != (None, len(about.classes)):
        expected = f"float32 (n, {len(about.classes)})"
        raise DataError(f"expected an output of {expected}, got {logits.kind} {_shown(logits.shape)}")


def _shown(shape: tuple[int | None, ...]) -> str:
    return f"({', '.join('n' if side is None else str(side) for side in shape)})"
