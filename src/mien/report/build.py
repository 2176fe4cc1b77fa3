"""The report of finished runs: every diagnostic asked in turn, one HTML page, and all its numbers as JSON."""

import json
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from mien import __version__
from mien.auditing import votes_for
from mien.core.errors import ConfigError, MienError, MissingInput, RunError
from mien.core.images import TEST, TRAIN, VAL, LabelledImages, Parts
from mien.core.material import Material, ReadRun, told_apart
from mien.core.people_votes import PeopleVotes
from mien.core.plugins import plugin, plugin_names
from mien.core.rundir import ENVIRONMENT, RunDir
from mien.core.section import Finding, Section
from mien.core.study import Study
from mien.data.ferplus_csv import Votes, read_votes
from mien.data.of_run import check_same_data, training_parts
from mien.diagnostics._diagnostic import Diagnostic
from mien.report.html import page

DIAGNOSTICS = "mien.diagnostics"
METRICS = "metrics.json"


def make_report(
    runs: Sequence[RunDir | Path | str],
    out: Path | str | None = None,
    *,
    faces: LabelledImages | None = None,
    pair: tuple[str, str] | None = None,
    study: Study | Path | str | None = None,
    votes: Votes | Path | str | None = None,
    commands: Sequence[str] = (),
    progress: Callable[[str], object] = str,
) -> Path:
    """Write the page of one or several runs, and metrics.json with all its numbers beside it; returns the page's path.

    runs      the first one is looked at most closely
    out       the HTML file, replaced where it is there; by default report.html in the first run
    faces     in place of the data that the first run's config names
    pair      true and predicted class whose confusions the gallery shows; by default the most frequent
    study     a study (or its directory) that decides the claims about single choices
    votes     people's votes on the faces, as read_votes gives them (or their file)
    commands  those that made the runs, for the last section
    progress  called with the title of each section before it is made; by default nothing is told

    Needs matplotlib and Jinja2, not torch. Raises RunError where a run cannot be opened or the page not be written,
    MissingExtra where a package is missing, DataError where votes are not for these faces; what a run lacks is said on
    the page.
    """
    opened = [run if isinstance(run, RunDir) else RunDir.open(run) for run in runs]
    if not opened:
        raise ConfigError("a report needs at least one run")
    target = Path(out) if out else opened[0].path / "report.html"
    material = read_material(opened, faces=faces, pair=pair, study=study, votes=votes, commands=commands)
    found = sections(material, progress)
    written = page(material, found), json.dumps(metrics(found), indent=2, allow_nan=False) + "\n"
    for path, text in zip((target, target.with_name(METRICS)), written, strict=True):
        _write(path, text)
    return target


def read_material(
    runs: Sequence[RunDir],
    *,
    faces: LabelledImages | None = None,
    pair: tuple[str, str] | None = None,
    study: Study | Path | str | None = None,
    votes: Votes | Path | str | None = None,
    commands: Sequence[str] = (),
) -> Material:
    """Everything that the sections are made from; faces that cannot be read again are said to be missing.

    Raises DataError where votes cannot be read or are not for these faces.
    """
    opinions = votes if votes is None or isinstance(votes, Votes) else read_votes(votes)
    parts, why_not = _parts(runs[0], faces)
    return Material(
        runs=tuple(map(ReadRun.of, runs, told_apart([run.path for run in runs]))),
        parts=parts,
        no_faces=why_not,
        pair=pair,
        study=study if study is None or isinstance(study, Study) else Study.open(study),
        votes=None if opinions is None or parts is None else _by_part(opinions, parts),
        no_votes="" if opinions is None or parts else f"votes are joined to faces, and {why_not}",
        commands=tuple(commands),
    )


def _parts(run: RunDir, faces: LabelledImages | None) -> tuple[Parts | None, str]:
    try:
        parts = training_parts(run, faces)
        if run.has(ENVIRONMENT):
            check_same_data(run, parts)
        return parts, ""
    except MienError as error:
        return None, f"the faces cannot be read again: {error}"


def _by_part(votes: Votes, parts: Parts) -> dict[str, PeopleVotes]:
    """The votes for the faces of each part, row by row."""
    named = {name: faces for name in (TRAIN, VAL, TEST) if (faces := getattr(parts, name)) is not None}
    return {name: votes_for(votes, faces) for name, faces in named.items()}


def sections(
    material: Material,
    progress: Callable[[str], object] = str,
    *,
    only: Sequence[str] | None = None,
) -> tuple[Section, ...]:
    """All sections, or those of these names, in their order; one whose input is missing says what is missing.

    Those that show what a command of its own has found are left out where it was not asked.
    """
    names = plugin_names(DIAGNOSTICS) if only is None else only
    diagnostics = {name: plugin(DIAGNOSTICS, name, Diagnostic) for name in names}
    found = []
    for name, diagnostic in sorted(diagnostics.items(), key=lambda item: item[1].order):
        progress(diagnostic.title)
        finding = _finding(diagnostic, material)
        if finding is not None:
            found.append(
                Section(name=name, title=diagnostic.title, question=diagnostic.question, finding=finding)
            )
    return tuple(found)


def _finding(diagnostic: Diagnostic, material: Material) -> Finding | None:
    try:
        return diagnostic.make(material)
    except MissingInput as error:
        if diagnostic.on_demand:
            return None
        return Finding(answer=f"Missing: {error}.", blocks=(), data={"missing": str(error)})


def metrics(found: Sequence[Section]) -> dict[str, Any]:
    """Every number of the page by section, with each section's question and answer; what is not a number is null."""
    return {
        "mien": __version__,
        "sections": {
            section.name: {
                "question": section.question,
                "answer": section.finding.answer,
                "data": _plain(section.finding.data),
            }
            for section in found
        },
    }


def _plain(value: Any) -> Any:
    """JSON has no NaN, and numpy's numbers and arrays are not JSON's."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _write(path: Path, text: str) -> None:
    """Replace a file as a whole; RunError where that fails."""
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise RunError(
            f"{path}: cannot be written ({error.strerror or error}); choose another --out"
        ) from error
