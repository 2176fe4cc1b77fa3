"""C4 to C8: what single choices of the CNN are worth, from a study of several seeds."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from mien.analysis.claims.inputs import study
from mien.analysis.claims.judgement import FAILS, HOLDS, OPEN, Claim, Ruling, Verdict, all_hold, attempted
from mien.analysis.curves import overfitting_from
from mien.analysis.seed_comparison import DIFFERENCE_RULE, FEWEST, SeedComparison, Side
from mien.analysis.seed_means import SeedMean
from mien.core.errors import MissingInput
from mien.core.material import Material
from mien.core.study import LAST, Study, Trial
from mien.core.variants import (
    CONSTANT_DROPOUT,
    FLAT_WIDTHS,
    MAX_POOLING,
    NO_BATCH_NORM,
    NO_DROPOUT,
    RELU,
)
from mien.core.wording import percent

_MUCH = 0.02  # a fall of validation accuracy by two points
_SLIGHTLY = 0.02  # a gain of as much, at most
_VERDICTS: dict[Side, Verdict] = {"gain": HOLDS, "loss": FAILS, "none": FAILS, "open": OPEN}
_BEST, _EARLY = (
    "the best validation accuracy",
    "the best validation accuracy of the first third of the epochs",
)


def compared(found: Study, variant: str, figure: Callable[[Trial], float]) -> SeedComparison:
    """Base and variant seed by seed; MissingInput where fewer seeds have finished both than are judged."""
    comparison = SeedComparison.of(found, variant, figure)
    if comparison is None or comparison.seeds < FEWEST:
        have = comparison.seeds if comparison else 0
        raise MissingInput(
            f"the study has {have} of {FEWEST} seeds that finished both {found.base} and {variant}"
        )
    return comparison


def gains(
    found: Study, variant: str, figure: Callable[[Trial], float] | None = None, named: str = _BEST
) -> Ruling:
    """Whether a figure, by default the best validation accuracy, is higher for the base than for a variant."""
    comparison = compared(found, variant, figure or _best)
    return Ruling(
        verdict=_VERDICTS[comparison.side],
        evidence=f"Of {found.base} {named} is {percent(comparison.base)}, of {variant} {percent(comparison.other)}: "
        f"{comparison.told()}.",
        decided_by=more_seeds(comparison),
    )


def gains_slightly(found: Study, variant: str) -> Ruling:
    """Whether the best validation accuracy is higher for the base, and not by much more."""
    ruling = gains(found, variant)
    if compared(found, variant, _best).difference.low <= _SLIGHTLY:
        return ruling
    return replace(ruling, verdict=FAILS, evidence=f"{ruling.evidence} That is more than slightly.")


def from_study(rule: Callable[[Study], Ruling]) -> Callable[[Material], Ruling]:
    """The rule on a report's study, its evidence with what was studied; MissingInput where there is no study."""

    def judge(material: Material) -> Ruling:
        found = study(material)
        ruling = rule(found)
        return replace(ruling, evidence=f"{ruling.evidence} Studied: {found.heading()}.")

    return judge


def more_seeds(comparison: SeedComparison) -> str:
    """How many seeds would decide it."""
    count = comparison.seeds_needed()
    many = "More seeds than can be trained" if count is None else f"About {count} seeds"
    return f"{many} of {comparison.variant}, if mean and spread stay as they are."


def _best(trial: Trial) -> float:
    return trial.val_accuracy


def _early(trial: Trial) -> float:
    return trial.early_val_accuracy


def hardly_falls(found: Study) -> Ruling:
    """Whether validation accuracy ends little below its best with dropout, and farther below without."""
    comparison = compared(found, NO_DROPOUT, lambda trial: -trial.fall)
    pairs = found.paired(found.base, NO_DROPOUT)
    fall = SeedMean.of([trial.fall for trial, _ in pairs])
    little = HOLDS if fall.high <= _MUCH else FAILS if fall.low > _MUCH else OPEN
    told = (
        f"After {found.epochs} epochs validation accuracy ends {100 * fall.mean:.1f} points below its best with "
        f"dropout ({100 * fall.low:.1f} to {100 * fall.high:.1f}) and {-100 * comparison.other:.1f} without"
    )
    if not all(overfitting_from(bare.history) for _, bare in pairs):
        return Ruling(
            verdict=FAILS if little == FAILS else OPEN,
            evidence=f"{told}; but not every run without dropout over-fits.",
            decided_by="A study of more epochs, until the runs without dropout over-fit.",
        )
    thanks = Ruling(
        verdict=_VERDICTS[comparison.side], evidence=f"{told}.", decided_by=more_seeds(comparison)
    )
    difference = f"Dropout spares {comparison.told()}."
    more = f"More seeds of {found.base} for how far it falls."
    return all_hold(thanks, Ruling(verdict=little, evidence=difference, decided_by=more))


