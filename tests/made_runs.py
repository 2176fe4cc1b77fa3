"""Finished runs written by hand, without training: what a report is made from."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from mien.core.config import TrainConfig
from mien.core.history import Epoch, History
from mien.core.images import LabelledImages, Parts
from mien.core.predictions import Predictions
from mien.core.rundir import COSTS, ENVIRONMENT, HISTORY, RunDir
from mien.costing import cost
from mien.data.splits import split
from tests.conftest import small_faces


def scores(labels: np.ndarray, classes: int, *, right: float, seed: int = 0) -> np.ndarray:
    """Probabilities (n, classes) that have the label on top for about this share of the faces."""
    random = np.random.default_rng(seed)
    logits = random.normal(size=(len(labels), classes))
    told = np.where(random.random(len(labels)) < right, labels, random.integers(0, classes, len(labels)))
    logits[np.arange(len(labels)), told] += 4
    shares = np.exp(logits)
    return (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)


def epochs(count: int) -> History:
    """Validation that levels off and gets worse while training improves."""
    return History(
        tuple(
            Epoch(
                epoch=epoch,
                train_loss=1.8 / epoch**0.5,
                train_accuracy=1 - 0.7 / epoch**0.5,
                val_loss=1.2 + 0.01 * abs(epoch - 8),
                val_accuracy=0.6 - 0.3 / epoch,
                learning_rate=0.001,
                seconds=2.0,
            )
            for epoch in range(1, count + 1)
        )
    )


def made_run(
    path: Path,
    *,
    model: str = "cnn",
    faces: LabelledImages | None = None,
    right: float = 0.7,
    count: int = 20,
    seed: int = 0,
) -> tuple[RunDir, LabelledImages]:
    """A run directory as training leaves it, and the faces that it was trained with."""
    faces = faces or small_faces()
    parts = split(faces, "official", seed=0)
    run = RunDir.create(path, TrainConfig(data="small faces", model=model, epochs=count))
    run.write_json(ENVIRONMENT, _environment(faces, parts))
    text = "conv 6 3x3, relu, flatten, linear 7" if model == "cnn" else "flatten, linear 40, relu, linear 7"
    counted = cost(text, (faces.side, faces.side, 1))
    run.write_json(COSTS, replace(counted, network=model).to_dict())
    run.write(HISTORY, epochs(count).to_csv().encode())
    for place, part in enumerate(("val", "test")):
        chosen = parts[part]
        found = scores(chosen.labels, len(faces.classes), right=right, seed=seed + place)
        run.save_predictions(
            Predictions(
                probs=found,
                labels=chosen.labels,
                ids=chosen.ids,
                classes=faces.classes,
                split=part,
                run=run.name,
            ),
            part,
        )
    return run, faces


def _environment(faces: LabelledImages, parts: Parts) -> dict[str, object]:
    return {
        "mien": "0.1.0",
        "torch": "2.0",
        "device": "cpu",
        "threads": 2,
        "precision": "float32",
        "classes": list(faces.classes),
        "side": faces.side,
        "faces": {part: len(parts[part]) for part in ("train", "val", "test")},
        "digest": {part: parts[part].digest for part in ("train", "val", "test")},
        "parameters": {"trainable": 10, "with_statistics": 12},
    }
