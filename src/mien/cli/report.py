"""`mien report`: one page from finished runs."""

import shlex
import sys
from collections.abc import Sequence
from json import loads
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

import mien
from mien.cli._figures import print_json
from mien.core.command import train_command
from mien.core.errors import ConfigError
from mien.core.rundir import RunDir
from mien.report.build import METRICS


def report(
    *runs: Path,
    out: Path | None = None,
    data: str | None = None,
    pair: str | None = None,
    study: Path | None = None,
    votes: Path | None = None,
    quiet: Annotated[bool, Parameter(negative=())] = False,
    json: bool = False,
) -> None:
    """Write one HTML page that opens offline, and metrics.json with all its numbers beside it. Needs no torch.

    Parameters
    ----------
    runs
        Directories of runs; the first one is looked at most closely.
    out
        The page; by default report.html in the first run. It is replaced where it is there.
    data
        Where the faces of the first run lie now, if they have moved.
    pair
        True and predicted class whose confusions the gallery shows, such as fear,sad.
    study
        Directory of a study (mien study), which decides the claims about single choices.
    votes
        The votes of FER+ (fer2013new.csv), where the data is FER2013: how much of the mistakes people make too.
    quiet
        Do not tell which section is being made.
    json
        Print where the page lies as JSON, with the page's numbers.
    """
    faces = mien.load(data) if data else None
    told = str if quiet else tell
    opened = [mien.RunDir.open(run) for run in runs]
    again = [train_command(run.config, str(run.path)) for run in opened]
    asked = {"--out": out, "--data": data, "--pair": pair, "--study": study, "--votes": votes}
    words = [f"{flag}={value}" for flag, value in asked.items() if value is not None]
    page = mien.make_report(
        opened,
        out,
        faces=faces,
        pair=pair_of(pair),
        study=study,
        votes=votes,
        commands=[*again, shlex.join(["mien", "report", *map(str, runs), *words])],
        progress=told,
    )
    if json:
        print_page(page, opened)
    else:
        print(page)


def print_page(page: Path, runs: Sequence[RunDir]) -> None:
    """Where everything lies and the numbers of the page, as JSON."""
    numbers = loads(page.with_name(METRICS).read_text(encoding="utf-8"))
    print_json({"page": str(page), "runs": [str(run.path) for run in runs], **numbers})


def pair_of(text: str | None) -> tuple[str, str] | None:
    """Two class names with a comma between them; ConfigError where there are not two."""
    if text is None:
        return None
    names = [name.strip() for name in text.split(",")]
    if len(names) != 2 or not all(names):
        raise ConfigError(f"--pair {text}: expected a true and a predicted class, such as fear,sad")
    return names[0], names[1]


def tell(title: str) -> None:
    """Say which section is being made."""
    print(f"report   {title}", file=sys.stderr)
