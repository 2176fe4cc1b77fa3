"""A run's network as one ONNX file, with the proof that it says the same as the run."""

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

import mien
from mien.analysis.temperature import temperature
from mien.core.errors import ConfigError, RunError
from mien.core.images import VAL, LabelledImages, Uint8
from mien.core.network_about import NetworkAbout
from mien.core.onnx_file import read_onnx
from mien.core.rundir import NETWORK, RunDir
from mien.core.shipped import CARD, opened
from mien.data.drawn import draw
from mien.data.of_run import own_parts
from mien.training.batches import normalise
from mien.training.evaluate import network_of
from mien.training.int8 import Int8Loss, quantised
from mien.training.onnx_graph import FACES, LOGITS, onnx_bytes

PROOF_FACES = 1000
BATCHES = (1, 2, 7, 64)
LARGEST_DIFFERENCE = 1e-4
_PARTIAL = ".partial"

Logits = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Proof:
    """How an exported network compares with its run on the same faces.

    differences  largest difference of a logit, for each size of batch
    same_top     faces whose top class is the same in every size of batch
    """

    faces: int
    differences: dict[str, float]
    same_top: int
    largest_allowed: float
    onnxruntime: str

    @property
    def holds(self) -> bool:
        """Every face has the same top class, and no logit is further off than allowed."""
        near = all(each <= self.largest_allowed for each in self.differences.values())  # NaN is not
        return self.same_top == self.faces and near

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self) | {"holds": self.holds}


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What `export` wrote.

    proof  that the network says the same as its run, before int8
    int8   what that cost, where the file is in int8
    """

    path: Path
    size: int
    about: NetworkAbout
    proof: Proof
    int8: Int8Loss | None = None

    @property
    def proof_path(self) -> Path:
        """Where the proof lies."""
        return proof_path(self.path)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "path": str(self.path),
            "bytes": self.size,
            "about": asdict(self.about),
            **self.measured(),
        }

    def measured(self) -> dict[str, Any]:
        """The proof, and the loss of int8 where there is one: plain values for JSON."""
        loss = {"int8": self.int8.to_dict()} if self.int8 else {}
        return {"proof": self.proof.to_dict(), **loss}


def export(
    run: RunDir | Path | str,
    path: Path | str,
    *,
    faces: int = PROOF_FACES,
    int8: bool = False,
    data: LabelledImages | None = None,
) -> Exported:
    """Write a finished run's network to an ONNX file, and the proof beside it as <path>.parity.json.

    The file takes faces uint8 (n, 1, side, side) and gives logits (n, k); the temperature that calibrates them on the
    run's validation faces is in its metadata. It is compared with the run on drawn faces first: where they differ,
    nothing is left behind.

    faces  how many are drawn for that
    int8   store and compute in int8: faster, and smaller than in float, calibrated on training faces, its loss measured
           on the validation part (mien.training.int8); the comparison with the run is made before
    data   for int8, the run's data, where it does not lie where the run says

    A network that comes with mien goes by its name; but for int8 it keeps its temperature.

    Raises RunError where the run is not finished, the file differs from it, or its data has changed; ConfigError where
    the path exists already, no face is to be compared, or the network holds an operation that the export does not know.
    """
    if faces < 1:
        raise ConfigError(f"faces: expected one or more faces to compare the networks on, got {faces}")
    run = opened(run)
    path = Path(path)
    _check_free(path)
    if not (run.finished or run.has(CARD)):
        raise RunError(f"run {run.path} is not finished: go on with mien train --resume {run.path}")
    parts = own_parts(run, data) if int8 else None
    about = network_about(run, _temperature(run))
    network = network_of(run, torch.device("cpu"))
    content = onnx_bytes(network, about)
    proof = check_says_the_same(run, network, content, faces)
    loss = None
    if parts is not None:
        content, about, loss = quantised(content, about, parts)
    exported = Exported(path=path, size=len(content), about=about, proof=proof, int8=loss)
    _write_both(exported, content)
    return exported


def _temperature(run: RunDir) -> float:
    """What calibrates its logits: as the file of a network that comes with mien has it, else fitted."""
    return shipped_about(run).temperature if run.has(CARD) else temperature(run.predictions(VAL))


def shipped_about(run: RunDir) -> NetworkAbout:
    """What the file of a network that comes with mien says of itself."""
    return NetworkAbout.from_metadata(read_onnx(run.read(NETWORK)).metadata)


def check_says_the_same(run: RunDir, network: nn.Module, content: bytes, faces: int) -> Proof:
    """The proof, on so many drawn faces, that a file says what the run's network says; RunError where it does not."""
    read_onnx(content)  # what mien predict would refuse is not exported
    proof = prove(network, content, _proof_faces(faces, run.environment["side"]))
    if not proof.holds:
        raise RunError(f"run {run.path}: the exported network differs from the run: {_said(proof)}")
    return proof


