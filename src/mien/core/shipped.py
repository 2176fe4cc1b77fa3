"""The networks that come with mien, by name: each a run directory with a model card and the network as ONNX.

The one file serves both who predicts without torch and who goes on with the weights in it; where int8.onnx lies beside
it, that predicts.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from mien.core.errors import RunError
from mien.core.rundir import CONFIG, NETWORK, RunDir

FOLDER = Path(__file__).parent.parent / "weights"
CARD, CARD_TEXT = "card.json", "card.md"
DEFAULT = "trunk"  # reads faces where no network is named


def names() -> tuple[str, ...]:
    """Every network that comes with mien."""
    return tuple(run.name for run in RunDir.all_below(FOLDER))


def shipped(name: str) -> RunDir:
    """The network of this name; RunError, with the known names, otherwise, or where its weights are damaged."""
    if name not in names():
        known = ", ".join(names()) or "none"
        raise RunError(f"no network called '{name}' comes with mien; there are {known}")
    run = RunDir(FOLDER / name)
    if sha256(run.read(NETWORK)).hexdigest() != card(run)["file"]["sha256"]:
        raise RunError(f"{run.path}: {NETWORK} is not the file that its card names; install mien anew")
    return run


def card(run: RunDir) -> dict[str, Any]:
    """The model card of a shipped network as JSON has it; RunError where it is damaged."""
    try:
        values: dict[str, Any] = json.loads(run.read(CARD))
        return {"file": {"sha256": values["file"]["sha256"]}, **values}
    except (ValueError, KeyError, TypeError) as error:
        raise RunError(f"{run.path}: {CARD} is damaged ({error}); install mien anew") from error


def opened(run: RunDir | Path | str) -> RunDir:
    """The run at a path, or, where nothing lies there, the network of that name that comes with mien.

    Raises RunError where it is neither.
    """
    if isinstance(run, RunDir):
        return run
    path = Path(run)
    if not (path / CONFIG).is_file() and str(run) in names():
        return shipped(str(run))
    return RunDir.open(path)
