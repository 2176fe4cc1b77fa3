"""Answers of `mien predict` as lines that people read: a line a face, or, before a camera, a line a change."""

from collections.abc import Callable

from mien.core.expression import FaceExpression
from mien.inference.answer import Answer
from mien.inference.timeline_figure import spelled
from mien.inference.tracking import TrackedFace

_FACE_WIDTH = 67  # characters before the name of the file


def print_answer(answer: Answer) -> None:
    """A line for each face of a picture or frame, and one for a video that ends."""
    for face in answer.faces:
        print(f"{_line(face)}  {_where(answer, face)}", flush=True)
    if answer.ending:
        end = answer.ending
        print(
            f"{answer.source.name}: {end.frames:,} frames in {spelled(end.seconds)}, {end.analysed:,} analysed, "
            f"faces followed: {end.tracks:,}",
            flush=True,
        )
    elif not answer.faces and not answer.error:
        print(f"{'no face':<{_FACE_WIDTH}}{_where(answer)}", flush=True)


def changes() -> Callable[[Answer], None]:
    """What prints a line where a face comes or its label changes, and none where all stays as it was."""
    labels: dict[int, str] = {}

    def show(answer: Answer) -> None:
        faces = [face for face in answer.faces if isinstance(face, TrackedFace)]
        for face in faces:
            if labels.get(face.track) != face.label:
                print(f"{_line(face)}  {_where(answer, face)}", flush=True)
        seen = {face.track: face.label for face in faces}
        labels.update(seen)
        for gone in [track for track in labels if faces and track < min(seen) - _KEPT]:
            del labels[gone]  # numbers only go up, so this one will hardly come back

    return show


_KEPT = 1000  # tracks whose last label is remembered


def _line(face: FaceExpression) -> str:
    box = face.box
    place = f"{box.width:.0f}x{box.height:.0f} at {box.left:.0f},{box.top:.0f}"
    score = "" if face.score is None else f"face {face.score:.0%}"
    return f"{face.label:<9} {face.confidence:>4.0%}  {_second(face):<14}  {place:<21} {score:<9}"


def _second(face: FaceExpression) -> str:
    """The second most probable class, which tells how close it was."""
    share, name = sorted(zip(face.probabilities, face.classes, strict=True))[-2]
    return f"{name} {share:.0%}"


def _where(answer: Answer, face: FaceExpression | None = None) -> str:
    """The file, and of a video the time and which face."""
    if answer.instant is None:
        return answer.source.name
    track = f"  face {face.track}" if isinstance(face, TrackedFace) else ""
    return f"{answer.source.name}  {spelled(answer.instant.seconds)}{track}"
