"""What the labels are worth: identical pictures, leaks between parts, pictures that are no faces, doubtful labels."""

import numpy as np

from mien.analysis.audited import Audit, Same
from mien.analysis.label_suspects import TWINS, WRONG_LABEL
from mien.auditing import audit
from mien.core.images import TEST, TRAIN, VAL, LabelledImages, Parts
from mien.core.material import Material
from mien.core.predictions import Predictions
from mien.core.section import Block, FaceCard, Finding, Gallery, Text
from mien.core.text_tables import TextTable
from mien.core.wording import percent
from mien.diagnostics._diagnostic import Diagnostic
from mien.diagnostics._face_cards import card

_FACES = 12
_PARTS = {TRAIN: "training", VAL: "validation", TEST: "test"}
_MORE = (
    "mien audit DATA also finds nearly identical pictures, compares the labels with people's votes, and writes "
    "every suspect to a file."
)


def make(material: Material) -> Finding:
    """The audit of all faces without the search for near duplicates, with the first run's predictions."""
    faces = together(material.all_parts())
    predictions = _of_these(material, faces)
    found = audit(faces, predictions=predictions, near=False)
    blocks: list[Block] = [_leak_table(found.identical)] if found.identical.leaks else []
    blocks += [_strange_table(found)]
    blocks += [_twins(found, faces)] if found.identical.conflicting else []
    blocks += [_doubted(found, faces, predictions)] if predictions is not None else []
    return Finding(answer=_answer(found), blocks=(*blocks, Text(text=_MORE)), data=found.to_dict())


def together(parts: Parts) -> LabelledImages:
    """The faces of all parts as one set that names their part as mien does."""
    each = {name: getattr(parts, name) for name in _PARTS if getattr(parts, name) is not None}
    return LabelledImages(
        pixels=np.concatenate([faces.pixels for faces in each.values()]),
        labels=np.concatenate([faces.labels for faces in each.values()]),
        ids=np.concatenate([faces.ids for faces in each.values()]),
        classes=parts.train.classes,
        split=np.concatenate([np.full(len(faces), name) for name, faces in each.items()]),
        source=parts.train.source,
    )


def _of_these(material: Material, faces: LabelledImages) -> Predictions | None:
    """The first run's validation predictions, where they are of these faces."""
    known = set(faces.ids.tolist())
    for run in material.runs[:1]:
        if run.val is not None and len(run.val) and run.val.classes == faces.classes:
            return run.val if known.issuperset(run.val.ids.tolist()) else None
    return None


def _answer(found: Audit) -> str:
    same = found.identical
    told = f"{same.redundant:,} of {found.faces:,} pictures are there more than once"
    leak = next((one for one in same.leaks if (one.part, one.other) == (VAL, TRAIN)), None)
    if leak is not None:
        told += f"; {leak.pictures:,} of {leak.of:,} validation faces stand in the training part too"
    if same.labels.share is not None:
        told += f"; the same picture gets the same label in {percent(same.labels.share)} of the cases"
    return f"{told}; {found.no_faces.listed:,} are probably no faces."


def _leak_table(same: Same) -> TextTable:
    return TextTable(
        title="Pictures of one part that stand in another too",
        headers=("part", "stands in", "pictures", "same label", "another label", "of the part"),
        rows=tuple(
            (
                _PARTS[leak.part],
                _PARTS[leak.other],
                f"{leak.pictures:,}",
                f"{leak.same_label:,}",
                f"{leak.other_label:,}",
                percent(leak.pictures / max(leak.of, 1)),
            )
            for leak in same.leaks
        ),
        footer=("Equal in every pixel. The same label: at least one twin in the other part has it.",),
        left=(0, 1),
    )


def _strange_table(found: Audit) -> TextTable:
    same = found.identical
    reasons = found.no_faces.reasons
    return TextTable(
        title="What speaks against pictures and labels",
        headers=("what", "pictures"),
        rows=(
            ("more than once", f"{same.redundant:,}"),
            ("groups of identical ones with several labels", f"{same.conflicting:,}"),
            *((f"no face: {reason}", f"{count:,}") for reason, count in sorted(reasons.items())),
        ),
    )


def _twins(found: Audit, faces: LabelledImages) -> Gallery:
    """Pictures that have several labels, each with one of its labels."""
    ids = [suspect.id for suspect in found.suspects if suspect.reason == TWINS][:_FACES]
    return Gallery(
        title="The same picture, another label",
        cards=tuple(
            FaceCard(pixels=faces.pixels[row], heading=faces.classes[faces.labels[row]], bars=(), id=face_id)
            for face_id, row in zip(ids, _rows(ids, faces), strict=True)
        ),
    )


def _doubted(found: Audit, faces: LabelledImages, predictions: Predictions) -> Block:
    """The labels that the network contradicts most."""
    doubted = [suspect for suspect in found.suspects if suspect.reason == WRONG_LABEL][:_FACES]
    if not doubted:
        return Text(text=f"No label of the validation part is contradicted by {predictions.run}.")
    probs = dict(zip(predictions.ids.tolist(), predictions.probs, strict=True))
    cards = []
    for suspect, row in zip(doubted, _rows([one.id for one in doubted], faces), strict=True):
        true = int(faces.labels[row])
        heading = f"{faces.classes[true]}, rather {suspect.proposal}"
        cards.append(card(faces.pixels[row], probs[suspect.id], faces.classes, true, suspect.id, heading))
    return Gallery(title=f"Labels that {predictions.run} contradicts most", cards=tuple(cards))


def _rows(ids: list[str], faces: LabelledImages) -> list[int]:
    place = {name: row for row, name in enumerate(faces.ids.tolist())}
    return [place[face_id] for face_id in ids]


PLUGIN = Diagnostic(order=65, title="Labels", question="What are the labels worth?", make=make)
