"""How far a video is: a bar with the time left on standard error, where that is a terminal."""

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from mien.core.wording import shortened
from mien.inference.answer import Answer
from mien.inference.timeline_figure import spelled

if TYPE_CHECKING:
    from rich.progress import Progress


def with_progress(found: Iterable[Answer]) -> Iterator[Answer]:
    """The answers as they are; while those of a video go by, a bar."""
    bar = _VideoBar()
    try:
        for answer in found:
            bar.show(answer)
            yield answer
    finally:
        bar.close()


class _VideoBar:
    def __init__(self) -> None:
        self._bar: Progress | None = None

    @property
    def on_terminal(self) -> bool:
        """Whether somebody watches standard error."""
        return sys.stderr.isatty()

    def show(self, answer: Answer) -> None:
        """Begin, move or end the bar."""
        if answer.instant is None:
            self.close()
        elif self.on_terminal:
            if self._bar is None:
                self._begin(answer)
            self._move(answer)

    def _begin(self, answer: Answer) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[told]}"),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=Console(stderr=True, highlight=False, soft_wrap=True),
            transient=True,
            redirect_stdout=sys.stdout.isatty(),  # lines go above the bar; into a file or a pipe, they go there
        )
        self._bar.add_task(shortened(answer.source.path.name), total=None, told="")
        self._bar.start()

    def _move(self, answer: Answer) -> None:
        if self._bar and answer.instant:
            told, length = spelled(answer.instant.seconds), answer.instant.length
            told = f"{told} of {spelled(length)}" if length else told
            self._bar.update(self._bar.task_ids[0], total=length, completed=answer.instant.seconds, told=told)

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._bar:
            self._bar.stop()
            self._bar = None