def proof_path(path: Path) -> Path:
    """Where the proof of an exported file lies."""
    return path.with_name(path.name + ".parity.json")


def prove(network: nn.Module, content: bytes, faces: Uint8) -> Proof:
    """Run both on the same faces uint8 (n, s, s), the file in batches of 1, 2, 7 and 64."""
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    with torch.inference_mode():
        expected = network.eval()(normalise(torch.from_numpy(faces))).numpy()
    found = {str(batch): _in_batches(session, faces, batch) for batch in BATCHES}
    same = np.all([each.argmax(1) == expected.argmax(1) for each in found.values()], axis=0)
    return Proof(
        faces=len(faces),
        differences={batch: float(np.abs(each - expected).max()) for batch, each in found.items()},
        same_top=int(same.sum()),
        largest_allowed=LARGEST_DIFFERENCE,
        onnxruntime=onnxruntime.__version__,
    )


def _in_batches(session: Any, faces: Uint8, batch: int) -> Logits:
    parts = (faces[start : start + batch, None] for start in range(0, len(faces), batch))
    return np.concatenate([session.run([LOGITS], {FACES: part})[0] for part in parts])


def _proof_faces(count: int, side: int) -> Uint8:
    """Drawn faces, enlarged or thinned to the side that the network takes by repeating pixels."""
    pixels = draw(count, seed=1).faces.pixels
    rows = np.arange(side) * pixels.shape[1] // side
    return np.ascontiguousarray(pixels[:, rows[:, None], rows])


def network_about(run: RunDir, temperature: float) -> NetworkAbout:
    """What the file says of itself."""
    environment = run.environment
    return NetworkAbout(
        classes=tuple(environment["classes"]),
        side=environment["side"],
        temperature=temperature,
        mien=mien.__version__,
        run=run.name,
        weights=run.weights_digest,
    )


def _check_free(path: Path) -> None:
    """A proof without its network is what a kill left between the two, and is written anew."""
    try:
        if path.is_dir():
            raise ConfigError(f"{path} is a folder; name a file to write, such as {path / 'model.onnx'}")
        if path.exists():
            raise ConfigError(f"{path} exists already; choose another name, or remove it first")
        if not path.parent.is_dir():
            raise ConfigError(f"{path.parent} is no folder; make it first")
    except OSError as error:  # a name that is too long, no permission
        raise ConfigError(f"{path}: cannot be written ({error.strerror})") from error


def _write_both(exported: Exported, content: bytes) -> None:
    """Both whole, and the network last: a file of that name always has its proof."""
    path = exported.path
    said = {"network": path.name, "sha256": hashlib.sha256(content).hexdigest()} | asdict(exported.about)
    text = json.dumps(said | exported.measured(), indent=2) + "\n"
    partial, partial_proof = (file.with_name(file.name + _PARTIAL) for file in (path, proof_path(path)))
    try:
        partial.write_bytes(content)
        partial_proof.write_text(text)
        partial_proof.replace(proof_path(path))
        partial.replace(path)
    except OSError as error:
        for file in (partial, partial_proof, proof_path(path)):
            with suppress(OSError):
                file.unlink(missing_ok=True)
        raise ConfigError(f"{path}: cannot be written ({error.strerror})") from error


def _said(proof: Proof) -> str:
    return (
        f"{proof.same_top} of {proof.faces} faces have the same top class, the largest difference of a logit is "
        f"{max(proof.differences.values()):.2g} (allowed: {proof.largest_allowed:g})"
    )
