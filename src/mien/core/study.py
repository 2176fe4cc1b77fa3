"""Study: the same training under several choices and seeds, as numbers."""

import json
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mien.core.errors import RunError
from mien.core.history import History

STUDY = "study.json"
LAST = 5  # epochs whose mean is the end of a training, so that no single one decides


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One finished run of a study, of at least one epoch; accuracies are shares of 1, losses nats."""

    variant: str
    seed: int
    history: History

    @property
    def epochs(self) -> int:
        """How many it has."""
        return len(self.history)

    @property
    def best_epoch(self) -> int:
        """The epoch with the highest validation accuracy."""
        return self.history.best.epoch

    @property
    def val_accuracy(self) -> float:
        """Validation accuracy of the best epoch."""
        return self.history.best.val_accuracy

    @property
    def val_loss(self) -> float:
        """Validation loss of the best epoch."""
        return self.history.best.val_loss

    @property
    def early_val_accuracy(self) -> float:
        """The highest validation accuracy in the first third of the epochs (rounded up): the speed of training."""
        return History(self.history.epochs[: -(-self.epochs // 3)]).best.val_accuracy

    @property
    def fall(self) -> float:
        """How far validation accuracy ends, as the mean of the last epochs, below its best."""
        return self.val_accuracy - statistics.fmean(row.val_accuracy for row in self.history.epochs[-LAST:])

    @property
    def last_train_accuracy(self) -> float:
        """Training accuracy of the last epoch."""
        return self.history.epochs[-1].train_accuracy

    @property
    def seconds_per_epoch(self) -> float:
        """The median."""
        return statistics.median(row.seconds for row in self.history.epochs)


@dataclass(frozen=True, kw_only=True)
class FailedTrial:
    """A run of a study that could not be finished, and why."""

    variant: str
    seed: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class Study:
    """The finished trials of a study; the first variant is the base that the others are compared with, seed by seed.

    train_faces, val_faces  that each trial had, under the first seed
    """

    data: str
    split: str
    recipe: str
    epochs: int
    batch_size: int
    train_faces: int
    val_faces: int
    variants: tuple[str, ...]
    seeds: tuple[int, ...]
    trials: tuple[Trial, ...]
    failed: tuple[FailedTrial, ...] = ()

    @property
    def base(self) -> str:
        """The variant that the others are compared with."""
        return self.variants[0]

    def of(self, variant: str) -> tuple[Trial, ...]:
        """The finished trials of a variant."""
        return tuple(trial for trial in self.trials if trial.variant == variant)

    def paired(self, variant: str, other: str) -> tuple[tuple[Trial, Trial], ...]:
        """The trials of two variants under the same seeds, those that both have finished."""
        found = {(trial.variant, trial.seed): trial for trial in self.trials}
        return tuple(
            (found[variant, seed], found[other, seed])
            for seed in self.seeds
            if (variant, seed) in found and (other, seed) in found
        )

    def heading(self) -> str:
        """One line: on what, how long, how often."""
        return (
            f"{self.data}, split {self.split}, {self.train_faces:,} training and {self.val_faces:,} validation faces, "
            f"recipe {self.recipe}, {self.epochs} epochs, batches of {self.batch_size}, {len(self.seeds)} seeds"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        trials = [
            {"variant": trial.variant, "seed": trial.seed, "history": trial.history.to_rows()}
            for trial in self.trials
        ]
        return asdict(self) | {"trials": trials}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Study":
        """The study that to_dict gave."""
        lists = {
            "variants": tuple(values["variants"]),
            "seeds": tuple(values["seeds"]),
            "failed": tuple(FailedTrial(**one) for one in values["failed"]),
            "trials": tuple(
                Trial(variant=one["variant"], seed=one["seed"], history=History.from_rows(one["history"]))
                for one in values["trials"]
            ),
        }
        return cls(**(values | lists))

    @classmethod
    def open(cls, folder: Path | str) -> "Study":
        """The study of a directory that `mien study` made; RunError where there is none or it is damaged."""
        path = Path(folder) / STUDY
        try:
            return cls.from_dict(json.loads(path.read_bytes()))
        except OSError as error:
            raise RunError(
                f"{folder} is not a study: {STUDY} cannot be read ({error.strerror or error})"
            ) from error
        except (ValueError, KeyError, TypeError, RunError) as error:
            raise RunError(
                f"{path} is damaged ({error}); mien study --out {folder} writes it anew"
            ) from error
