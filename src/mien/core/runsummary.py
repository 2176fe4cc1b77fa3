"""A run at a glance: what, on what, how far, how good."""

import statistics
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from mien.core.command import spec_text
from mien.core.history import Epoch
from mien.core.rundir import ENVIRONMENT, RunDir


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


def summary(run: RunDir) -> RunSummary:
    """What a run's config and history say of it."""
    config, history = run.config, run.history
    about = run.environment if run.has(ENVIRONMENT) else {"parameters": {"with_statistics": 0}}
    return RunSummary(
        name=run.name,
        path=str(run.path),
        model=spec_text(config.model, config.options),
        data=config.data if config.data.startswith("drawn") else Path(config.data).name,
        state="finished" if run.finished else "unfinished",
        epochs=config.epochs,
        epochs_done=len(history),
        best=history.best if len(history) else None,
        seconds_per_epoch=statistics.median(row.seconds for row in history.epochs) if len(history) else 0.0,
        parameters=about["parameters"]["with_statistics"],
    )
