"""The run directory: the only place that knows the names of the files in a run, and how they are written safely."""

import errno
import hashlib
import io
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile

import numpy as np

from mien.core.config import TrainConfig
from mien.core.costs import CostTable
from mien.core.errors import ConfigError, RunError
from mien.core.history import History
from mien.core.images import VAL
from mien.core.predictions import Predictions

CONFIG = "config.json"
ENVIRONMENT = "environment.json"
HISTORY = "history.csv"
COSTS = "costs.json"
WEIGHTS = "weights.safetensors"
NETWORK = "network.onnx"  # in place of the weights, in a network that comes with mien
INT8 = "int8.onnx"  # beside it: what predicts, where whole numbers of eight bits are faster and as accurate
CHECKPOINT = "last.safetensors"
STRESS = "stress.json"
EXPLANATION, EXPLAINED_PICTURES, EXPLANATION_SHEET = "explain.json", "explain.npz", "explain.png"
WITHOUT = "without.csv"
FOLDS_ABOUT, FOLD_OF = "folds.json", "folds.csv"  # in the folder above the runs of folds
LOCK = "lock"
TEMPORARY = ".partial"


@dataclass(frozen=True)
class RunDir:
    """A run on disk. Reading needs no torch; every file is replaced as a whole or not at all."""

    path: Path

    @classmethod
    def create(cls, path: Path, config: TrainConfig) -> "RunDir":
        """A new directory with its config; RunError where something is there already or nothing can be written."""
        # what a kill before the config leaves is nobody's run, and may be taken
        if path.is_file() or any(entry.suffix != TEMPORARY for entry in _entries(path)):
            raise RunError(
                f"{path} exists already; choose another --out, or go on with: mien train --resume {path}"
            )
        with _explained(path):
            path.mkdir(parents=True, exist_ok=True)
        run = cls(path)
        run.write(CONFIG, config.to_json().encode())
        return run

    @classmethod
    def next_free(cls, parent: Path, name: str) -> Path:
        """parent/name-1, or the first number after the highest that is there."""
        taken = [re.fullmatch(re.escape(name) + r"-(\d+)", entry.name) for entry in _entries(parent)]
        return parent / f"{name}-{max((int(match[1]) for match in taken if match), default=0) + 1}"

    @classmethod
    def open(cls, path: Path | str) -> "RunDir":
        """An existing run; RunError where the path holds none."""
        run = cls(Path(path))
        if not (run.path / CONFIG).is_file():
            raise RunError(
                f"{path} is not a run: expected a directory with {CONFIG} in it (mien runs lists them)"
            )
        return run

    @classmethod
    def all_below(cls, parent: Path) -> list["RunDir"]:
        """The runs that are directly below a directory, by name."""
        return [cls(entry) for entry in sorted(_entries(parent)) if (entry / CONFIG).is_file()]

    @property
    def name(self) -> str:
        """The last part of the path: how people call the run."""
        return self.path.resolve().name

    @property
    def config(self) -> TrainConfig:
        """How the run was asked for."""
        return TrainConfig.from_json(self._text(CONFIG))

    @property
    def environment(self) -> dict[str, Any]:
        """What it ran on and with: versions, device, threads, precision, data digest, parameters."""
        try:
            values: dict[str, Any] = json.loads(self._text(ENVIRONMENT))
            return {"side": values["side"], "classes": values["classes"], **values}
        except (ValueError, KeyError, TypeError) as error:
            raise RunError(f"run {self.path}: {ENVIRONMENT} is damaged ({error})") from error

    @property
    def finished(self) -> bool:
        """Whether all epochs are done and the validation part is predicted by the best of them."""
        return self.has_predictions(VAL) and len(self.history) == self.config.epochs

    @property
    def history(self) -> History:
        """Its epochs so far."""
        try:
            return History.from_csv(self._text(HISTORY)) if self.has(HISTORY) else History()
        except RunError as error:
            raise RunError(f"run {self.path}: {HISTORY} is damaged ({error})") from error

    @property
    def costs(self) -> CostTable:
        """What its network costs, layer by layer; RunError where that is missing or damaged."""
        try:
            return CostTable.from_dict(json.loads(self._text(COSTS)))
        except (ValueError, KeyError, TypeError, AttributeError, ConfigError) as error:
            raise RunError(f"run {self.path}: {COSTS} is damaged ({error})") from error

    def has(self, name: str) -> bool:
        """Whether a file of this name is there, whole."""
        return (self.path / name).is_file()

    @property
    def weights_name(self) -> str:
        """The file that its chosen weights lie in."""
        return NETWORK if self.has(NETWORK) else WEIGHTS

    @property
    def weights_digest(self) -> str:
        """SHA-256 (hex) of that file, by which its weights are known again; RunError where it cannot be read."""
        return hashlib.sha256(self.read(self.weights_name)).hexdigest()

    def read(self, name: str) -> bytes:
        """A file's bytes; RunError where it is missing or cannot be read."""
        try:
            return (self.path / name).read_bytes()
        except OSError as error:
            raise RunError(f"run {self.path}: {name} cannot be read ({error.strerror})") from error

    def _text(self, name: str) -> str:
        try:
            return self.read(name).decode()
        except UnicodeDecodeError as error:
            raise RunError(f"run {self.path}: {name} is damaged: not text") from error

    def write(self, name: str, content: bytes) -> None:
        """Replace a file as a whole: written beside it, flushed to disk, read back, renamed.

        Raises RunError where that fails; the file is then as it was before.
        """
        target = self.path / name
        partial = target.with_name(target.name + TEMPORARY)
        with _explained(self.path):
            try:
                target.parent.mkdir(exist_ok=True)
                _write_flushed(partial, content)
                if partial.read_bytes() != content:
                    raise OSError(errno.EIO, f"{name} does not read back as it was written")
                partial.replace(target)
                _flush_directory(target.parent)
            except BaseException:
                with suppress(OSError):
                    partial.unlink(missing_ok=True)
                raise

    def write_json(self, name: str, values: dict[str, Any]) -> None:
        """Replace a JSON file as a whole."""
        self.write(name, (json.dumps(values, indent=2) + "\n").encode())

    def epoch_weights(self, epoch: int) -> str:
        """Name of the file with the weights kept of one epoch."""
        return f"epochs/{epoch:04d}.safetensors"

    def save_predictions(self, predictions: Predictions, name: str) -> None:
        """Keep predictions as predictions/<name>.npz."""
        buffer = io.BytesIO()
        np.savez_compressed(
            buffer,
            probs=predictions.probs,
            labels=predictions.labels,
            ids=predictions.ids,
            classes=np.array(predictions.classes),
            split=np.array(predictions.split),
            run=np.array(predictions.run),
        )
        self.write(_predictions(name), buffer.getvalue())

    def has_predictions(self, name: str) -> bool:
        """Whether predictions of this name were kept."""
        return self.has(_predictions(name))

    def predictions(self, name: str) -> Predictions:
        """Predictions that were kept; RunError where there are none of this name or they are damaged."""
        try:
            with np.load(io.BytesIO(self.read(_predictions(name))), allow_pickle=False) as file:
                return Predictions(
                    probs=file["probs"],
                    labels=file["labels"],
                    ids=file["ids"],
                    classes=tuple(file["classes"].tolist()),
                    split=str(file["split"]),
                    run=str(file["run"]),
                )
        except (ValueError, KeyError, OSError, BadZipFile) as error:
            raise RunError(f"run {self.path}: {_predictions(name)} is damaged ({error})") from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else trains in this run meanwhile; RunError where somebody does. A killed process holds no lock."""
        with _explained(self.path), (self.path / LOCK).open("ab") as file:
            if not _lock(file):
                raise RunError(
                    f"{self.path}: another process is training in this run; wait for it or end it first"
                )
            yield


def _predictions(name: str) -> str:
    return f"predictions/{name}.npz"


def _entries(parent: Path) -> list[Path]:
    try:
        return list(parent.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RunError(f"{parent}: cannot be listed ({error.strerror})") from error


def _write_flushed(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _flush_directory(path: Path) -> None:
    """Make a rename survive a power cut, where the system lets directories be flushed."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _lock(file: IO[bytes]) -> bool:
    """Take the file's lock of the operating system, which ends with the process; False where another has it."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn the system's refusals to write into one line that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            way_out = "the disk is full: free some space"
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            way_out = "this folder cannot be written: choose another --out, or change its permissions"
        else:
            way_out = f"{error.strerror or error}"
        raise RunError(
            f"{path}: {way_out}. Finished epochs are safe; go on with: mien train --resume {path}"
        ) from error