def helps(found: Study, variant: str) -> Ruling:
    """Whether what the variant lacks makes training faster or better, and neither slower nor worse."""
    speed, height = compared(found, variant, _early), compared(found, variant, _best)
    sides = {speed.side, height.side}
    if "loss" in sides:
        verdict: Verdict = FAILS
    else:
        verdict = HOLDS if "gain" in sides else OPEN if "open" in sides else FAILS
    waiting = [comparison for comparison in (speed, height) if comparison.side == "open"]
    failed = sum(one.variant == variant for one in found.failed)
    return Ruling(
        verdict=verdict,
        evidence=f"Against {variant}, {found.base} reaches {percent(speed.base)} instead of {percent(speed.other)} in "
        f"the first third of the epochs ({speed.told()}) and {percent(height.base)} instead of "
        f"{percent(height.other)} at its best ({height.told()})"
        f"{f'; {failed} of the runs of {variant} failed' if failed else ''}.",
        decided_by=more_seeds(min(waiting, key=_seeds_needed)) if waiting else "",
    )


def _seeds_needed(comparison: SeedComparison) -> float:
    needed = comparison.seeds_needed()
    return float("inf") if needed is None else needed


def of_each(found: Study, rule: Callable[[Study, str], Ruling], *variants: str) -> Ruling:
    """The rule for several variants, all of which it has to hold for; one that is missing leaves the others."""
    return all_hold(*(attempted(partial(rule, found, variant), needed(variant)) for variant in variants))


def needed(*variants: str) -> str:
    """The study that decides a claim."""
    return f"A study of {FEWEST} seeds or more: mien study --variants {' '.join(variants)}."


FALL = Claim(
    id="C4",
    statement="Validation accuracy does not fall much even when the network over-fits, thanks to dropout.",
    rule=f"The fall is the best validation accuracy minus the mean of the last {LAST} epochs. With dropout its 95 % "
    f"interval over the seeds stays within {100 * _MUCH:.0f} points, and without dropout, where every run over-fits by "
    f"the rule of the training section, it is larger. {DIFFERENCE_RULE}",
    needs=needed(NO_DROPOUT),
    judge=from_study(hardly_falls),
)
POOLING = Claim(
    id="C5",
    statement="Average pooling is slightly better than max pooling on this task.",
    rule=f"With average pooling {_BEST} is higher than with max pooling, and the interval of the difference does not "
    f"lie wholly above {100 * _SLIGHTLY:.0f} points. {DIFFERENCE_RULE}",
    needs=needed(MAX_POOLING),
    judge=from_study(lambda found: gains_slightly(found, MAX_POOLING)),
)
DROPOUT = Claim(
    id="C6",
    statement="Dropout that grows with depth (0.1 to 0.4) suits: early layers take textures and hardly over-fit.",
    rule=f"With growing dropout {_BEST} is higher than with the same 0.25 in every block, and higher than without any "
    f"dropout. {DIFFERENCE_RULE}",
    needs=needed(CONSTANT_DROPOUT, NO_DROPOUT),
    judge=from_study(lambda found: of_each(found, gains, CONSTANT_DROPOUT, NO_DROPOUT)),
)
LAYERS = Claim(
    id="C7",
    statement="BatchNorm and LeakyReLU help (stability, speed of training).",
    rule=f"Both help, each compared with a network without it (ReLU in place of LeakyReLU). One helps where {_EARLY}, "
    f"which measures the speed of training, or {_BEST} gains by it, and neither loses. {DIFFERENCE_RULE}",
    needs=needed(NO_BATCH_NORM, RELU),
    judge=from_study(lambda found: of_each(found, helps, NO_BATCH_NORM, RELU)),
)
WIDTHS = Claim(
    id="C8",
    statement="Layer sizes that first grow, then shrink, avoid a bottleneck.",
    rule=f"{_BEST[0].upper() + _BEST[1:]} is higher than with the same width in every block and in every Dense layer, "
    f"of as many parameters and multiplications. {DIFFERENCE_RULE}",
    needs=needed(FLAT_WIDTHS),
    judge=from_study(lambda found: gains(found, FLAT_WIDTHS)),
)
CLAIMS = (FALL, POOLING, DROPOUT, LAYERS, WIDTHS)
