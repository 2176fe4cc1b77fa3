"""What the claims are judged by, taken from the material of a report."""

from mien.core.errors import MissingInput
from mien.core.images import VAL
from mien.core.material import Material, ReadRun
from mien.core.study import Study


def network(material: Material, model: str) -> ReadRun:
    """The first run of this network; MissingInput where there is none."""
    found = material.of_model(model)
    if found is None:
        raise MissingInput(f"none of these runs is of the {model}")
    return found


def looked_at(material: Material) -> ReadRun:
    """The run whose mistakes are judged: the first of the cnn, as in the report, or else the first."""
    found = material.of_model("cnn") or next(iter(material.runs), None)
    if found is None:
        raise MissingInput("there is no run")
    return found


def val_faces(run: ReadRun) -> int:
    """How many validation faces a run has, finished or not; MissingInput where that was not kept."""
    if run.val is not None:
        return len(run.val)
    try:
        return int((run.environment or {})["faces"][VAL])
    except (KeyError, TypeError) as error:
        raise MissingInput(f"run {run.name} does not say how many validation faces it has") from error


def is_finished(run: ReadRun) -> bool:
    """Whether all its epochs are done."""
    return len(run.history) >= run.config.epochs


def study(material: Material) -> Study:
    """The study; MissingInput where there is none."""
    if material.study is None:
        raise MissingInput("no study was given")
    return material.study
