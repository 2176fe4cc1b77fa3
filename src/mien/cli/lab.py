"""`mien lab`: the founding report's main job, from labelled faces to both networks trained, measured and reported."""

import shlex
import sys
from pathlib import Path

import mien
from mien.auditing import votes_for
from mien.cli._examined import examine as examined
from mien.cli.report import pair_of, print_page, tell
from mien.core.config import TrainConfig
from mien.core.errors import ConfigError
from mien.core.images import LabelledImages
from mien.core.rundir import CONFIG, RunDir
from mien.core.study import Study
from mien.data.ferplus_csv import Votes, read_votes

NETWORKS = ("cnn", "dnn")
DRAWN = "drawn:count=5000"
# Epochs and faces per step: enough for drawn faces, and as the report's for all others.
_DRAWN_LENGTH, _LENGTH = (12, 64), (60, 128)


def lab(
    data: str = DRAWN,
    *,
    recipe: str = "report",
    split: str = "official",
    epochs: int | None = None,
    batch_size: int | None = None,
    seed: int = 0,
    threads: int = 0,
    pair: str | None = None,
    study: Path | None = None,
    votes: Path | None = None,
    examine: bool = True,
    out: Path | None = None,
    json: bool = False,
) -> None:
    """Train the report's CNN and the DNN of the same size on the same faces, and write the whole report as one page.

    What was interrupted goes on, and what is finished is taken as it is, where the same command names its --out.

    Parameters
    ----------
    data
        Labelled faces as `mien train` takes them; drawn ones by default.
    recipe
        "report", as plain as the founding report's, or "default", which needs more epochs and ends higher.
    split
        "official", or "random:0.1" for a tenth of the training part as validation.
    epochs
        Passes over the training faces; by default 12 for drawn faces, 60 for others.
    batch_size
        Faces per step; by default 64 for drawn faces, 128 for others.
    seed
        Of everything random.
    threads
        Processor threads; 0: as many as torch chooses.
    pair
        True and predicted class whose confusions the gallery shows, such as fear,sad.
    study
        Directory of a study (mien study), which decides the claims about single choices.
    votes
        The votes of FER+ (fer2013new.csv), where the data is FER2013: how much of the mistakes people make too.
    examine
        Put the CNN under stress (250 validation faces) and show what it looks at, for under two minutes more.
    out
        Folder of the two runs and of report.html; by default the next free runs/lab-<number>.
    json
        Print where the runs and the page lie as JSON, with the page's numbers.
    """
    folder = out or RunDir.next_free(Path("runs"), "lab")
    shown_pair = pair_of(pair)
    usual = _DRAWN_LENGTH if data.partition(":")[0] == "drawn" else _LENGTH
    asked = {
        "split": split,
        "epochs": usual[0] if epochs is None else epochs,
        "batch_size": usual[1] if batch_size is None else batch_size,
        "seed": seed,
        "threads": threads,
    }
    words = [f"--{name.replace('_', '-')}={value}" for name, value in asked.items()]
    further = {"pair": pair, "study": study, "votes": votes}
    words += [f"--{name}={value}" for name, value in further.items() if value]
    words += [] if examine else ["--no-examine"]
    command = shlex.join(["mien", "lab", data, f"--recipe={recipe}", *words, f"--out={folder}"])
    faces = mien.load(data)
    _check_pair(shown_pair, faces)
    judged_by = Study.open(study) if study else None  # what cannot be read is said before hours of training
    opinions = _fitting(votes, faces) if votes else None
    runs = [
        _trained(mien.recipe(recipe, data=data, model=name, **asked), faces, folder / name, command)
        for name in NETWORKS
    ]
    if examine:
        examined(runs[0], mien.training_parts(runs[0], faces))
    told = mien.make_report(
        runs,
        folder / "report.html",
        faces=faces,
        pair=shown_pair,
        study=judged_by,
        votes=opinions,
        commands=(command,),
        progress=tell,
    )
    if json:
        print_page(told, runs)
    else:
        print(f"runs: {folder}\nreport: {told}")


def _check_pair(pair: tuple[str, str] | None, faces: LabelledImages) -> None:
    unknown = [name for name in pair or () if name not in faces.classes]
    if unknown:
        raise ConfigError(f"--pair: no class is called '{unknown[0]}'; there are {', '.join(faces.classes)}")


def _fitting(votes: Path, faces: LabelledImages) -> Votes:
    """The votes, once they are known to be for these faces."""
    found = read_votes(votes)
    votes_for(found, faces)
    return found


def _trained(config: TrainConfig, faces: LabelledImages, path: Path, command: str) -> RunDir:
    """The run at this path, finished: trained, gone on with, or taken as it is."""
    from mien.cli._train_progress import Shown, interruptible

    def work(shown: Shown) -> RunDir:
        if not (path / CONFIG).is_file():
            return mien.train(config, faces, out=path, progress=shown)
        run = RunDir.open(path)
        if run.config != config:
            raise ConfigError(f"{path} was trained with other choices; give the same ones, or another --out")
        return mien.resume(run, faces, progress=shown)

    run = interruptible(path, Shown(), work, go_on=command)
    print(file=sys.stderr)
    return run
