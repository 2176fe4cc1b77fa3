"""Study: a grid of trials trained one after the other, resumed where it was interrupted."""

from dataclasses import dataclass, field, fields
from pathlib import Path

from mien.core.config import TrainConfig
from mien.core.errors import MienError, RunError
from mien.core.images import LabelledImages
from mien.core.rundir import CONFIG, RunDir
from mien.core.study import STUDY, FailedTrial, Study, Trial
from mien.data.load import load
from mien.data.of_run import check_same_data, parts_of
from mien.training.fit import resume, train
from mien.training.grid import Grid
from mien.training.progress import Progress


class StudyProgress(Progress):
    """Hears of every trial too, and shows nothing."""

    def study(self, trials: int, epochs_left: int) -> None:
        """A study begins or goes on: so many trials in all, so many epochs of them not done yet."""

    def trial(self, number: int, name: str) -> None:
        """A trial begins, goes on, or is found finished."""

    def failed(self, name: str, reason: str) -> None:
        """A trial cannot be finished; the study goes on with the next."""


def study(
    grid: Grid,
    out: Path | str,
    *,
    faces: LabelledImages | None = None,
    progress: StudyProgress | None = None,
) -> Study:
    """Train every trial of a grid, each a run directory <out>/<variant>-<seed>, and keep <out>/study.json.

    A finished trial is kept, an unfinished one goes on; what another grid of the same choices left in study.json, with
    other variants or seeds, is added to. One that cannot be finished (a damaged directory, a loss that
    diverges) is named in the study's `failed`, and the others go on. study.json is replaced after every trial.

    faces  in place of what the grid's data names, which is then only told

    Raises DataError where the faces cannot be read, ConfigError where they are too few, RunError where study.json
    cannot be written.
    """
    folder = Path(out)
    told = progress or StudyProgress()
    loaded = load(grid.data) if faces is None else faces
    work = _Work(grid, folder, loaded, told)
    told.study(len(grid.trials), _epochs_left(grid, folder))
    for number, (variant, seed) in enumerate(grid.trials, start=1):
        told.trial(number, trial_name(variant, seed))
        work.attempt(variant, seed)
        work.write()
    return work.study()


def trial_name(variant: str, seed: int) -> str:
    """The directory of a trial."""
    return f"{variant}-{seed}"


@dataclass
class _Work:
    """A study between its trials."""

    grid: Grid
    folder: Path
    faces: LabelledImages
    told: StudyProgress
    trials: dict[tuple[str, int], Trial] = field(default_factory=dict)
    failed: list[FailedTrial] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.seed = self.grid.seeds[0]
        self.given = self.grid.chosen(self.faces, self.seed)
        parts = parts_of(self.grid.config(self.grid.trials[0][0], self.seed), self.given).parts
        self.sizes = len(parts.train), len(parts.val)
        self.earlier = self._earlier()
        self.trials = {(one.variant, one.seed): one for one in (self.earlier.trials if self.earlier else ())}

    def _earlier(self) -> Study | None:
        """What study.json holds, to be added to; RunError where that is a study of other choices."""
        try:
            found = Study.open(self.folder) if (self.folder / STUDY).is_file() else None
        except MienError:  # the trials' own directories say all that it said
            return None
        if found is not None:
            _check_same_study(self.folder, found, self.study())
        return found

    def attempt(self, variant: str, seed: int) -> None:
        """Train one trial, or note why it cannot be."""
        if seed != self.seed:
            self.seed, self.given = seed, self.grid.chosen(self.faces, seed)
        path = self.folder / trial_name(variant, seed)
        try:
            run = _trained(path, self.grid.config(variant, seed), self.given, self.told)
            self.trials[variant, seed] = Trial(variant=variant, seed=seed, history=run.history)
        except MienError as error:
            self.trials.pop((variant, seed), None)
            self.failed.append(FailedTrial(variant=variant, seed=seed, reason=str(error)))
            self.told.failed(path.name, str(error))

    def study(self) -> Study:
        """What is finished so far."""
        grid = self.grid
        had = getattr(self, "earlier", None)  # not there yet while it is being read
        return Study(
            data=grid.data if grid.data.startswith("drawn") else Path(grid.data).name,
            split=grid.split,
            recipe=grid.recipe,
            epochs=grid.epochs,
            batch_size=grid.batch_size,
            train_faces=self.sizes[0],
            val_faces=self.sizes[1],
            variants=tuple(dict.fromkeys((*(had.variants if had else ()), *grid.variants))),
            seeds=tuple(sorted({*(had.seeds if had else ()), *grid.seeds})),
            trials=tuple(self.trials.values()),
            failed=tuple(self.failed),
        )

    def write(self) -> None:
        """study.json, replaced as a whole."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            RunDir(self.folder).write_json(STUDY, self.study().to_dict())
        except (OSError, RunError) as error:
            reason = getattr(error.__cause__ or error, "strerror", None) or error
            raise RunError(
                f"{self.folder}: {STUDY} cannot be written ({reason}); finished epochs are safe"
            ) from error


_SAME = ("data", "split", "recipe", "epochs", "batch_size", "train_faces", "val_faces")


def _check_same_study(folder: Path, found: Study, wanted: Study) -> None:
    """RunError, before anything is trained or written, where a folder holds a study of other choices."""
    other = [name for name in _SAME if getattr(found, name) != getattr(wanted, name)]
    if other:
        name = other[0]
        raise RunError(
            f"{folder} holds a study with {name} {getattr(found, name)}, not {getattr(wanted, name)}; "
            "give the same choices, or another --out"
        )


def _trained(path: Path, config: TrainConfig, faces: LabelledImages, told: Progress) -> RunDir:
    """The finished run of a trial, trained, resumed, or as it was found."""
    if not (path / CONFIG).exists():
        return train(config, faces, out=path, progress=told)
    run = RunDir.open(path)
    _check_choices(run, config)
    if not run.finished:
        return resume(run, faces, progress=told)
    check_same_data(run, parts_of(config, faces).parts)
    return run


def _check_choices(run: RunDir, wanted: TrainConfig) -> None:
    """RunError where a directory holds a run of other choices."""
    found = run.config
    other = [one.name for one in fields(TrainConfig) if getattr(found, one.name) != getattr(wanted, one.name)]
    if other:
        name = other[0]
        raise RunError(
            f"{run.path} holds a run with {name} {getattr(found, name)}, not {getattr(wanted, name)}; "
            "give the same choices, or another --out"
        )


def _epochs_left(grid: Grid, folder: Path) -> int:
    """Epochs of all trials that are not on disk yet; those of a run that cannot be read count as left."""
    return sum(grid.epochs - _epochs_done(folder / trial_name(*trial)) for trial in grid.trials)


def _epochs_done(path: Path) -> int:
    try:
        return len(RunDir(path).history)
    except MienError:
        return 0
