"""What teachers say of a fixed number of views of every training face: made once, anywhere, in pieces, and read back.

A folder holds about.json and one file a view, logits float16 (n, t, k); a file that is there is whole.
"""

import io
import json
from collections.abc import Callable
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from mien.core.config import NO_AUGMENTATION, Augmentation, Distillation, StoredScores
from mien.core.errors import ConfigError, RunError
from mien.core.images import LabelledImages
from mien.core.rundir import RunDir
from mien.training.augment import RESAMPLING
from mien.training.batches import EVALUATION_BATCH, Faces, numbers_of_views
from mien.training.machine import Machine

ABOUT = "about.json"


def describe(
    how: Distillation, augmentation: Augmentation, faces: LabelledImages, *, views: int, seed: int
) -> dict[str, Any]:
    """What scores depend on, as about.json holds it; scores of another description are of no use."""
    return {
        "teachers": [teacher.digest for teacher in how.teachers],
        "faces": faces.digest,
        "augmentation": asdict(augmentation) | {"resampling": RESAMPLING},
        "views": views,
        "seed": seed,
    }


def make(
    folder: Path,
    about: dict[str, Any],
    networks: list[nn.Module],
    augmentation: Augmentation,
    faces: LabelledImages,
    machine: Machine,
    *,
    enough: Callable[[], bool] = lambda: False,
) -> int:
    """Write the views that are not there yet, until it is enough; returns how many are missing then.

    Raises RunError where the folder holds scores of another description, or cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    place = RunDir(folder)
    if not place.has(ABOUT):
        place.write_json(ABOUT, about)
    elif _about(place) != about:
        raise RunError(f"{folder} holds scores of other teachers, faces or variations; choose another folder")
    mine = Faces.of(faces, machine.device)
    for view in range(about["views"]):
        if not place.has(_file(view)) and not enough():
            buffer = io.BytesIO()
            np.save(buffer, _scores(networks, mine, augmentation, about["seed"], view, machine))
            place.write(_file(view), buffer.getvalue())
    return sum(not place.has(_file(view)) for view in range(about["views"]))


@torch.inference_mode()
def _scores(
    networks: list[nn.Module], faces: Faces, how: Augmentation, seed: int, view: int, machine: Machine
) -> NDArray[np.float16]:
    """Logits of one view of every face, float16 (n, t, k)."""
    found = []
    for start in range(0, len(faces), EVALUATION_BATCH):
        rows = np.arange(start, min(start + EVALUATION_BATCH, len(faces)))
        inputs = faces.varied(rows, numbers_of_views(seed, np.full(len(rows), view), rows), how)
        inputs = inputs.contiguous(memory_format=torch.channels_last)
        with machine.autocast():
            logits = torch.stack([network(inputs) for network in networks], dim=1)  # (b, t, k)
        found.append(logits.half().cpu())
    return torch.cat(found).numpy()


def stored_scores(folder: Path) -> StoredScores:
    """A finished folder of scores, for Distillation(stored=...); RunError where a view is missing."""
    place = RunDir(folder)
    about = _about(place)
    made = sha256(place.read(ABOUT))
    for view in range(about["views"]):
        made.update(place.read(_file(view)))
    return StoredScores(path=str(folder), digest=made.hexdigest(), views=about["views"], seed=about["seed"])


def read(
    how: Distillation, wanted: StoredScores, augmentation: Augmentation, faces: LabelledImages
) -> torch.Tensor:
    """Logits float16 (v, n, t, k), checked: RunError where the folder changed, ConfigError where it does not fit."""
    folder = Path(wanted.path)
    if stored_scores(folder) != wanted:
        raise RunError(f"{folder}: its scores are not those that the student began with; put them back")
    place = RunDir(folder)
    expected = describe(how, augmentation, faces, views=wanted.views, seed=wanted.seed)
    found = _about(place)
    other = [name for name in expected if found[name] != expected[name]]
    if other:
        raise ConfigError(f"{folder}: its scores were made for other {', '.join(other)} than the student has")
    views = [np.load(io.BytesIO(place.read(_file(view))), allow_pickle=False) for view in range(wanted.views)]
    return torch.from_numpy(np.stack(views))


def _file(view: int) -> str:
    return f"view-{view:04d}.npy"


def _about(place: RunDir) -> dict[str, Any]:
    try:
        values: dict[str, Any] = json.loads(place.read(ABOUT))
        # a variation that came to mien later was not made
        values["augmentation"] = asdict(NO_AUGMENTATION) | values["augmentation"]
        return {name: values[name] for name in ("teachers", "faces", "augmentation", "views", "seed")}
    except (ValueError, KeyError, TypeError) as error:
        raise RunError(f"{place.path}: {ABOUT} is damaged ({error}); make the scores anew") from error
