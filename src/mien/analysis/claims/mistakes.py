"""C12 to C15: the faces that the network takes for another class than their label."""

from dataclasses import replace
from functools import partial

import numpy as np

from mien.analysis.claims.inputs import looked_at
from mien.analysis.claims.judgement import (
    FAILS,
    HOLDS,
    OPEN,
    Claim,
    Ruling,
    Verdict,
    all_hold,
    attempted,
    sided,
)
from mien.analysis.claims.people import on_close_mistakes, people_stumble_too
from mien.analysis.confusions import CLOSE, Float64s, score_gaps, score_leads
from mien.analysis.metrics import confusion, wilson
from mien.analysis.share_difference import share_difference
from mien.analysis.shared_mistakes import Counted
from mien.core.errors import MissingInput
from mien.core.identical import picture_groups
from mien.core.images import TEST, TRAIN, VAL, Ints, Uint8
from mien.core.material import Material
from mien.core.predictions import Predictions
from mien.core.wording import interval, listed, percent

_EASIEST, _HARDEST = "happy", ("fear", "sad")
_TAKEN_FOR = {"fear": "sad", "sad": "neutral"}

Tally = dict[str, tuple[int, int]]  # class -> hits, faces; only classes that have faces


def order_of_classes(predictions: Predictions, data: str) -> Ruling:
    """Whether happy is the most accurate class, and fear and sad are the least; MissingInput without their faces."""
    tally = _tally(predictions)
    _expect(tally, (_EASIEST, *_HARDEST))
    pairs = [(_EASIEST, other) for other in tally if other != _EASIEST]
    pairs += [(other, hard) for hard in _HARDEST for other in tally if other not in (_EASIEST, *_HARDEST)]
    sides = {pair: sided(*share_difference(*tally[pair[0]], *tally[pair[1]]), 0.0) for pair in pairs}
    reversed_pairs = [pair for pair in pairs if sides[pair] == FAILS]
    open_pairs = [pair for pair in pairs if sides[pair] == OPEN]
    verdict: Verdict = FAILS if reversed_pairs else OPEN if open_pairs else HOLDS
    return Ruling(
        verdict=verdict,
        evidence=f"Accuracy of each class by {predictions.run} on {len(predictions):,} faces of {data}: "
        f"{_in_order(tally)}."
        + _told("Against the claim", "below", reversed_pairs)
        + _told("Too close to tell apart", "and", open_pairs),
        decided_by=f"More faces of {listed(list(dict.fromkeys(name for pair in open_pairs for name in pair)))}.",
    )


def _tally(predictions: Predictions) -> Tally:
    counts = confusion(predictions.labels, predictions.predicted, len(predictions.classes))
    return {
        name: (int(row[place]), int(row.sum()))
        for place, (name, row) in enumerate(zip(predictions.classes, counts, strict=True))
        if row.sum()
    }


def _expect(tally: Tally, names: tuple[str, ...]) -> None:
    lacking = [name for name in names if name not in tally]
    if lacking:
        raise MissingInput(f"the validation part has no faces labelled {listed(lacking)}")


def _in_order(tally: Tally) -> str:
    """The classes with their accuracies, the most accurate first."""
    ranked = sorted(tally.items(), key=lambda item: -item[1][0] / item[1][1])
    return ", ".join(
        f"{name} {percent(hits / faces)} ({interval(wilson(hits, faces))})" for name, (hits, faces) in ranked
    )


def _told(opening: str, between: str, pairs: list[tuple[str, str]]) -> str:
    return f" {opening}: {', '.join(f'{one} {between} {other}' for one, other in pairs)}." if pairs else ""


def most_taken_for(predictions: Predictions, true: str, expected: str) -> Ruling:
    """Whether mistaken faces of one class are most often taken for another; MissingInput without such faces."""
    _expect(_tally(predictions), (true, expected))
    row = confusion(predictions.labels, predictions.predicted, len(predictions.classes))[
        predictions.classes.index(true)
    ]
    mistakes = {
        name: int(count) for name, count in zip(predictions.classes, row, strict=True) if name != true
    }
    wanted = mistakes.pop(expected)
    rival, most = max(mistakes.items(), key=lambda item: item[1], default=("any other class", 0))
    total = wanted + sum(mistakes.values())
    if not total:
        raise MissingInput(f"no validation face of {true} is mistaken")
    return Ruling(
        verdict=sided(*wilson(wanted, wanted + most), 0.5),
        evidence=f"Of {total:,} faces of {true} that {predictions.run} mistakes, {wanted:,} are taken for {expected} "
        f"and {most:,} for {rival}.",
        decided_by=f"More faces of {true}.",
    )


def scores_are_close(predictions: Predictions) -> Ruling:
    """Whether most mistakes give the true class nearly as much score as the predicted one; MissingInput without any."""
    gaps = score_gaps(predictions)
    if not len(gaps):
        raise MissingInput(f"run {predictions.run} misclassifies no validation face")
    close = int((gaps < CLOSE).sum())
    low, high = wilson(close, len(gaps))
    return Ruling(
        verdict=sided(low, high, 0.5),
        evidence=f"Of {len(gaps):,} faces that {predictions.run} misclassifies, {percent(close / len(gaps))} "
        f"({interval((low, high))}) have scores of true and predicted class within {CLOSE:g}; half of them are more "
        f"than {np.median(gaps):.2f} apart. {_leads(predictions)}",
        decided_by="More misclassified faces.",
    )


