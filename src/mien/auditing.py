"""What the labels of a data set are worth: duplicates and leaks, pictures that are no faces, labels, and people."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from mien.analysis import label_suspects as lists
from mien.analysis.audited import Audit, DoubtedLabels, Judged, NoFaces, People, Same
from mien.analysis.confident_learning import LabelDoubts, label_doubts
from mien.analysis.duplicates import conflicts, leaks, redundant, repeatability, repeated
from mien.analysis.label_suspects import SuspectRows
from mien.analysis.near_duplicates import NearPairs
from mien.analysis.not_a_face import FaceDoubts, face_doubts
from mien.analysis.people import (
    agreements,
    ceiling,
    majority_confusion,
    network_and_people,
    people_votes,
)
from mien.analysis.same_pictures import with_near
from mien.core.errors import DataError
from mien.core.identical import picture_groups
from mien.core.images import TRAIN, Bools, Ints, LabelledImages, Uint8
from mien.core.people_votes import PeopleVotes
from mien.core.predictions import Predictions
from mien.core.suspects import Suspect
from mien.data._parts import part_named
from mien.data.contact_sheet import contact_sheet
from mien.data.ferplus_csv import Votes, join

JUDGED = (100, 500, 2000)  # of the first so many doubted labels it is told how many people overrule
_EVERYONE = (
    9  # votes that say that it is no face, of the nine or ten that there are, for a face to count as none
)


def audit(
    faces: LabelledImages,
    votes: Votes | None = None,
    predictions: Predictions | None = None,
    *,
    near: bool = True,
) -> Audit:
    """What the labels of these faces are worth.

    votes        of FER+, as read_votes gives them; they are joined to the faces by row
    predictions  of some or all of the faces, by networks that did not learn from them. Those whose picture, or nearly
                 the same, is among the training faces that are not predicted are not judged: it was learned
    near         search for near duplicates too, which takes most of the time

    Raises DataError where votes or predictions do not belong to the faces.
    """
    people = None if votes is None else votes_for(votes, faces)
    rows = _rows(predictions, faces)
    groups = picture_groups(faces.pixels)
    pairs, near_groups = with_near(faces.pixels, groups) if near else (None, groups)
    strange = face_doubts(faces.pixels, groups)
    unseen = _unseen(near_groups, rows, faces)
    asked = None if predictions is None or not unseen.any() else predictions.select(unseen)
    doubts = None if asked is None else label_doubts(asked.probs, asked.labels)
    judged = rows[unseen]
    return Audit(
        source=faces.source,
        digest=faces.digest,
        faces=len(faces),
        classes=faces.classes,
        identical=_same(faces, groups),
        near=None if pairs is None else _same(faces, near_groups, pairs),
        no_faces=_no_faces(strange, people),
        labels=_doubted(asked, doubts, len(rows), None if people is None else people.select(judged)),
        people=_people(people, faces, predictions, rows),
        suspects=_suspects(faces, _lists(faces, groups, near_groups, strange, people, doubts, judged)),
    )


def votes_for(votes: Votes, faces: LabelledImages) -> PeopleVotes:
    """The votes for these faces, in their order and classes; DataError where they are not for these faces."""
    return people_votes(join(votes, faces).counts, votes.names, faces.classes)


def _rows(predictions: Predictions | None, faces: LabelledImages) -> Ints:
    """The row of each predicted face; DataError where one is missing or the classes are others."""
    if predictions is None:
        return np.empty(0, dtype=np.int64)
    if predictions.classes != faces.classes:
        raise DataError(
            f"run {predictions.run} tells {', '.join(predictions.classes)} apart; "
            f"{faces.source} has {', '.join(faces.classes)}"
        )
    place = {name: row for row, name in enumerate(faces.ids.tolist())}
    found = [place.get(name, -1) for name in predictions.ids.tolist()]
    if -1 in found:
        missing = predictions.ids[found.index(-1)]
        raise DataError(
            f"{faces.source} lacks {found.count(-1)} faces that run {predictions.run} predicts, first: {missing}"
        )
    rows = np.array(found, dtype=np.int64)
    if not np.array_equal(faces.labels[rows], predictions.labels):
        raise DataError(
            f"run {predictions.run} was measured on other faces than {faces.source}: their ids are the same, "
            "their labels are not; name the data that it was trained with"
        )
    return rows


def _unseen(groups: Ints, rows: Ints, faces: LabelledImages) -> Bools:
    """Which of the predicted rows (m,) show a picture that the network cannot have learned, bool (m,).

    It learned from training faces that it does not predict; where the data has no parts, from any that it does not.
    """
    learned = _is_training(faces) | (faces.split == "")
    learned[rows] = False
    return ~np.isin(groups[rows], groups[learned])


def _same(faces: LabelledImages, groups: Ints, pairs: NearPairs | None = None) -> Same:
    sizes = np.bincount(groups)
    return Same(
        groups=len(repeated(groups)),
        redundant=redundant(groups),
        conflicting=len(conflicts(groups, faces.labels)),
        largest=int(sizes.max(initial=0)),
        leaks=leaks(groups, faces.labels, faces.split),
        labels=repeatability(groups, faces.labels),
        pairs=None if pairs is None else len(pairs),
        mirrored=None if pairs is None else int(pairs.mirrored.sum()),
    )


def _no_faces(doubts: FaceDoubts, people: PeopleVotes | None) -> NoFaces:
    reasons = Counter(doubts.reason[doubts.listed].tolist())
    if people is None:
        return NoFaces(listed=sum(reasons.values()), reasons=dict(reasons))
    agreed = (people.no_face >= _EVERYONE) & ~people.voted
    return NoFaces(
        listed=sum(reasons.values()),
        reasons=dict(reasons),
        people=int(agreed.sum()),
        both=int((agreed & doubts.listed).sum()),
    )


def _doubted(
    predictions: Predictions | None, doubts: LabelDoubts | None, asked: int, people: PeopleVotes | None
) -> DoubtedLabels | None:
    """What the judged predictions say; `asked` counts those too that are not judged."""
    if predictions is None or doubts is None:
        return None
    ranked = doubts.ranked()
    firsts = dict.fromkeys(min(first, len(ranked)) for first in JUDGED)
    return DoubtedLabels(
        run=predictions.run,
        faces=len(predictions),
        noise=doubts.noise,
        listed=len(doubts.suspects()),
        joint=tuple(tuple(row) for row in doubts.joint.tolist()),
        judged=()
        if people is None
        else tuple(_judged(ranked[:first], doubts, predictions.labels, people) for first in firsts),
        learned=asked - len(predictions),
    )


def _judged(rows: Ints, doubts: LabelDoubts, labels: Ints, people: PeopleVotes) -> Judged:
    seen, voted = people.majority[rows], people.voted[rows]
    return Judged(
        first=len(rows),
        voted=int(voted.sum()),
        overruled=int((voted & (seen != labels[rows])).sum()),
        as_proposed=int((voted & (seen == doubts.proposal[rows])).sum()),
    )


def _people(
    people: PeopleVotes | None, faces: LabelledImages, predictions: Predictions | None, rows: Ints
) -> People | None:
    if people is None:
        return None
    network = None
    if predictions is not None:
        labels = faces.labels[rows]
        network = network_and_people(predictions.run, predictions.probs, labels, people.select(rows))
    return People(
        agreements=agreements(people, faces.labels, faces.split, faces.classes),
        confusion=tuple(tuple(row) for row in majority_confusion(people, faces.labels).tolist()),
        ceiling=ceiling(people, faces.labels),
        network=network,
    )


def _lists(
    faces: LabelledImages,
    groups: Ints,
    near_groups: Ints,
    strange: FaceDoubts,
    people: PeopleVotes | None,
    doubts: LabelDoubts | None,
    rows: Ints,
) -> list[SuspectRows]:
    found = [] if doubts is None else [lists.doubted_labels(doubts, rows)]
    found.append(lists.disagreeing(lists.TWINS, groups, faces.labels))
    if near_groups is not groups:
        found.append(lists.disagreeing(lists.NEAR_TWINS, near_groups, faces.labels))
    if people is not None:
        found.append(lists.overruled(people, faces.labels))
    training = _is_training(faces)
    found += [lists.no_faces(strange), lists.leaked(lists.LEAK, groups, training)]
    if near_groups is not groups:  # only those that are not equal in every pixel too
        known = training | np.isin(groups, groups[training])
        found.append(lists.leaked(lists.NEAR_LEAK, near_groups, known))
    return found


def _is_training(faces: LabelledImages) -> Bools:
    """Which faces are in the training part; none where the data has no parts."""
    return np.array([part_named(name) == TRAIN for name in faces.split.tolist()], dtype=bool)


def _suspects(faces: LabelledImages, found: Sequence[SuspectRows]) -> tuple[Suspect, ...]:
    return tuple(
        Suspect(
            id=str(faces.ids[row]),
            reason=reason,
            score=score,
            proposal=faces.classes[proposal] if proposal >= 0 else "",
        )
        for each in found
        for row, reason, score, proposal in zip(
            each.rows.tolist(),
            each.reasons.tolist(),
            each.scores.tolist(),
            each.proposals.tolist(),
            strict=True,
        )
    )


def suspects_sheet(
    found: Audit, faces: LabelledImages, votes: Votes | None = None, *, top: int = 100
) -> Uint8:
    """The faces of the first suspects, each once: its label, what is proposed, why, and people's votes."""
    first: dict[str, Suspect] = {}
    for suspect in found.suspects:
        first.setdefault(suspect.id, suspect)
    chosen = list(first.values())[:top]
    place = {name: row for row, name in enumerate(faces.ids.tolist())}
    rows = np.array([place[suspect.id] for suspect in chosen], dtype=np.int64)
    people = None if votes is None else votes_for(votes, faces)
    lines = [
        [
            f"label {faces.classes[faces.labels[row]]}",
            f"rather {suspect.proposal}" if suspect.proposal else "",
            suspect.reason,
            suspect.id,
            *([] if people is None else [_most_votes(people.counts[row], faces.classes)]),
        ]
        for suspect, row in zip(chosen, rows.tolist(), strict=True)
    ]
    return contact_sheet(faces.pixels[rows], lines)


def _most_votes(counts: Ints, classes: tuple[str, ...]) -> str:
    """The three classes with the most votes."""
    order = np.argsort(-counts, kind="stable")[:3]
    return ", ".join(f"{classes[label]} {counts[label]}" for label in order.tolist() if counts[label])
