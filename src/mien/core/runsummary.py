"""A run at a glance: what, on what, how far, how good."""

import statistics
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from mien.core.command import spec_text
from mien.core.errors import MienError
from mien.core.history import Epoch, History
from mien.core.images import VAL
from mien.core.rundir import RunDir


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """One row of `mien runs`; parameters with running statistics, 0 where training never began."""

    name: str
    path: str
    model: str
    data: str
    state: Literal["finished", "unfinished"]
    epochs: int
    epochs_done: int
    best: Epoch | None
    seconds_per_epoch: float
    parameters: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def summary(run: RunDir, history: History | None = None) -> RunSummary:
    """What a run's config and history say of it; a history that was read already need not be read again."""
    config = run.config
    history = run.history if history is None else history
    return RunSummary(
        name=run.name,
        path=str(run.path),
        model=spec_text(config.model, config.options),
        data=config.data if config.data.startswith("drawn") else Path(config.data).name,
        state="finished" if run.has_predictions(VAL) and len(history) == config.epochs else "unfinished",
        epochs=config.epochs,
        epochs_done=len(history),
        best=history.best if len(history) else None,
        seconds_per_epoch=statistics.median(row.seconds for row in history.epochs) if len(history) else 0.0,
        parameters=_parameters(run),
    )


def _parameters(run: RunDir) -> int:
    """0 where training never began, or where what was written of it is damaged."""
    try:
        return int(run.environment["parameters"]["with_statistics"])
    except (MienError, KeyError, TypeError, ValueError):
        return 0