def _leads(predictions: Predictions) -> str:
    """How far the first score is from the second, of mistakes and of correct faces."""
    wrong, right = (score_leads(predictions, of_mistakes=mistakes) for mistakes in (True, False))
    told = f"The first score leads the second by less than {CLOSE:g} in {_close(wrong)} of the mistakes"
    if not len(right):
        return f"{told}."
    return (
        f"{told} and {_close(right)} of the correct faces; the median lead is {np.median(wrong):.2f} "
        f"against {np.median(right):.2f}."
    )


def _close(leads: Float64s) -> str:
    return Counted(count=int((leads < CLOSE).sum()), of=len(leads)).told()


def labels_disagree(pixels: Uint8, labels: Ints, data: str) -> Ruling:
    """Whether identical pictures (n, h, w) carry different labels (n,), so that both cannot be right.

    Pictures of a single grey level show no face that a label could be right or wrong for; they do not count.
    """
    shows = pixels.min(axis=(1, 2)) < pixels.max(axis=(1, 2))
    pixels, labels = pixels[shows], labels[shows]
    groups = picture_groups(pixels)
    pairs = np.unique(np.stack([groups, labels]), axis=1)  # (2, each picture with each of its labels once)
    labels_of = np.bincount(pairs[0])
    odd = labels_of > 1
    repeated = int((np.bincount(groups) > 1).sum())
    faces = int(odd[groups].sum())
    told = f"Of {len(pixels):,} faces of {data}, {repeated:,} pictures occur more than once"
    if not odd.any():
        same = ", always with the same label." if repeated else "."
        return Ruling(verdict=OPEN, evidence=told + same)
    return Ruling(
        verdict=HOLDS,
        evidence=f"{told}; {int(odd.sum()):,} of them ({faces:,} faces) carry different labels, which cannot all be "
        "right.",
    )


def _order(material: Material) -> Ruling:
    run = looked_at(material)
    return order_of_classes(run.predictions(), run.summary.data)


def _pairs(material: Material) -> Ruling:
    predictions = looked_at(material).predictions()
    return all_hold(
        *(
            attempted(partial(most_taken_for, predictions, true, expected), f"Mistaken faces of {true}.")
            for true, expected in _TAKEN_FOR.items()
        )
    )


def _closeness(material: Material) -> Ruling:
    """With votes, whether people stumble over the close ones more than over the others; they decide nothing here."""
    predictions = looked_at(material).predictions()
    ruling = scores_are_close(predictions)
    beside = attempted(lambda: on_close_mistakes(predictions, material.people(predictions)), "")
    return replace(ruling, evidence=f"{ruling.evidence} {beside.evidence}")


def _pictures(material: Material) -> Ruling:
    parts = material.all_parts()
    every = [faces for name in (TRAIN, VAL, TEST) if (faces := getattr(parts, name)) is not None]
    pixels, labels = (
        np.concatenate([getattr(faces, name) for faces in every]) for name in ("pixels", "labels")
    )
    return labels_disagree(pixels, labels, material.runs[0].summary.data)


def _people(material: Material) -> Ruling:
    predictions = looked_at(material).predictions()
    return people_stumble_too(predictions, material.people(predictions))


def _labels(material: Material) -> Ruling:
    """Pictures with several labels are enough; where there are none, people decide."""
    pictures = attempted(lambda: _pictures(material), "")
    people = attempted(lambda: _people(material), "")
    evidence = " ".join(dict.fromkeys((pictures.evidence, people.evidence)))
    return replace(pictures if pictures.verdict == HOLDS else people, evidence=evidence)


ORDER = Claim(
    id="C12",
    statement="Happy is the most accurate class; Fear and Sad are the least.",
    rule="Of all pairs of classes that the claim puts in an order (happy above every other class; fear and sad below "
    "every other class) the 95 % interval of the difference of accuracies (Newcombe) is on the claimed side of 0 for "
    "all. It does not hold where one interval is on the other side.",
    needs="a finished run with validation faces labelled happy, fear and sad",
    judge=_order,
)
PAIRS = Claim(
    id="C13",
    statement="Fear is most often mistaken for Sad; Sad for Neutral.",
    rule="Among the mistaken faces of fear that are taken for sad or for its strongest rival, the 95 % interval "
    "(Wilson) of the share of sad is above one half; in the same way for sad and neutral.",
    needs="a finished run with validation faces of fear and sad that it mistakes",
    judge=_pairs,
)
CLOSENESS = Claim(
    id="C14",
    statement="In the misclassified faces the scores of the true and the predicted class lie close together.",
    rule=f"Scores that differ by less than {CLOSE:g} are close. The 95 % interval (Wilson) of the share of "
    "misclassified faces whose two scores are close lies above one half.",
    needs="a finished run that misclassifies some validation faces",
    judge=_closeness,
)
LABELS = Claim(
    id="C15",
    statement="Some labels are hard, or wrong, to a person too.",
    rule="Pictures that are equal in every pixel carry different labels: at least one of them is wrong, or the picture "
    "can be read in both ways; blank pictures do not count. Where none do, people's votes decide: the 95 % interval "
    "(Newcombe) of the share of misclassified faces whose label people's majority overrules, less that share of "
    "correctly classified faces, lies above 0. Of equal majorities the first in the order of the classes counts, and "
    "faces without a vote for any class are left out.",
    needs="the faces of the data, and the votes of several people on each, as FER+ has them (--votes)",
    judge=_labels,
)
CLAIMS = (ORDER, PAIRS, CLOSENESS, LABELS)
