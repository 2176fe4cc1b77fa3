"""The `mien` command: finds the command's file by name and turns mien's errors into one line and exit code 2."""

import io
import sys
from typing import TYPE_CHECKING

from mien import __version__
from mien.core.errors import MienError

if TYPE_CHECKING:
    from cyclopts import App

PURPOSE = "Train, compare, diagnose and explain facial-expression recognition."

COMMANDS = {
    "lab": (
        "mien.cli.lab:lab",
        "The report's main job: train both networks on the same faces, measure them, and write the page.",
    ),
    "compare": ("mien.cli.compare:compare", "Put finished runs side by side, with a paired test."),
    "report": ("mien.cli.report:report", "Write one page from finished runs."),
    "train": ("mien.cli.train:train", "Train a network on labelled faces, or go on with a run."),
    "distil": (
        "mien.cli.distil:distil",
        "Train a network on what finished runs say of the faces, beside the labels.",
    ),
    "join": (
        "mien.cli.join:join",
        "Join the networks of finished runs to one that averages their logits.",
    ),
    "average": (
        "mien.cli.average:average",
        "Average the weights of finished runs that began alike into one network.",
    ),
    "export": (
        "mien.cli.export:export",
        "Write a run's network as one ONNX file, with proof that it says the same.",
    ),
    "predict": (
        "mien.cli.predict:predict",
        "The label annotators would likely give each face in photos, videos and before the camera.",
    ),
    "study": (
        "mien.cli.study:study",
        "Train the comparisons that the report left open, and say what they decide.",
    ),
    "evaluate": (
        "mien.cli.evaluate:evaluate",
        "Measure a finished run: accuracy with its interval, macro-F1, per class.",
    ),
    "runs": ("mien.cli.runs:runs", "List runs in a table."),
    "data": ("mien.cli.data:data", "Read a data set and say what is in it."),
    "audit": (
        "mien.cli.audit:audit",
        "Find duplicates, leaks, pictures that are no faces, and doubtful labels.",
    ),
    "stress": (
        "mien.cli.stress:stress",
        "Measure finished runs on noisy, blurred, covered and displaced faces.",
    ),
    "explain": ("mien.cli.explain:explain", "Show which pixels a network's scores come from."),
    "cost": ("mien.cli.cost:cost", "Count every operation, parameter and byte of a network."),
    "pca": ("mien.cli.pca:pca", "Principal component analysis with its reconstruction error, three ways."),
}


def app() -> "App":
    """All commands, each imported where it is called."""
    from cyclopts import App  # takes longer to import than all of mien's own

    made = App(name="mien", version=__version__, help=PURPOSE)
    for name, (place, summary) in COMMANDS.items():
        made.command(place, name=name, help=summary)
    return made


def overview() -> str:
    """What `mien --help` prints: every command in a line."""
    lines = [f"  {name:<10} {summary}" for name, (_, summary) in sorted(COMMANDS.items())]
    return "\n".join(
        ("Usage: mien COMMAND", "", PURPOSE, "", "Commands:", *lines, "", "mien COMMAND --help says more.")
    )


def main(words: list[str] | None = None) -> None:
    """Run one command, by default what was typed; what the user can mend becomes one line and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names of files may hold what a terminal cannot show
            stream.reconfigure(errors="backslashreplace")
    words = sys.argv[1:] if words is None else words
    if words in ([], ["--help"], ["-h"]):
        print(overview())
        sys.exit(0)
    run(words)


def run(words: list[str]) -> None:
    """Run one command with cyclopts."""
    from cyclopts import CycloptsError

    from mien.cli._together import refuse_several

    try:
        refuse_several(words[0])
        app()(words, exit_on_error=False)
    except CycloptsError:  # cyclopts has printed it
        sys.exit(2)
    except MienError as error:
        print(f"mien: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:  # `mien runs | head` is no error
        sys.stderr.close()
