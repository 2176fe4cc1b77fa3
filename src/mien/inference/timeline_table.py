"""The expressions of a video over time as a table: a row for each face of each analysed frame."""

import csv
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from mien.core.errors import ConfigError
from mien.inference.timeline import read_timeline
from mien.inference.timeline_figure import drawn
from mien.inference.watching import Moment


class TimelineTable:
    """CSV of seconds, track and averaged probabilities, `path` with .csv added; and drawn beside it with .png.

    Made in a `with`; the figure is drawn from the table when that is left. ConfigError where it cannot be written.
    """

    def __init__(self, path: Path, classes: Sequence[str]) -> None:
        self.path = path.with_name(path.name + ".csv")
        self.figure = path.with_name(path.name + ".png")
        self._head = ["seconds", "track", *classes]
        self._held = ExitStack()

    def __enter__(self) -> Self:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._held.enter_context(self.path.open("w", newline="", encoding="utf-8"))
            self._rows = csv.writer(self._file, lineterminator="\n")
            self._rows.writerow(self._head)
        except OSError as error:
            raise ConfigError(f"{self.path}: cannot be written ({error.strerror})") from error
        return self

    def add(self, moment: Moment) -> None:
        """The faces of the next frame."""
        try:
            for face in moment.faces:
                shares = [round(share, 4) for share in face.probabilities]
                self._rows.writerow([moment.frame.seconds, face.track, *shares])
            self._file.flush()
        except OSError as error:
            raise ConfigError(f"{self.path}: cannot be written ({error.strerror})") from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Also of a video that was interrupted there is a figure."""
        try:
            self._held.close()
            drawn(read_timeline(self.path)).save(self.figure, "PNG")
        except OSError as failed:
            raise ConfigError(f"{self.figure}: cannot be written ({failed.strerror or failed})") from failed
