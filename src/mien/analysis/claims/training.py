"""C1 to C3: how the CNN trains."""

import statistics

from mien.analysis.claims import choices
from mien.analysis.claims.inputs import is_finished, network, val_faces
from mien.analysis.claims.judgement import FAILS, HOLDS, OPEN, Claim, Ruling, Verdict, all_hold, attempted
from mien.analysis.curves import overfitting_from, scatter
from mien.analysis.metrics import wilson
from mien.analysis.seed_comparison import DIFFERENCE_RULE
from mien.core.errors import MissingInput
from mien.core.history import History
from mien.core.material import Material
from mien.core.study import Study, Trial
from mien.core.variants import NO_DROPOUT
from mien.core.wording import interval, percent

_LONG = 50  # the epochs that C1 and C3 speak of
_CLEARLY = 0.1  # of accuracy: ten points
_ABOUT = (0.68, 0.72)  # "about 0.70"
_EARLY, _NEARLY_ALL = 25, 23  # epochs that C2 speaks of, and how many of them are nearly all
_BEYOND, _ENDS = (
    10,
    5,
)  # epochs after the 50th that C3 needs, and those that are averaged at both ends of them
_FLAT = 0.01  # of accuracy: one point
_RISE = 3.0  # times the scatter of single epochs, as in the over-fitting rule


def improves(history: History) -> Ruling:
    """Whether training and validation accuracy rise clearly within the first fifty epochs."""
    first, seen = history.epochs[0], history.epochs[:_LONG]
    training = max(row.train_accuracy for row in seen) - first.train_accuracy
    validation = max(row.val_accuracy for row in seen) - first.val_accuracy
    verdict: Verdict = FAILS if len(seen) == _LONG else OPEN
    return Ruling(
        verdict=HOLDS if min(training, validation) >= _CLEARLY else verdict,
        evidence=f"In the first {len(seen)} epochs training accuracy rises by {100 * training:.1f} points and "
        f"validation accuracy by {100 * validation:.1f}.",
        decided_by=f"A run of {_LONG} epochs; this one has {len(history)}.",
    )


def best_is_about_seventy(history: History, faces: int, finished: bool, data: str) -> Ruling:
    """Whether the best validation accuracy, on so many faces, is about 0.70."""
    best = history.best
    low, high = wilson(round(best.val_accuracy * faces), faces)
    if low > _ABOUT[1]:  # more epochs cannot lower the best
        verdict: Verdict = FAILS
    elif len(history) < _LONG or (high < _ABOUT[0] and not finished):
        verdict = OPEN
    else:
        verdict = FAILS if high < _ABOUT[0] else HOLDS
    return Ruling(
        verdict=verdict,
        evidence=f"The best validation accuracy of {len(history)} epochs is {percent(best.val_accuracy)} "
        f"({interval((low, high))}) on {faces:,} faces of {data}, in epoch {best.epoch}.",
        decided_by=f"A finished run of {_LONG} epochs or more; this one has {len(history)}.",
    )


def validation_leads(history: History) -> Ruling:
    """Whether validation accuracy is above training accuracy in nearly all of the first 25 epochs."""
    done = len(history.epochs[:_EARLY])
    leads = _leads(history, _EARLY)
    if done - leads > _EARLY - _NEARLY_ALL:  # decided, whatever follows
        verdict: Verdict = FAILS
    else:
        verdict = HOLDS if leads >= _NEARLY_ALL else OPEN
    return Ruling(
        verdict=verdict,
        evidence=f"Validation accuracy is above training accuracy in {leads} of the first {done} epochs.",
        decided_by=f"A run of {_EARLY} epochs; this one has {len(history)}.",
    )


def _leads(history: History, epochs: int) -> int:
    return sum(row.val_accuracy > row.train_accuracy for row in history.epochs[:epochs])


def dropout_leads(found: Study) -> Ruling:
    """Whether validation leads in more of the first epochs with dropout than without, seed by seed."""
    if found.epochs < _EARLY:
        raise MissingInput(f"the study has {found.epochs} of {_EARLY} epochs")

    def share(trial: Trial) -> float:
        return _leads(trial.history, _EARLY) / _EARLY

    named = f"the share of the first {_EARLY} epochs in which validation leads"
    return choices.gains(found, NO_DROPOUT, share, named)


