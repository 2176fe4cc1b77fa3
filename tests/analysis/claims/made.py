"""Runs, predictions and studies made to hold or to fail a claim."""

import numpy as np

from mien.core.config import TrainConfig
from mien.core.history import Epoch, History
from mien.core.labels import EXPRESSIONS
from mien.core.material import ReadRun
from mien.core.predictions import Predictions
from mien.core.runsummary import RunSummary
from mien.core.study import Study, Trial
from mien.core.variants import VARIANTS


def history(val, train=None, *, val_loss=None, train_loss=None, seconds=1.0, rate=0.001):
    """A history with these accuracies, an epoch each; the other columns where they matter."""
    count = len(val)
    columns = {
        "val_accuracy": val,
        "train_accuracy": val if train is None else train,
        "val_loss": np.ones(count) if val_loss is None else val_loss,
        "train_loss": np.ones(count) if train_loss is None else train_loss,
        "seconds": np.broadcast_to(seconds, count),
        "learning_rate": np.broadcast_to(rate, count),
    }
    return History(
        tuple(
            Epoch(epoch=row + 1, **{name: float(column[row]) for name, column in columns.items()})
            for row in range(count)
        )
    )


def predictions(counts, classes=EXPRESSIONS, *, score=0.9, run="cnn"):
    """Predictions with this confusion matrix; the predicted class has this score, the true one the rest."""
    counts = np.asarray(counts)
    labels = np.repeat(np.arange(len(counts)), counts.sum(axis=1))
    predicted = np.concatenate([np.repeat(np.arange(len(counts)), row) for row in counts])
    probs = np.zeros((len(labels), len(counts)), dtype=np.float32)
    rows = np.arange(len(labels))
    probs[rows, labels] = 1 - score
    probs[rows, np.where(predicted == labels, (labels + 1) % len(counts), predicted)] += score
    right = predicted == labels
    probs[rows[right], labels[right]] = score
    probs[rows[right], (labels[right] + 1) % len(counts)] = 1 - score
    return Predictions(
        probs=probs,
        labels=labels,
        ids=np.array([f"{row:05d}" for row in rows]),
        classes=tuple(classes),
        split="val",
        run=run,
    )


def of_accuracy(right, faces=1000, run="cnn"):
    """Predictions of two classes of which so many are right; those with the lowest ids."""
    labels = np.zeros(faces, dtype=np.int64)
    probs = np.tile(np.float32([0.1, 0.9]), (faces, 1))
    probs[:right] = (0.9, 0.1)
    ids = np.array([f"{row:05d}" for row in range(faces)])
    return Predictions(probs=probs, labels=labels, ids=ids, classes=("no", "yes"), split="val", run=run)


def study(differences, *, base=0.6, epochs=6, figure="best"):
    """A study in which each variant lies below the base by these amounts, one a seed.

    figure  "best": in every epoch; "early": in all but the last; "late": in the last only
    """
    seeds = tuple(range(max([3, *map(len, differences.values())])))
    below = {"best": np.ones(epochs), "early": np.eye(epochs)[-1] * -1 + 1, "late": np.eye(epochs)[-1]}[
        figure
    ]
    curves = {
        (name, seed): (base + 0.01 * seed) - amount * below
        for name, amounts in ({"base": [0.0] * len(seeds)} | differences).items()
        for seed, amount in enumerate(amounts)
    }
    return of_curves({trial: history(curve) for trial, curve in curves.items()})


def of_curves(histories):
    """A study with these histories, by variant and seed."""
    return Study(
        data="made",
        split="official",
        recipe="report",
        epochs=max(len(one) for one in histories.values()),
        batch_size=32,
        train_faces=100,
        val_faces=50,
        variants=tuple(VARIANTS),
        seeds=tuple(sorted({seed for _, seed in histories})),
        trials=tuple(
            Trial(variant=variant, seed=seed, history=one) for (variant, seed), one in histories.items()
        ),
    )


def read_run(model, made, *, val=None, epochs=None, environment=None, **choices):
    """A run as a report reads it."""
    config = TrainConfig(model=model, epochs=epochs or max(len(made), 1), **choices)
    summary = RunSummary(
        name=model,
        path=f"runs/{model}",
        model=model,
        data="made.csv",
        state="finished" if len(made) >= config.epochs else "unfinished",
        epochs=config.epochs,
        epochs_done=len(made),
        best=made.best if len(made) else None,
        seconds_per_epoch=1.0,
        parameters=1,
    )
    return ReadRun(
        name=model,
        path=f"runs/{model}",
        summary=summary,
        config=config,
        environment=environment,
        history=made,
        val=val,
        test=None,
        costs=None,
        missing=(),
    )
