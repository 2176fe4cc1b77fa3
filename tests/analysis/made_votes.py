"""Ten faces, what a network says of them and what ten people see in them, few enough to count by hand."""

import numpy as np

from mien.core.people_votes import PeopleVotes
from mien.core.predictions import Predictions

CLASSES = ("angry", "fear", "sad")
ANGRY, FEAR, SAD = range(3)
# label, what the network names, its score, votes for angry, fear and sad
FACES = (
    (FEAR, SAD, 0.9, (0, 2, 8)),  # a mistake that people make too
    (FEAR, SAD, 0.52, (0, 4, 6)),  # and another, with close scores
    (FEAR, SAD, 0.9, (9, 1, 0)),  # people see a third class
    (FEAR, ANGRY, 0.9, (0, 10, 0)),  # people confirm the label
    (SAD, ANGRY, 0.52, (0, 0, 0)),  # nobody saw a class
    (SAD, FEAR, 0.9, (0, 5, 5)),  # equal; fear comes first
    (ANGRY, ANGRY, 0.9, (10, 0, 0)),
    (SAD, SAD, 0.9, (0, 7, 3)),  # right by the label, not by people
    (FEAR, FEAR, 0.52, (1, 8, 1)),
    (SAD, SAD, 0.9, (0, 0, 0)),
)


def ten(times: int = 1) -> tuple[Predictions, PeopleVotes]:
    """The predictions and the votes for the same faces; repeated where shares have to be certain."""
    rows = FACES * times
    probs = np.zeros((len(rows), len(CLASSES)), dtype=np.float32)
    for row, (label, named, score, _) in enumerate(rows):
        probs[row, named] = score
        probs[row, label if label != named else (label + 1) % len(CLASSES)] += 1 - score
    predictions = Predictions(
        probs=probs,
        labels=np.array([row[0] for row in rows]),
        ids=np.arange(len(rows)).astype(str),
        classes=CLASSES,
        split="val",
        run="cnn",
    )
    return predictions, votes_of([row[3] for row in rows])


def votes_of(counts: list[tuple[int, ...]]) -> PeopleVotes:
    """Votes for classes alone, of ten people."""
    array = np.array(counts, dtype=np.int64)
    none = 10 - array.sum(axis=1)
    return PeopleVotes(counts=array, others=none, no_face=none)
