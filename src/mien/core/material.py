"""Material: what the sections of a report are made from, read from disk once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from mien.core.config import TrainConfig
from mien.core.costs import CostTable
from mien.core.errors import DataError, MienError, MissingInput
from mien.core.history import History
from mien.core.identical import picture_digests
from mien.core.images import TEST, VAL, LabelledImages, Parts
from mien.core.people_votes import PeopleVotes
from mien.core.predictions import Predictions
from mien.core.rundir import RunDir
from mien.core.runsummary import RunSummary, summary
from mien.core.study import Study

Read = TypeVar("Read")

NO_VOTES = "people's votes on the faces were not given (--votes fer2013new.csv)"


@dataclass(frozen=True, kw_only=True, eq=False)
class ReadRun:
    """A run as it was on disk; what it lacks is None, and said in `missing`."""

    name: str
    path: str
    summary: RunSummary
    config: TrainConfig
    environment: dict[str, Any] | None
    history: History
    val: Predictions | None
    test: Predictions | None
    costs: CostTable | None
    missing: tuple[str, ...]

    @classmethod
    def of(cls, run: RunDir, name: str | None = None) -> "ReadRun":
        """Everything of a run that can be read, by its own name or another; RunError where not even its config can."""
        missing: list[str] = []

        def tried(read: Callable[[], Read]) -> Read | None:
            try:
                return read()
            except MienError as error:
                missing.append(str(error))
                return None

        history = tried(lambda: run.history) or History()
        return cls(
            name=name or run.name,
            path=str(run.path),
            summary=summary(run, history),
            config=run.config,
            environment=tried(lambda: run.environment),
            history=history,
            val=tried(lambda: run.predictions(VAL)),
            test=tried(lambda: run.predictions(TEST)) if run.has_predictions(TEST) else None,
            costs=tried(lambda: run.costs),
            missing=tuple(missing),
        )

    def predictions(self) -> Predictions:
        """Those of the validation part; MissingInput where the run has none."""
        if self.val is None:
            raise MissingInput(
                f"run {self.name} has no predictions of its validation part; finish its training"
            )
        return self.val

    def epochs(self) -> History:
        """Its epochs; MissingInput where it has none yet."""
        if not len(self.history):
            raise MissingInput(f"run {self.name} has no finished epoch")
        return self.history

    def cost_table(self) -> CostTable:
        """What its network costs; MissingInput where that was not counted."""
        if self.costs is None:
            raise MissingInput(f"run {self.name} has no costs.json; it is written when training begins")
        return self.costs


@dataclass(frozen=True, kw_only=True, eq=False)
class Material:
    """Runs, the first of which is the one that is looked at most closely, and the faces that they share.

    parts     the faces of the first run in its parts, or None with the reason in no_faces
    pair      true and predicted class that the reader wants to see mistakes of, or None: the most frequent pair
    study     a grid of runs that decides what two runs cannot, or None
    votes     what people see in the faces of each part, row by row, or None with the reason in no_votes
    commands  those that make the runs and this page again
    """

    runs: tuple[ReadRun, ...]
    parts: Parts | None = None
    no_faces: str = ""
    pair: tuple[str, str] | None = None
    study: Study | None = None
    votes: Mapping[str, PeopleVotes] | None = None
    no_votes: str = ""
    commands: tuple[str, ...] = ()

    def faces(self, predictions: Predictions) -> LabelledImages:
        """The predicted faces in the order of the predictions; MissingInput where they are not at hand."""
        parts = self.all_parts()
        try:
            found = predictions.joined(parts[predictions.split])
        except DataError as error:
            raise MissingInput(
                f"run {predictions.run} was measured on other faces than the first run: {error}"
            ) from error
        if not np.array_equal(found.labels, predictions.labels):  # ids are often no more than row numbers
            raise MissingInput(f"run {predictions.run} was measured on other faces than the first run")
        return found

    def all_parts(self) -> Parts:
        """Every face of the first run's data; MissingInput where they are not at hand."""
        if self.parts is None:
            raise MissingInput(self.no_faces or "the faces are not at hand")
        return self.parts

    def people(self, predictions: Predictions) -> PeopleVotes:
        """The votes for the predicted faces, in the order of the predictions; MissingInput where there are none."""
        if self.votes is None or predictions.split not in self.votes:
            raise MissingInput(self.no_votes or NO_VOTES)
        place = {name: row for row, name in enumerate(self.all_parts()[predictions.split].ids.tolist())}
        rows = [place[name] for name in self.faces(predictions).ids.tolist()]
        return self.votes[predictions.split].select(np.array(rows, dtype=np.int64))

    @cached_property
    def training_digests(self) -> frozenset[bytes]:
        """Digests of the training pictures (mien.core.identical), made once; MissingInput where there are no faces."""
        return frozenset(picture_digests(self.all_parts().train.pixels))

    def of_model(self, model: str) -> ReadRun | None:
        """The first run of a network of this name."""
        return next((run for run in self.runs if run.config.model == model), None)


def told_apart(paths: Sequence[Path]) -> tuple[str, ...]:
    """A name for each path: its last part, or as many of its last parts as tell it from the others.

    >>> told_apart([Path("lab-1/cnn"), Path("lab-1/dnn")]), told_apart([Path("lab-1/cnn"), Path("lab-2/cnn")])
    (('cnn', 'dnn'), ('lab-1/cnn', 'lab-2/cnn'))
    """
    parts = [path.resolve().parts for path in paths]
    for depth in range(1, max(map(len, parts), default=0) + 1):
        names = tuple("/".join(each[-depth:]) for each in parts)
        if len(set(names)) == len(names):
            return names
    return tuple(f"{each[-1]} ({number})" for number, each in enumerate(parts, start=1))
