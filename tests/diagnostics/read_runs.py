"""Runs in memory, with the epochs and predictions that a test wants."""

from collections.abc import Sequence

import numpy as np

from mien.core.config import TrainConfig
from mien.core.history import Epoch, History
from mien.core.images import LabelledImages, Parts
from mien.core.material import ReadRun
from mien.core.predictions import Predictions
from mien.core.runsummary import RunSummary

CLASSES = ("angry", "<b>happy</b>", "$sad$")


def history_of(
    val_loss: Sequence[float],
    train_loss: Sequence[float] | None = None,
    val_accuracy: Sequence[float] | None = None,
    train_accuracy: Sequence[float] | None = None,
) -> History:
    """Epochs with these curves; training loss falls by 1 an epoch and accuracies are 0.5 where not given."""
    count = len(val_loss)
    train_loss = [float(count - k) for k in range(count)] if train_loss is None else train_loss
    val_accuracy = [0.5] * count if val_accuracy is None else val_accuracy
    train_accuracy = [0.5] * count if train_accuracy is None else train_accuracy
    return History(
        tuple(
            Epoch(
                epoch=k + 1,
                train_loss=float(train_loss[k]),
                train_accuracy=float(train_accuracy[k]),
                val_loss=float(val_loss[k]),
                val_accuracy=float(val_accuracy[k]),
                learning_rate=0.1,
                seconds=2.0 + k,
            )
            for k in range(count)
        )
    )


def predictions_of(
    labels: Sequence[int], said: Sequence[int], sure: Sequence[float] | float = 0.8, *, run: str = "run"
) -> Predictions:
    """Predictions that say one class a face, this sure of it; the other classes share the rest."""
    count, classes = len(labels), len(CLASSES)
    sure = np.broadcast_to(np.asarray(sure, dtype=np.float64), count)
    probs = np.repeat(((1 - sure) / (classes - 1))[:, None], classes, axis=1)
    probs[np.arange(count), np.asarray(said, dtype=np.int64)] = sure
    return Predictions(
        probs=probs.astype(np.float32),
        labels=np.asarray(labels, dtype=np.int64),
        ids=np.array([f"face {k}" for k in range(count)], dtype=np.str_),
        classes=CLASSES,
        split="val",
        run=run,
    )


def read_run(
    name: str, *, history: History | None = None, val: Predictions | None = None, asked: int | None = None
) -> ReadRun:
    """A run as a report reads it, with nothing but epochs and predictions."""
    history = history or History()
    asked = asked or max(len(history), 1)
    return ReadRun(
        name=name,
        path=f"runs/{name}",
        summary=RunSummary(
            name=name,
            path=f"runs/{name}",
            model="cnn",
            data="faces.csv",
            state="finished",
            epochs=asked,
            epochs_done=len(history),
            best=history.best if len(history) else None,
            seconds_per_epoch=2.0,
            parameters=0,
        ),
        config=TrainConfig(epochs=asked),
        environment=None,
        history=history,
        val=val,
        test=None,
        costs=None,
        missing=(),
    )


def parts_of(predictions: Predictions) -> Parts:
    """Faces of these predictions in another order; every pixel of face k is k."""
    count = len(predictions)
    faces = LabelledImages(
        pixels=np.repeat(np.arange(count, dtype=np.uint8), 16).reshape(count, 4, 4),
        labels=predictions.labels.copy(),
        ids=predictions.ids.copy(),
        classes=predictions.classes,
        split=np.array(["val"] * count),
        source="made up",
    ).select(np.arange(count)[::-1].copy())
    return Parts(train=faces, val=faces)
