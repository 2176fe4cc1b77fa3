"""`mien study`: the comparisons that the report left open, each choice of the CNN under several seeds."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from mien.analysis.claims import OF_A_STUDY, judged
from mien.analysis.claims.table import claims_table
from mien.analysis.study_table import study_table
from mien.cli._figures import print_json, show
from mien.cli._markdown import markdown as as_markdown
from mien.core.errors import ConfigError
from mien.core.material import Material
from mien.core.rundir import RunDir
from mien.core.study import Study
from mien.core.variants import BASE, VARIANTS

if TYPE_CHECKING:
    from mien.training.grid import Grid


def study(
    data: str = "drawn:count=5000",
    *,
    recipe: str = "report",
    epochs: int = 20,
    seeds: int = 3,
    faces: int | None = None,
    variants: Annotated[tuple[str, ...], Parameter(consume_multiple=True)] = (),
    split: str = "official",
    batch_size: int = 128,
    threads: int = 0,
    out: Path | None = None,
    json: bool = False,
    markdown: bool = False,
) -> None:
    """Train the CNN with one choice changed at a time, under several seeds, and judge the claims C4 to C8.

    Each trial is a run in its own folder below --out. What was interrupted goes on with the same command and the same
    --out; more seeds or variants are added in the same way.

    Parameters
    ----------
    data
        Labelled faces as `mien train` takes them; drawn ones by default.
    recipe
        "report", as plain as the founding report's, or "default".
    epochs
        Passes over the training faces in each trial.
    seeds
        How many seeds: 0, 1, 2 and so on, each for every variant; three are the least that is judged.
    faces
        Train on so many of the training faces, each class in its share, and validate on all.
    variants
        Compare only these with the base: max-pooling, constant-dropout, no-dropout, no-batch-norm, relu, flat-widths.
    split
        "official", or "random:0.1" for a tenth of the training part as validation.
    batch_size
        Faces per step.
    threads
        Processor threads; 0: as many as torch chooses.
    out
        Folder of the trials and of study.json; by default the next free runs/study-<number>.
    json
        Print JSON instead of a table.
    markdown
        Print Markdown instead, for a document.
    """
    if json and markdown:
        raise ConfigError("--json and --markdown exclude each other: give one of them")
    from mien.training.grid import Grid

    grid = Grid(
        data=data,
        split=split,
        recipe=recipe,
        epochs=epochs,
        batch_size=batch_size,
        threads=threads,
        faces=faces,
        seeds=tuple(range(seeds)),
        variants={name: VARIANTS[name] for name in _known(variants)},
    )
    found = _trained(grid, out or RunDir.next_free(Path("runs"), "study"))
    judgements = judged(Material(runs=(), study=found), OF_A_STUDY)
    if json:
        print_json({"study": found.to_dict(), "claims": [one.to_dict() for one in judgements]})
    elif markdown:
        show(f"{as_markdown(study_table(found))}\n\n{as_markdown(claims_table(judgements))}")
    else:
        show(study_table(found).as_text())
        for one in judgements:
            show(f"\n{one.claim} {one.verdict}: {one.statement}\n  {one.evidence} {one.decided_by}".rstrip())
    if found.failed:
        sys.exit(2)


def _known(variants: tuple[str, ...]) -> tuple[str, ...]:
    """The base and the variants that are asked for, all where none is; ConfigError for an unknown one."""
    unknown = [name for name in variants if name not in VARIANTS]
    if unknown:
        raise ConfigError(f"--variants {unknown[0]}: expected some of {', '.join(VARIANTS)}")
    return tuple(dict.fromkeys((BASE, *(variants or VARIANTS))))


def _trained(grid: "Grid", folder: Path) -> Study:
    """The study; Ctrl-C ends the process cleanly, with how to go on."""
    import mien.training.study as training
    from mien.cli._study_progress import ShownStudy
    from mien.cli._train_progress import INTERRUPTED

    try:
        found = training.study(grid, folder, progress=ShownStudy())
    except KeyboardInterrupt:
        way_on = f"finished epochs are safe. Go on with the same command and --out {folder}"
        print(f"\ninterrupted; {way_on if folder.exists() else 'nothing was begun'}", file=sys.stderr)
        sys.exit(INTERRUPTED)
    print(f"study: {folder}", file=sys.stderr)
    return found
