"""The networks side by side: what each costs, and what it reaches."""

from typing import Any

import numpy as np

from mien.analysis.metrics import Evaluation, evaluation
from mien.core.errors import MissingInput
from mien.core.identical import picture_digests
from mien.core.material import Material, ReadRun
from mien.core.predictions import Predictions
from mien.core.section import Finding, Text
from mien.core.text_tables import TextTable
from mien.core.wording import duration, interval, percent
from mien.diagnostics._diagnostic import Diagnostic

# Row of the table -> how it reads from the numbers of one run; a row that no run has is left out.
_ROWS = {
    "network": lambda run: run["model"],
    "data": lambda run: run["data"],
    "parameters": lambda run: f"{run['parameters']:,}",
    "of these trainable": lambda run: f"{run['trainable']:,}",
    "multiplications a face": lambda run: f"{run['multiplications']:,}",
    "additions a face": lambda run: f"{run['additions']:,}",
    "accuracy, validation": lambda run: percent(run["val"]["accuracy"]),
    "  95 % interval": lambda run: interval(run["val"]["interval"]),
    "  on faces that are not in training too": lambda run: _leak_free(run["val_leak_free"]),
    "macro-F1": lambda run: f"{run['val']['macro_f1']:.3f}",
    "log-loss, nats": lambda run: f"{run['val']['log_loss']:.3f}",
    "accuracy, test": lambda run: percent(run["test"]["accuracy"]),
    "  95 % interval, test": lambda run: interval(run["test"]["interval"]),
    "  test faces that are not in training too": lambda run: _leak_free(run["test_leak_free"]),
    "training, an epoch": lambda run: duration(run["seconds_per_epoch"]),
    "epochs": lambda run: (
        f"{run['epochs']} of {run['epochs_asked']}" if run["unfinished"] else f"{run['epochs']}"
    ),
    "epochs to the best": lambda run: str(run["best_epoch"]),
}


def make(material: Material) -> Finding:
    """All runs beside each other."""
    runs = [side_by_side(run, material) for run in material.runs]
    rows = [(name.strip(" "), *(_cell(read, run) for run in runs)) for name, read in _ROWS.items()]
    table = TextTable(
        title="",
        headers=("", *(run["name"] for run in runs)),
        rows=tuple(row for row in rows if any(row[1:])),
    )
    note = (
        "Parameters count the running statistics of BatchNorm; operations are those of one pass forward at inference. "
        "Accuracy on validation is that of the epoch that was chosen on it, so it is a little high; "
        "intervals are Wilson's."
    )
    return Finding(answer=_answer(runs), blocks=(table, Text(text=note)), data={"runs": runs})


def side_by_side(run: ReadRun, material: Material) -> dict[str, Any]:
    """The figures of one run that it has, by name; shares of 1, nats, seconds."""
    figures: dict[str, Any] = {"name": run.name, "model": run.summary.model, "data": run.summary.data}
    if run.costs:
        forward = run.costs.forward
        figures |= {
            "parameters": run.costs.with_buffers,
            "trainable": run.costs.trainable,
            "multiplications": forward.multiplications,
            "additions": forward.additions + forward.bias_additions,
        }
    if len(run.history):
        figures |= {
            "seconds_per_epoch": run.summary.seconds_per_epoch,
            "epochs": len(run.history),
            "epochs_asked": run.config.epochs,
            "unfinished": len(run.history) < run.config.epochs,
            "best_epoch": run.history.best.epoch,
        }
    for part, predictions in (("val", run.val), ("test", run.test)):
        if predictions is not None and len(predictions):
            figures |= _accuracy(part, predictions, material)
    return figures


def _accuracy(part: str, predictions: Predictions, material: Material) -> dict[str, Any]:
    figures: dict[str, Any] = {part: _plain(evaluation(predictions))}
    try:
        faces = material.faces(predictions)
    except MissingInput:
        return figures
    known = material.training_digests
    unseen = np.array([digest not in known for digest in picture_digests(faces.pixels)], dtype=bool)
    left_out = int(len(predictions) - unseen.sum())
    if not unseen.any():
        return figures
    figures[f"{part}_leak_free"] = _plain(evaluation(predictions.select(unseen))) | {"left_out": left_out}
    return figures


def _plain(found: Evaluation) -> dict[str, Any]:
    kept = ("faces", "accuracy", "interval", "macro_f1", "log_loss")
    return {name: getattr(found, name) for name in kept}


def _leak_free(found: dict[str, Any]) -> str:
    return f"{percent(found['accuracy'])} of {found['faces']:,}"


def _cell(read: Any, run: dict[str, Any]) -> str:
    try:
        return str(read(run))
    except KeyError:
        return ""


def _answer(runs: list[dict[str, Any]]) -> str:
    measured = sorted((run for run in runs if "val" in run), key=lambda run: -run["val"]["accuracy"])
    if not measured:
        return "No run has predictions of its validation part yet."
    best, *others = measured
    accuracy, faces = percent(best["val"]["accuracy"]), f"{best['val']['faces']:,}"
    told = f"{best['name']} reads {accuracy} of {faces} validation faces as they are labelled"
    if others:
        same = len({(run["data"], run["val"]["faces"]) for run in measured}) == 1
        told += ", against " if same else "; on faces of their own "
        told += ", ".join(f"{percent(run['val']['accuracy'])} for {run['name']}" for run in others)
    return told + "."


PLUGIN = Diagnostic(
    order=10, title="Summary", question="How good are the networks, and at what cost?", make=make
)
