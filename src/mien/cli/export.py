"""`mien export`: a run's network as one ONNX file."""

from pathlib import Path
from typing import TYPE_CHECKING

import mien
from mien.cli._figures import print_json, show
from mien.core.errors import ConfigError
from mien.core.shipped import opened
from mien.core.text_tables import size

if TYPE_CHECKING:
    from mien.training.int8 import Int8Loss


def export(run: str, model: Path, *, int8: bool = False, data: str | None = None, json: bool = False) -> None:
    """Write a finished run's network as ONNX, after proof that it says the same as the run.

    The proof, on 1,000 drawn faces in batches of 1, 2, 7 and 64, is kept beside it as MODEL.parity.json.

    Parameters
    ----------
    run
        The run's directory, or the name of a network that comes with mien.
    model
        The file to write, for example model.onnx.
    int8
        Store and compute in whole numbers of eight bits, in ranges found on 300 training faces of the run's own data.
        Accuracy before and after, on its validation faces, is measured and kept beside the proof.
    data
        For --int8: the run's data, where it does not lie where the run says.
    json
        Print JSON instead of lines.
    """
    if data and not int8:
        raise ConfigError("--data goes with --int8 alone: nothing else of an export asks for data")
    faces = mien.load(data, skip_bad=opened(run).config.skip_bad) if data else None
    made = mien.export(run, model, int8=int8, data=faces)
    if json:
        print_json(made.to_dict())
        return
    largest = max(made.proof.differences.values())
    show(
        f"{made.path}  {size(made.size)}, {len(made.about.classes)} classes, faces of {made.about.side} pixels"
    )
    if made.int8:
        show_loss(made.int8)
    show(f"temperature  {made.about.temperature:.3f} (fitted on the run's validation faces)")
    before = "before int8, " if made.int8 else ""
    show(
        f"proof  {before}{made.proof.faces:,} faces, same top class, logits within {largest:.1g}: {made.proof_path}"
    )


def show_loss(loss: "Int8Loss") -> None:
    """What int8 costs, in three lines."""
    low, high = 100 * loss.interval.low, 100 * loss.interval.high
    show(
        f"int8  {size(loss.float_size)} became {size(loss.size)}, calibrated on {loss.calibrated_on:,} training faces"
    )
    shares = f"{loss.float_accuracy:.2%} as float, {loss.accuracy:.2%} as int8: {100 * loss.difference:+.2f} points"
    show(f"accuracy  {shares} (95 % interval {low:+.2f} to {high:+.2f})")
    show(f"changed  {loss.changed:,} of {loss.faces:,} validation faces have another top class")
