"""`mien export`: a run's network as one ONNX file."""

from pathlib import Path

import mien
from mien.cli._figures import print_json, show
from mien.core.text_tables import size


def export(run: Path, model: Path, *, json: bool = False) -> None:
    """Write a finished run's network as ONNX, after proof that it says the same as the run.

    The proof, on 1,000 drawn faces in batches of 1, 2, 7 and 64, is kept beside it as MODEL.parity.json.

    Parameters
    ----------
    run
        The run's directory.
    model
        The file to write, for example model.onnx.
    json
        Print JSON instead of lines.
    """
    made = mien.export(run, model)
    if json:
        print_json(made.to_dict())
        return
    largest = max(made.proof.differences.values())
    show(
        f"{made.path}  {size(made.size)}, {len(made.about.classes)} classes, faces of {made.about.side} pixels"
    )
    show(f"temperature  {made.about.temperature:.3f} (fitted on the run's validation faces)")
    show(f"proof  {made.proof.faces:,} faces, same top class, logits within {largest:.1g}: {made.proof_path}")
