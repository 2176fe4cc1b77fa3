"""How runs stand corruptions, as sentences and tables: the same on the page and in the terminal."""

from collections.abc import Sequence

from mien.analysis.stressed import Corrupted, Stress
from mien.core.text_tables import TextTable
from mien.core.wording import interval, listed, percent

_MOST_TOLD = 3
_LOSS = "Lost: share of the accuracy on clean faces that is lost, mean over the strengths; below 0 a corruption helps."


def answer(runs: Sequence[tuple[str, Stress]]) -> str:
    """What the corruptions cost each run, or of many runs the first and the last; the weakest point is named."""
    if len(runs) <= _MOST_TOLD:
        return "; ".join(_told(name, found) for name, found in runs) + "."
    ordered = sorted(runs, key=lambda run: run[1].loss)
    (best, least), (worst, most) = ordered[0], ordered[-1]
    return f"Of {len(runs)} runs {best} loses least and {worst} most: {_told(best, least)}; {_told(worst, most)}."


def _told(name: str, found: Stress) -> str:
    weakest, strongest = found.weakest, found.strongest
    return (
        f"{name} loses {percent(found.loss)} ({interval(found.interval)}) of its accuracy over "
        f"{len(found.corruptions)} corruptions, most under {weakest.name} ({percent(weakest.loss)}) and least "
        f"under {strongest.name} ({percent(strongest.loss)})"
    )


def accuracy_table(name: str, found: Stress) -> TextTable:
    """Accuracy in percent of a run, a row a corruption and a column a strength."""
    strengths = range(1, len(found.corruptions[0].figures) + 1)
    sample = found.sample
    return TextTable(
        title=f"{name} on {_faces(found)}: accuracy in percent by strength",
        headers=("corruption", *map(str, strengths), "lost", "ECE", "strengths are"),
        rows=tuple(_row(each) for each in found.corruptions),
        totals=("mean", *_mean_accuracies(found), percent(found.loss), percent(found.ece), ""),
        footer=(
            f"Clean: {percent(found.clean.accuracy)} right, ECE {percent(found.clean.ece)}, "
            f"log-loss {found.clean.log_loss:.3f} nats. Lost over all: 95 % interval {interval(found.interval)}.",
            _LOSS,
            f"Set {sample.name}, digest {sample.set_digest[:12]}, {_frozen(found)}; seed {sample.seed}.",
        ),
        left=(0, len(strengths) + 3),
    )


def _faces(found: Stress) -> str:
    sample = found.sample
    some = "all" if sample.faces == sample.of else f"{sample.faces:,} of"
    return f"{some} {sample.of:,} {sample.part} faces"


def _frozen(found: Stress) -> str:
    if found.sample.as_frozen:
        return "as it was frozen"
    return "NOT as it was frozen: this machine's Pillow or numpy makes other pictures of it"


def _row(found: Corrupted) -> tuple[str, ...]:
    ece = sum(each.ece for each in found.figures) / len(found.figures)
    amounts = ", ".join(f"{amount:g}" for amount in found.amounts)
    accuracies = (_points(each.accuracy) for each in found.figures)
    return (found.name, *accuracies, percent(found.loss), percent(ece), f"{amounts} {found.unit}")


def _mean_accuracies(found: Stress) -> tuple[str, ...]:
    columns = zip(*([each.accuracy for each in one.figures] for one in found.corruptions), strict=True)
    return tuple(_points(sum(column) / len(column)) for column in columns)


def _points(share: float) -> str:
    return f"{100 * share:.1f}"


def comparison_table(runs: Sequence[tuple[str, Stress]]) -> TextTable:
    """What each corruption costs each run; the runs of one set of corruptions."""
    names = [name for name, _ in runs]
    kinds = [each.name for each in runs[0][1].corruptions]
    lost = [{each.name: each.loss for each in found.corruptions} for _, found in runs]
    return TextTable(
        title="Share of the accuracy that is lost, mean over strengths",
        headers=("corruption", *names),
        rows=(
            ("clean accuracy", *(percent(found.clean.accuracy) for _, found in runs)),
            *((kind, *(percent(each[kind]) for each in lost)) for kind in kinds),
            ("ECE, clean", *(percent(found.clean.ece) for _, found in runs)),
            ("ECE, mean", *(percent(found.ece) for _, found in runs)),
        ),
        totals=("lost over all", *(percent(found.loss) for _, found in runs)),
        footer=(_LOSS, *_other_faces(runs)),
    )


def _other_faces(runs: Sequence[tuple[str, Stress]]) -> list[str]:
    """A warning where runs were not measured on the same faces."""
    first = runs[0][1].sample
    others = [name for name, found in runs if _measure(found) != _measure(runs[0][1])]
    if not others:
        return [f"All on the same {first.faces:,} faces."]
    return [
        f"{listed(others)} on other faces, or with another seed, than {runs[0][0]}: differences may be theirs."
    ]


def _measure(found: Stress) -> tuple[object, ...]:
    return found.sample.digest, found.sample.seed, found.sample.set_digest
