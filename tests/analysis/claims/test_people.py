"""C14 and C15 with people's votes, on faces whose shares are counted by hand."""

import numpy as np
import pytest

from mien.analysis.claims import mistakes
from mien.analysis.claims.people import on_close_mistakes, people_stumble_too
from mien.core.errors import MissingInput
from mien.core.images import LabelledImages, Parts
from mien.core.material import Material
from tests.analysis.claims.made import history, read_run
from tests.analysis.made_votes import CLASSES, ten, votes_of

HOLDS, FAILS, OPEN = "holds", "does not hold", "not decidable"


def material(times=1, votes=True, **changed):
    """A cnn with its validation faces, each picture there once unless `changed`, and the votes for them."""
    predictions, opinions = ten(times)
    count = len(predictions)
    pixels = np.random.default_rng(0).integers(0, 256, (count + 1, 4, 4), dtype=np.uint8)
    faces = LabelledImages(
        pixels=changed.get("pixels", pixels[:count]),
        labels=predictions.labels,
        ids=predictions.ids,
        classes=CLASSES,
        split=np.full(count, "PublicTest"),
        source="made.csv",
    )
    train = LabelledImages(
        pixels=pixels[count:],
        labels=np.array([0]),
        ids=np.array(["train"]),
        classes=CLASSES,
        split=np.array(["Training"]),
        source="made.csv",
    )
    backwards = np.arange(count)[::-1]  # faces lie in another order than predictions; ids join them
    return Material(
        runs=(read_run("cnn", history([0.5]), val=predictions),),
        parts=Parts(train=train, val=faces.select(backwards)),
        votes={"val": opinions.select(backwards)} if votes else None,
    )


def test_people_overrule_the_labels_of_mistakes_more_often():
    ruling = people_stumble_too(*ten(40))  # 160 of 200 against 40 of 120
    assert ruling.verdict == HOLDS
    assert ruling.evidence == (
        "Of 200 mistakes of cnn that people voted on, their majority overrules the label of 80.0 % (73.9 to 85.0) and "
        "sees the very class of the network in 60.0 % (53.1 to 66.5); of 120 faces that it names right they overrule "
        "33.3 % (25.5 to 42.2). The shares are 35.9 to 55.9 points apart."
    )


def test_few_votes_leave_it_open_and_votes_for_every_label_speak_against_it():
    assert people_stumble_too(*ten()).verdict == OPEN
    predictions, _ = ten(40)
    confirming = votes_of(
        [tuple(10 * (k == label) for k in range(3)) for label in predictions.labels.tolist()]
    )
    right = predictions.predicted == predictions.labels
    contrary = confirming.counts.copy()
    contrary[right] = np.roll(contrary[right], 1, axis=1)
    against = people_stumble_too(predictions, votes_of([tuple(row) for row in contrary.tolist()]))
    assert against.verdict == FAILS
    assert people_stumble_too(predictions, confirming).verdict == OPEN  # nowhere, so no more often


def test_votes_on_one_side_only():
    predictions, votes = ten()
    wrong = predictions.predicted != predictions.labels
    with pytest.raises(MissingInput, match="5 mistakes of run cnn and on 0 faces"):
        people_stumble_too(predictions.select(wrong), votes.select(np.flatnonzero(wrong)))


def test_people_on_close_mistakes():
    told = on_close_mistakes(*ten(20)).evidence  # close: 20 overruled of 20 with votes; others: 60 of 80
    assert "100.0 % (83.9 to 100.0) of 20 mistakes with close scores" in told
    assert "75.0 % (64.5 to 83.2) of 80 others" in told


def test_the_claims_read_the_votes():
    close, labels = (claim.judged(material(40)) for claim in (mistakes.CLOSENESS, mistakes.LABELS))
    assert labels.verdict == HOLDS
    assert "0 pictures occur more than once" in labels.evidence
    assert "overrules the label of 80.0 %" in labels.evidence
    assert close.verdict == FAILS  # 80 of 240 mistakes are close, with votes or without
    assert (
        "33.3 % (27.7 to 39.5) of the mistakes and 25.0 % (18.9 to 32.2) of the correct faces"
        in close.evidence
    )
    assert "median lead is 0.80 against 0.80" in close.evidence
    assert "of 40 mistakes with close scores" in close.evidence


def test_without_votes_the_verdicts_stay_and_say_what_decides_more():
    given = material(40, votes=False)
    close, labels = (claim.judged(given) for claim in (mistakes.CLOSENESS, mistakes.LABELS))
    assert (close.verdict, labels.verdict) == (FAILS, OPEN)
    assert close.evidence.endswith("(--votes fer2013new.csv).")
    assert labels.evidence.endswith("(--votes fer2013new.csv).")
    assert "--votes" in labels.decided_by


def test_pictures_with_two_labels_are_enough_whatever_people_say():
    same = np.zeros((10, 4, 4), dtype=np.uint8)
    same[:, 0, 0] = 9
    found = mistakes.LABELS.judged(material(pixels=same))
    assert (found.verdict, found.decided_by) == (HOLDS, "")
    assert "overrules the label of 80.0 % (37.6 to 96.4)" in found.evidence
