"""C12 to C15 on predictions made to hold them, to fail them, and to leave them open."""

import numpy as np
import pytest

from mien.analysis.claims import mistakes
from mien.core.errors import MissingInput
from mien.core.images import LabelledImages, Parts
from mien.core.labels import EXPRESSIONS
from mien.core.material import Material
from tests.analysis.claims.made import history, predictions, read_run

HOLDS, FAILS, OPEN = "holds", "does not hold", "not decidable"
FEAR, HAPPY, SAD, NEUTRAL = (EXPRESSIONS.index(name) for name in ("fear", "happy", "sad", "neutral"))


def of_recall(recalls, faces=500, **how):
    """Each class right in this share; its mistakes are taken for the class after it."""
    counts = np.zeros((len(recalls), len(recalls)), dtype=np.int64)
    for true, share in enumerate(recalls):
        right = round(share * faces)
        counts[true, true], counts[true, (true + 1) % len(recalls)] = right, faces - right
    return predictions(counts, **how)


# angry, disgust, fear, happy, sad, surprise, neutral
CLAIMED = (0.7, 0.7, 0.4, 0.9, 0.45, 0.8, 0.7)


@pytest.mark.parametrize(
    ("recalls", "faces", "verdict"),
    [
        (CLAIMED, 500, HOLDS),
        (CLAIMED, 20, OPEN),
        ((0.7, 0.7, 0.4, 0.9, 0.45, 0.98, 0.7), 500, FAILS),  # surprise above happy
        ((0.2, 0.7, 0.4, 0.9, 0.45, 0.8, 0.7), 500, FAILS),  # angry below fear and sad
        ((0.7, 0.7, 0.4, 0.9, 0.45, 0.89, 0.7), 500, OPEN),  # surprise too near to happy
        ((0.7, 0.7, 0.45, 0.9, 0.4, 0.8, 0.7), 500, HOLDS),  # fear and sad may change places
    ],
)
def test_order_of_classes(recalls, faces, verdict):
    assert mistakes.order_of_classes(of_recall(recalls, faces), "made.csv").verdict == verdict


def test_the_evidence_names_what_is_in_the_way():
    against = mistakes.order_of_classes(of_recall((0.2, 0.7, 0.4, 0.9, 0.45, 0.89, 0.7)), "made.csv")
    assert "Against the claim: angry below fear, angry below sad." in against.evidence
    assert "Too close to tell apart: happy and surprise." in against.evidence
    assert "happy 90.0 % (87.1 to 92.3), surprise 89.0 %" in against.evidence
    assert "3,500 faces of made.csv" in against.evidence


def test_a_class_without_faces_is_left_out_unless_the_claim_names_it():
    counts = np.diag([0, 0, 200, 450, 200, 0, 350])
    counts[FEAR, SAD] = counts[SAD, NEUTRAL] = 250
    counts[HAPPY, NEUTRAL], counts[NEUTRAL, SAD] = 50, 150
    assert mistakes.order_of_classes(predictions(counts), "made").verdict == HOLDS
    counts[HAPPY] = 0
    with pytest.raises(MissingInput, match="no faces labelled happy"):
        mistakes.order_of_classes(predictions(counts), "made")
    with pytest.raises(MissingInput, match="happy, fear and sad"):
        mistakes.order_of_classes(predictions([[3, 1], [1, 3]], ("<b>no</b>", "yes")), "made")


def confused(fear_as_sad, fear_as_angry, sad_as_neutral, sad_as_fear):
    counts = np.diag([100] * 7)
    counts[FEAR, SAD], counts[FEAR, 0] = fear_as_sad, fear_as_angry
    counts[SAD, NEUTRAL], counts[SAD, FEAR] = sad_as_neutral, sad_as_fear
    return predictions(counts)


@pytest.mark.parametrize(
    ("counts", "verdict"),
    [
        ((60, 30, 80, 40), HOLDS),
        ((30, 60, 80, 40), FAILS),
        ((60, 30, 40, 80), FAILS),
        ((60, 30, 45, 40), OPEN),
        ((60, 0, 80, 0), HOLDS),
        ((60, 30, 0, 0), OPEN),
        ((0, 0, 0, 0), OPEN),
    ],
)
def test_most_frequent_confusions(counts, verdict):
    run = read_run("cnn", history([0.5]), val=confused(*counts))
    assert mistakes.PAIRS.judged(Material(runs=(run,))).verdict == verdict


