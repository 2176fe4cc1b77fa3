"""C9 to C11: the DNN beside the CNN of about as many parameters."""

import statistics
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mien.analysis.claims.inputs import is_finished, network
from mien.analysis.claims.judgement import FAILS, HOLDS, OPEN, Claim, Ruling, Verdict, all_hold, sided
from mien.analysis.curves import LEVELLED_RULE, levelled_from
from mien.analysis.metrics import wilson
from mien.analysis.pairing import paired
from mien.core.errors import DataError, MissingInput
from mien.core.history import History
from mien.core.images import TRAIN, Bools
from mien.core.material import Material, ReadRun
from mien.core.predictions import Predictions
from mien.core.wording import duration, interval, listed, percent

_NEAR = 0.05  # of training accuracy: five points
_RISING = 0.005  # of training accuracy, from one tenth of a run to the next: half a point
_CLEARLY = 0.02  # of validation accuracy: two points
_LONG = 300  # the epochs that C11 speaks of
_ENDED = 0.1  # of the highest learning rate: below it a schedule, not the network, levels the curve

_MACHINE = ("platform", "device", "threads", "precision", "layers")
_FACES = ("batch size", "number of training faces", "side of the faces", "augmentation")
# fields of a run's config that are not how it was trained, but what, on what machine, how long, from which start
_NOT_HOW = {"data", "model", "options", "match", "epochs", "seed", "skip_bad", "keep_every", *_MACHINE}


