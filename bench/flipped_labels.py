"""Flipped labels of drawn faces: how many of them the audit finds, by networks that did not see the faces.

    OMP_NUM_THREADS=1 python bench/flipped_labels.py --out runs/flipped

Draws faces, replaces a share of the labels by another class, trains by folds, audits, and prints precision where a
quarter, half and three quarters of the flipped labels are found. Asked again with the same --out it trains no more.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from mien.auditing import audit, suspects_sheet
from mien.core import spec
from mien.core.config import Augmentation, recipe
from mien.core.folds import Folds
from mien.data.contact_sheet import write_png
from mien.data.drawn import DrawnFaces, draw
from mien.training.folds import FoldsProgress, train_folds

RECALLS = (0.25, 0.5, 0.75)
NETWORK = "cnn:filters=8/16/32/64,dropout=none,dense=64,dense_dropout=0.2"


class Told(FoldsProgress):
    """A line a fold and a line an epoch."""

    def fold(self, number: int, folds: int) -> None:
        """Which fold begins."""
        print(f"fold {number} of {folds}", flush=True)

    def epoch(self, epoch, history) -> None:
        """Accuracies of an epoch; the labels that it is measured on are partly flipped."""
        print(
            f"  epoch {len(history)}: train {epoch.train_accuracy:.3f}, held out {epoch.val_accuracy:.3f}, "
            f"{epoch.seconds:.0f} s",
            flush=True,
        )


def trained(drawn: DrawnFaces, chosen: argparse.Namespace) -> Folds:
    """Out-of-fold predictions of all drawn faces."""
    model, options = spec.parse(chosen.model)
    config = recipe(
        "default",
        data="drawn",
        model=model,
        options=options,
        epochs=chosen.epochs,
        batch_size=chosen.batch_size,
        optimizer="adamw",
        learning_rate=chosen.learning_rate,
        weight_decay=0.01,
        label_smoothing=0.0,
        ema=0.0,
        augmentation=Augmentation(shift=1, rotation=0, scale=0),
    )
    return train_folds(config, drawn.faces, folds=chosen.folds, out=chosen.out, progress=Told())


def report(drawn: DrawnFaces, folds: Folds, sheet: Path | None) -> None:
    """What was found, and the sheet of the most doubtful labels."""
    faces, predictions = drawn.faces, folds.predictions()
    place = {face_id: row for row, face_id in enumerate(faces.ids.tolist())}
    rows = np.array([place[face_id] for face_id in predictions.ids.tolist()])
    flipped = faces.labels != drawn.true_labels
    found = audit(faces, predictions=predictions, near=False)
    labels = found.labels
    print(f"{len(rows):,} faces, {flipped[rows].sum()} labels flipped ({flipped[rows].mean():.1%})")
    print(f"out of fold right on the truth: {np.mean(predictions.predicted == drawn.true_labels[rows]):.1%}")
    print(f"estimated wrong: {labels.noise:.1%}, {labels.listed:,} listed")
    print_precision(flipped, drawn.true_labels, predictions, rows)
    if sheet is not None:
        write_png(suspects_sheet(found, faces, top=20), sheet)


def print_precision(flipped, truth, predictions, rows) -> None:
    """Precision where so many of the flipped labels are found, and how often the proposal is the truth."""
    from mien.analysis.confident_learning import label_doubts

    doubts = label_doubts(predictions.probs, predictions.labels)
    ranked = doubts.ranked()
    hits = np.cumsum(flipped[rows][ranked])
    for recall in RECALLS:
        first = int(np.searchsorted(hits, recall * hits[-1])) + 1
        wrong = ranked[:first][flipped[rows][ranked[:first]]]
        right = np.mean(doubts.proposal[wrong] == truth[rows][wrong])
        print(
            f"recall {recall:.0%}: precision {hits[first - 1] / first:.2f} among the first {first}; the proposal is "
            f"the truth in {right:.0%} of those found"
        )


def main() -> None:
    """Read the choices, train, report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--faces", type=int, default=5000)
    parser.add_argument("--noise", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=21)
    parser.add_argument("--folds", type=int, default=2)
    parser.add_argument("--model", default=NETWORK)
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--learning-rate", type=float, default=4e-3)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sheet", type=Path)
    chosen = parser.parse_args()
    begun, worked = time.perf_counter(), time.process_time()
    drawn = draw(chosen.faces, seed=chosen.seed, label_noise=chosen.noise)
    folds = trained(drawn, chosen)
    print(f"{time.perf_counter() - begun:.0f} s, {time.process_time() - worked:.0f} s of processor time")
    report(drawn, folds, chosen.sheet)


if __name__ == "__main__":
    main()
