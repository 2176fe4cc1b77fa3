"""The `mien` command: finds the command's file by name and turns mien's errors into one line and exit code 2."""

import io
import sys

from cyclopts import App, CycloptsError

from mien import __version__
from mien.core.errors import MienError

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
    "export": (
        "mien.cli.export:export",
        "Write a run's network as one ONNX file, with proof that it says the same.",
    ),
    "predict": (
        "mien.cli.predict:predict",
        "The label annotators would likely give each face in photos and folders.",
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
    "cost": ("mien.cli.cost:cost", "Count every operation, parameter and byte of a network."),
    "pca": ("mien.cli.pca:pca", "Principal component analysis with its reconstruction error, three ways."),
}

app = App(
    name="mien",
    version=__version__,
    help="Train, compare, diagnose and explain facial-expression recognition.",
)
for name, (place, summary) in COMMANDS.items():
    app.command(place, name=name, help=summary)


def main(words: list[str] | None = None) -> None:
    """Run one command, by default what was typed; what the user can mend becomes one line and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names of files may hold what a terminal cannot show
            stream.reconfigure(errors="backslashreplace")
    try:
        app(sys.argv[1:] if words is None else words, exit_on_error=False)
    except CycloptsError:  # cyclopts has printed it
        sys.exit(2)
    except MienError as error:
        print(f"mien: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:  # `mien runs | head` is no error
        sys.stderr.close()