def overfits_late(history: History) -> Ruling:
    """Whether after the fiftieth epoch training improves, validation accuracy is flat and validation loss rises."""
    after = History(history.epochs[_LONG:])
    if len(after) < _BEYOND:
        return Ruling(
            verdict=OPEN,
            evidence=f"The run has {len(history)} epochs{_onset(history)}.",
            decided_by=f"A run of {_LONG + _BEYOND} epochs or more.",
        )
    training, loss, accuracy = (_from_to(after, name) for name in ("train_loss", "val_loss", "val_accuracy"))
    is_flat = abs(accuracy[1] - accuracy[0]) <= _FLAT
    falls = training[0] - training[1] > _RISE * scatter([row.train_loss for row in after.epochs])
    # a slow rise of the validation loss hides in the noise of few epochs
    against: Verdict = OPEN if is_flat and falls and loss[1] > loss[0] else FAILS
    return Ruling(
        verdict=HOLDS if is_flat and overfitting_from(after) else against,
        decided_by="A longer run, in which the rise of the validation loss is more than its scatter.",
        evidence=f"From epochs {_LONG + 1} to {_LONG + _ENDS} until the last {_ENDS} of {len(history)}, on average, "
        f"training loss goes from {training[0]:.3f} to {training[1]:.3f}, validation loss from {loss[0]:.3f} to "
        f"{loss[1]:.3f} and validation accuracy from {percent(accuracy[0])} to {percent(accuracy[1])}"
        f"{_onset(history)}.",
    )


def _from_to(history: History, column: str) -> tuple[float, float]:
    """Means of a column over the first and over the last epochs."""
    values = [getattr(row, column) for row in history.epochs]
    return statistics.fmean(values[:_ENDS]), statistics.fmean(values[-_ENDS:])


def _onset(history: History) -> str:
    found = overfitting_from(history)
    return f"; over-fitting begins at epoch {found}" if found else "; no over-fitting shows in it"


def _improvement(material: Material) -> Ruling:
    run = network(material, "cnn")
    history = run.epochs()
    about = best_is_about_seventy(history, val_faces(run), is_finished(run), run.summary.data)
    return all_hold(improves(history), about)


def _lead(material: Material) -> Ruling:
    run = network(material, "cnn")
    leads = validation_leads(run.epochs())
    if run.config.options.get("dropout") == "none":
        raise MissingInput(f"run {run.name} has no dropout")
    if leads.verdict != HOLDS:  # then there is no cause to look for
        return leads
    needed = f"{choices.needed(NO_DROPOUT)[:-1]} --epochs {_EARLY}."
    cause = attempted(lambda: choices.from_study(dropout_leads)(material), needed)
    return all_hold(leads, cause)


IMPROVEMENT = Claim(
    id="C1",
    statement="Training and validation improve clearly over the first 50 epochs; the best validation accuracy is "
    "about 0.70.",
    rule=f"Within the first {_LONG} epochs training and validation accuracy both rise by at least "
    f"{100 * _CLEARLY:.0f} points over the first epoch, and the 95 % interval (Wilson) of the best validation accuracy "
    f"meets {_ABOUT[0]:.2f} to {_ABOUT[1]:.2f}. A shorter run decides it only where its best is already above that, "
    "and a run that is not finished never decides that its best stays below.",
    needs=f"a run of the CNN of {_LONG} epochs or more",
    judge=_improvement,
)
LEAD = Claim(
    id="C2",
    statement="In the first 25 epochs validation accuracy is above training accuracy, because of dropout.",
    rule=f"Validation accuracy is above training accuracy in at least {_NEARLY_ALL} of the first {_EARLY} epochs, and "
    "a study of as many epochs shows that dropout is the cause: the share of these epochs in which validation leads is "
    f"higher with dropout than without, seed by seed. {DIFFERENCE_RULE}",
    needs=f"a run of the CNN of {_EARLY} epochs or more",
    judge=_lead,
)
OVERFITTING = Claim(
    id="C3",
    statement="After 50 epochs training keeps improving while validation accuracy is flat and validation loss rises: "
    "over-fitting.",
    rule=f"In the epochs after the {_LONG}th, at least {_BEYOND}, the over-fitting rule of the training section "
    "applies (validation loss rises and training loss falls, each by more than its scatter), and the validation "
    f"accuracy of the last {_ENDS} is within {100 * _FLAT:.0f} point of that of the first {_ENDS}. It does not hold "
    "where the accuracy is not flat, the training loss does not fall or the validation loss does not rise; a rise "
    "within the scatter leaves it open.",
    needs=f"a run of the CNN of {_LONG + _BEYOND} epochs or more",
    judge=lambda material: overfits_late(network(material, "cnn").epochs()),
)
CLAIMS = (IMPROVEMENT, LEAD, OVERFITTING)