def test_the_strongest_rival_is_named():
    ruling = mistakes.most_taken_for(confused(60, 30, 80, 40), "fear", "sad")
    assert ruling.evidence == "Of 90 faces of fear that cnn mistakes, 60 are taken for sad and 30 for angry."
    with pytest.raises(MissingInput, match="no validation face of happy is mistaken"):
        mistakes.most_taken_for(confused(60, 30, 80, 40), "happy", "sad")


@pytest.mark.parametrize(
    ("close", "far", "verdict"), [(80, 20, HOLDS), (20, 80, FAILS), (52, 48, OPEN), (1, 0, OPEN)]
)
def test_closeness(close, far, verdict):
    near = predictions([[50, close], [0, 0]], ("a", "b"), score=0.52)  # 0.52 against 0.48
    wide = predictions([[50, far], [0, 0]], ("a", "b"), score=0.9)
    both = type(near)(
        probs=np.concatenate([near.probs, wide.probs]),
        labels=np.concatenate([near.labels, wide.labels]),
        ids=np.arange(100 + close + far).astype(str),
        classes=("a", "b"),
        split="val",
        run="cnn",
    )
    ruling = mistakes.scores_are_close(both)
    assert ruling.verdict == verdict
    assert f"{100 * close / (close + far):.1f} %" in ruling.evidence


def test_no_mistakes_and_no_hits():
    with pytest.raises(MissingInput, match="misclassifies no validation face"):
        mistakes.scores_are_close(predictions([[5, 0], [0, 5]], ("a", "b")))
    assert (
        "correct faces" not in mistakes.scores_are_close(predictions([[0, 5], [5, 0]], ("a", "b"))).evidence
    )


@pytest.mark.parametrize(
    ("pictures", "labels", "verdict", "told"),
    [
        ([1, 2, 3], [0, 1, 0], OPEN, "0 pictures occur more than once"),
        ([1, 2, 1], [0, 1, 0], OPEN, "1 pictures occur more than once, always with the same label"),
        ([1, 2, 1, 1, 2], [0, 1, 0, 1, 1], HOLDS, "2 pictures occur more than once; 1 of them (3 faces)"),
    ],
)
def test_labels_of_identical_pictures(pictures, labels, verdict, told):
    blank = np.zeros((2, 4, 4), dtype=np.uint8)  # with two labels, but nothing to be seen
    faces = np.array(pictures, dtype=np.uint8)[:, None, None] + np.eye(4, dtype=np.uint8)
    ruling = mistakes.labels_disagree(np.concatenate([faces, blank]), np.array([*labels, 0, 1]), "made.csv")
    assert ruling.verdict == verdict
    assert told in ruling.evidence


def test_identical_pictures_are_looked_for_in_all_parts():
    def part(name, label):
        return LabelledImages(
            pixels=np.eye(4, dtype=np.uint8)[None],
            labels=np.array([label]),
            ids=np.array([name]),
            classes=("a", "b"),
            split=np.array([name]),
            source="made",
        )

    run = read_run("cnn", history([0.5]))
    parts = Parts(train=part("train", 0), val=part("val", 0), test=part("test", 1))
    assert mistakes.LABELS.judged(Material(runs=(run,), parts=parts)).verdict == HOLDS
    open_ = mistakes.LABELS.judged(Material(runs=(run,), no_faces="the faces are gone"))
    assert open_.verdict == OPEN
    assert open_.evidence.startswith("The faces are gone. ")
    assert "votes" in open_.decided_by


def test_the_cnn_is_looked_at_wherever_it_stands():
    right, wrong = of_recall(CLAIMED), of_recall((0.2,) * 7)
    cnn, dnn = (read_run(name, history([0.5]), val=val) for name, val in (("cnn", right), ("dnn", wrong)))
    assert mistakes.ORDER.judged(Material(runs=(dnn, cnn))).verdict == HOLDS
    assert mistakes.ORDER.judged(Material(runs=(dnn,))).verdict == OPEN
    assert {claim.judged(Material(runs=())).verdict for claim in mistakes.CLAIMS} == {OPEN}
