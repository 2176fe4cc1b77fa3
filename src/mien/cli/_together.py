"""A command in several processes, as torchrun starts it: one of them speaks, and what ends one ends all clearly."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import NoReturn

from mien.core.errors import ConfigError, MienError
from mien.training.processes import Processes, are_several, current

ABLE = ("train", "distil")  # commands whose work several processes can share
REFUSED = 2
TERMINATED = 128 + signal.SIGTERM  # what shells give a program that was asked to end


@dataclass
class SharedCommand:
    """The processes of a command, and the run that they work on once it is known."""

    processes: Processes
    run: Path | None = None

    def refuse(self, what: str) -> None:
        """ConfigError where several processes were started for what is the work of one."""
        if self.processes.size > 1:
            raise ConfigError(f"{what} works in one process: start it without torchrun")

    def end(self, words: str, code: int) -> NoReturn:
        """Say why, in one process of all, and end this one at once: to take leave of lost processes can hang."""
        if words and self.processes.has_the_word():
            print(words, file=sys.stderr)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


@contextmanager
def together() -> Iterator[SharedCommand]:
    """The processes of this command; where they are several, an error is told by one of them, in one line."""
    found = SharedCommand(current())
    if found.processes.size == 1:
        yield found
        return
    _watch(found)
    try:
        yield found
    except MienError as error:
        found.end(f"mien: {error}", REFUSED)
    except SystemExit as leaving:
        found.end("", leaving.code if isinstance(leaving.code, int) else 1)
    found.processes.leave()


def refuse_several(command: str) -> None:
    """ConfigError, in one process of all, where several were started for a command that is the work of one."""
    if command not in ABLE and are_several():
        with together() as here:
            here.refuse(f"mien {command}")


def _watch(found: SharedCommand) -> None:
    """Say what happened when torchrun ends this process, as it does with all others where one of them was killed.

    A thread hears of it, as the main one may wait for the lost process in code that Python cannot interrupt.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)

    def wait() -> None:
        while os.read(reader, 1) != bytes([signal.SIGTERM]):
            pass
        found.end(_terminated(found), TERMINATED)

    Thread(target=wait, daemon=True).start()


def _terminated(found: SharedCommand) -> str:
    why = "mien: ended by torchrun, as another process was killed or torchrun itself was asked to end"
    if found.run is None:
        return f"{why}; nothing was begun"
    return f"{why}; finished epochs are safe. Go on with: {found.processes.again(found.run)}"
