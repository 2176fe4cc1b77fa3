"""`mien distil`: train a network on what finished runs say, beside the labels."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from mien.cli._config_flags import with_flags_of
from mien.cli._figures import print_run
from mien.cli._together import together
from mien.cli.train import config_of, trained
from mien.core.config import Augmentation, TrainConfig
from mien.core.teachers import taught_by

STUDENT = "pocket"


@with_flags_of(TrainConfig, Augmentation)
def distil(
    data: str,
    *,
    teachers: Annotated[list[str], Parameter(consume_multiple=True, negative=())],
    alpha: float = 0.9,
    temperature: float = 2.0,
    scores: Path | None = None,
    recipe: str = "trunk",
    out: Path | None = None,
    augment: bool = True,
    init: str | None = None,
    json: bool = False,
    **flags: Any,
) -> None:
    """Train a network on what finished runs say of the same varied faces, beside the labels.

    Takes the choices of `mien train`; --model is "pocket" where neither it nor --init is given. What was interrupted
    goes on with mien train --resume, to the same end, as long as the teachers are where they were.

    Parameters
    ----------
    data
        Labelled faces as `mien train` takes them.
    teachers
        Directories of finished runs on faces of the same classes and size, or names of networks that come with mien.
    alpha
        Share of the teachers in the loss, above 0; the rest is the labels'.
    temperature
        By which logits are divided before teachers and student are compared.
    scores
        Folder with what these teachers said of stored views (scripts/store_scores.py makes it, with the recipe trunk's
        augmentation): nothing is asked anew.
    recipe
        Choices by name, as for `mien train`; other flags change single ones.
    out
        The run's directory, which must not exist; by default the next free runs/<model>-<number>.
    augment
        Vary the training faces; --flip, --shift, --rotation, --scale, --light, --sharpness and --erase say how.
    init
        Begin with the weights of this finished run, or of a network that comes with mien, in place of random ones.
    json
        Print what came of it, as mien runs --json has it.
    """
    from mien.training.stored import stored_scores

    with together() as here:
        if init is None:
            flags["model"] = flags.get("model") or STUDENT
        how = taught_by(teachers, alpha=alpha, temperature=temperature)
        if scores is not None:
            how = replace(how, stored=stored_scores(scores))
        config = replace(config_of(data, recipe, augment, flags, init), distillation=how)
        run = trained(config, out, here)
    if here.processes.is_first:
        print_run(run, json)
