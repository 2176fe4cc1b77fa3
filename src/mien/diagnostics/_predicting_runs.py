"""The runs that have predictions of their validation part, each with its number on the page."""

from mien.core.errors import MissingInput
from mien.core.material import Material, ReadRun
from mien.core.predictions import Predictions
from mien.core.section import Text


def predicting_runs(material: Material) -> tuple[tuple[int, ReadRun, Predictions], ...]:
    """Number (which decides its colour), run and predictions; MissingInput, with the reasons, where there is none."""
    found = tuple(
        (number, run, run.val)
        for number, run in enumerate(material.runs)
        if run.val is not None and len(run.val)
    )
    if not found:
        raise MissingInput("; ".join(text.text.rstrip(".") for text in runs_left_out(material)))
    return found


def runs_left_out(material: Material) -> tuple[Text, ...]:
    """A line for every run without predictions."""
    return tuple(
        Text(text=f"{run.name} is left out: {_reason(run)}.")
        for run in material.runs
        if run.val is None or not len(run.val)
    )


def _reason(run: ReadRun) -> str:
    try:
        run.predictions()
    except MissingInput as error:
        return str(error)
    return "no validation face was predicted"