@dataclass(frozen=True, kw_only=True)
class Trained:
    """How a run went, and whether all its epochs are done."""

    history: History
    finished: bool

    @property
    def train_accuracy(self) -> float:
        """The highest of all epochs."""
        return max(row.train_accuracy for row in self.history.epochs)

    @property
    def is_rising(self) -> bool:
        """Whether training accuracy is higher in the last tenth of the epochs than in the tenth before."""
        tenth = max(len(self.history) // 10, 1)
        values = [row.train_accuracy for row in self.history.epochs[-2 * tenth :]]
        return len(values) < 2 or (
            statistics.fmean(values[-tenth:]) - statistics.fmean(values[:-tenth]) > _RISING
        )


def is_faster(cnn: History, dnn: History, differing: tuple[str, ...] = ()) -> Ruling:
    """Whether an epoch of the DNN takes less time; `differing` says in what the two runs' conditions differ."""
    convolutional, dense = _quartiles(cnn), _quartiles(dnn)
    verdict = sided(convolutional[0] - dense[2], convolutional[2] - dense[0], 0.0)
    told = (
        f"The median epoch takes {duration(dense[1])} with the DNN and {duration(convolutional[1])} with the CNN; "
        f"the middle halves are {duration(dense[0])} to {duration(dense[2])} and {duration(convolutional[0])} to "
        f"{duration(convolutional[2])}."
    )
    if differing:
        return Ruling(
            verdict=OPEN,
            evidence=f"{told} But the runs differ in {', '.join(differing)}.",
            decided_by="Both networks trained on the same faces, on the same machine with as many threads.",
        )
    return Ruling(
        verdict=verdict,
        evidence=told,
        decided_by="More epochs of both networks on a machine without other work.",
    )


def _quartiles(history: History) -> tuple[float, float, float]:
    low, middle, high = np.quantile([row.seconds for row in history.epochs], (0.25, 0.5, 0.75)).tolist()
    return low, middle, high


def comes_near(cnn: Trained, dnn: Trained) -> Ruling:
    """Whether the DNN's training accuracy comes near that of a CNN whose training is done, or passes it."""
    gap = cnn.train_accuracy - dnn.train_accuracy
    if not cnn.finished:
        verdict: Verdict = OPEN
    elif gap <= _NEAR:
        verdict = HOLDS
    else:
        verdict = FAILS if dnn.finished and not dnn.is_rising else OPEN
    return Ruling(
        verdict=verdict,
        evidence=f"The highest training accuracy of the DNN is {percent(dnn.train_accuracy)} in "
        f"{len(dnn.history)} epochs, that of the CNN {percent(cnn.train_accuracy)} in {len(cnn.history)}.",
        decided_by="A longer run of the DNN." if cnn.finished else "A finished run of the CNN.",
    )


def is_clearly_lower(cnn: Predictions, dnn: Predictions) -> Ruling:
    """Whether the DNN's validation accuracy is clearly below the CNN's; MissingInput where the faces differ."""
    try:
        pairing = paired(cnn, dnn)
    except DataError as error:
        raise MissingInput(str(error)) from error
    low, high = pairing.interval.low, pairing.interval.high
    cnn_told, dnn_told = _accuracy_told(pairing.first_right), _accuracy_told(pairing.second_right)
    return Ruling(
        verdict=sided(low, high, _CLEARLY),
        evidence=f"On the same {len(cnn):,} validation faces the DNN reaches {dnn_told} and the CNN {cnn_told}; the "
        f"95 % interval of the difference is {100 * low:+.1f} to {100 * high:+.1f} points.",
        decided_by="More validation faces.",
    )


def _accuracy_told(right: Bools) -> str:
    return f"{percent(right.mean())} ({interval(wilson(int(right.sum()), len(right)))})"


def still_rises(history: History, data: str) -> Ruling:
    """Whether validation accuracy has not levelled off after three hundred epochs."""
    level = levelled_from(history)
    rates = [row.learning_rate for row in history.epochs]
    slowed = rates[-1] < _ENDED * max(rates)
    told = f"levelled off at epoch {level}" if level else "not levelled off"
    evidence = (
        f"In {len(history)} epochs on {data} validation accuracy has {told}; its best is "
        f"{percent(history.best.val_accuracy)}, in epoch {history.best.epoch}"
    )
    if len(history) < _LONG:
        verdict: Verdict = OPEN
        decided_by = f"A run of the DNN of {_LONG} epochs; this one has {len(history)}."
    else:
        verdict = HOLDS if level is None else OPEN if slowed else FAILS
        decided_by = "A run at a constant learning rate (--schedule constant)."
    lowered = ", while the learning rate fell to less than a tenth" if slowed else ""
    return Ruling(verdict=verdict, evidence=f"{evidence}{lowered}.", decided_by=decided_by)


def differing_conditions(one: ReadRun, other: ReadRun) -> tuple[str, ...]:
    """What decides the seconds of an epoch, besides the network, and is not the same; unknown counts as differing."""
    first, second = _conditions(one), _conditions(other)
    return tuple(name for name in first if first[name] is None or first[name] != second[name])


def _conditions(run: ReadRun) -> dict[str, Any]:
    about = run.environment or {}
    machine = {name: about.get(name) for name in _MACHINE}
    machine["layers"] = about.get("layers", "torch")  # runs from before there were others
    training_faces = (about.get("faces") or {}).get(TRAIN)
    faces = (run.config.batch_size, training_faces, about.get("side"), run.config.augmentation)
    return machine | dict(zip(_FACES, faces, strict=True))


def differing_choices(one: ReadRun, other: ReadRun) -> tuple[str, ...]:
    """How the training of two runs differs, besides the network and the number of epochs."""
    first, second = asdict(one.config), asdict(other.config)
    return tuple(
        name.replace("_", " ") for name in first if name not in _NOT_HOW and first[name] != second[name]
    )


def _both(material: Material) -> tuple[ReadRun, ReadRun]:
    return network(material, "cnn"), network(material, "dnn")


def _speed(material: Material) -> Ruling:
    cnn, dnn = _both(material)
    return is_faster(cnn.epochs(), dnn.epochs(), differing_conditions(cnn, dnn))


def _accuracy(material: Material) -> Ruling:
    runs = _both(material)
    cnn, dnn = (Trained(history=run.epochs(), finished=is_finished(run)) for run in runs)
    lower = is_clearly_lower(*(run.predictions() for run in runs))
    found = all_hold(comes_near(cnn, dnn), lower)
    differing = differing_choices(*runs)
    if not differing:
        return found
    return Ruling(
        verdict=OPEN,
        evidence=f"{found.evidence} But the runs were trained with another {listed(differing)}.",
        decided_by="Both networks trained alike: the same recipe and split.",
    )


def _levelling(material: Material) -> Ruling:
    run = network(material, "dnn")
    return still_rises(run.epochs(), run.summary.data)


SPEED = Claim(
    id="C9",
    statement="The DNN trains faster per epoch than the CNN.",
    rule="The middle half (first to third quartile) of the DNN's seconds an epoch lies below that of the CNN's, with "
    f"the same {listed((*_MACHINE, *_FACES))}. Where the halves meet, a machine without other work would decide.",
    needs="a run of each network on the same machine",
    judge=_speed,
)
ACCURACY = Claim(
    id="C10",
    statement="The DNN's training accuracy can come near the CNN's; its validation accuracy is clearly lower.",
    rule=f"The highest training accuracy of the DNN is at most {100 * _NEAR:.0f} points below that of a CNN whose "
    f"training is finished (if it is farther below, but still rises by more than {100 * _RISING:g} points from one "
    "tenth of the run to the next, a longer run has to decide), and the 95 % interval of the paired difference of the "
    f"validation accuracies (bootstrap, as in the comparison of the two) lies above {100 * _CLEARLY:.0f} points. Runs "
    "that were not trained alike decide nothing.",
    needs="a finished run of each network, validated on the same faces",
    judge=_accuracy,
)
LEVELLING = Claim(
    id="C11",
    statement="The DNN's validation accuracy still has not levelled off after 300 epochs.",
    rule=f"{LEVELLED_RULE} The claim holds where that does not come about in a run of at least {_LONG} epochs. A curve "
    f"that levels off while the learning rate falls below {_ENDED:g} of its highest decides nothing.",
    needs=f"a run of the DNN of {_LONG} epochs",
    judge=_levelling,
)
CLAIMS = (SPEED, ACCURACY, LEVELLING)
