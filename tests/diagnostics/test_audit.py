"""The section about the labels: its answer, tables and galleries on faces with planted twins."""

import json
from dataclasses import replace

import numpy as np
import pytest

from mien.core.errors import MissingInput
from mien.core.images import Parts
from mien.core.material import Material
from mien.core.predictions import Predictions
from mien.core.section import Gallery, Text
from mien.core.text_tables import TextTable
from mien.data.splits import split
from mien.diagnostics.audit import PLUGIN, together
from tests.conftest import small_faces
from tests.diagnostics.read_runs import read_run
from tests.made_runs import scores


@pytest.fixture(scope="module")
def parts() -> Parts:
    """Small faces; the first validation face stands in training too, there with another label."""
    found = split(small_faces(), "official")
    pixels, labels = found.train.pixels.copy(), found.train.labels.copy()
    pixels[0], labels[0] = found.val.pixels[0], (found.val.labels[0] + 1) % 3
    return replace(found, train=replace(found.train, pixels=pixels, labels=labels))


@pytest.fixture(scope="module")
def predictions(parts) -> Predictions:
    """A network that contradicts the first two validation faces, of which it has learned the first one's picture."""
    val = parts.val
    probs = scores(val.labels, 3, right=1.0)
    probs[:2] = 0.01
    probs[[0, 1], (val.labels[:2] + 1) % 3] = 0.98
    return Predictions(
        probs=probs, labels=val.labels, ids=val.ids, classes=val.classes, split="val", run="one"
    )


def test_answer_tables_and_galleries(parts, predictions):
    found = PLUGIN.make(Material(runs=(read_run("one", val=predictions),), parts=parts))
    assert found.answer.startswith(
        "1 of 240 pictures are there more than once; 1 of 48 validation faces stand in the training part too; "
        "the same picture gets the same label in 0.0 % of the cases; "
    )
    tables = [block for block in found.blocks if isinstance(block, TextTable)]
    assert ("validation", "training", "1", "0", "1", "2.1 %") in tables[0].rows
    twins, doubted = (block for block in found.blocks if isinstance(block, Gallery))
    assert {one.id for one in twins.cards} == {parts.val.ids[0], parts.train.ids[0]}
    names = parts.val.classes
    label = parts.val.labels[1]
    assert doubted.cards[0].id == parts.val.ids[1]
    assert parts.val.ids[0] not in {one.id for one in doubted.cards}
    assert (found.data["labels"]["faces"], found.data["labels"]["learned"]) == (47, 1)
    assert doubted.cards[0].heading == f"{names[label]}, rather {names[(label + 1) % 3]}"
    assert json.loads(json.dumps(found.data))["identical"]["redundant"] == 1


def test_without_predictions_and_without_faces(parts, predictions):
    found = PLUGIN.make(Material(runs=(read_run("one"),), parts=parts))
    assert len([block for block in found.blocks if isinstance(block, Gallery)]) == 1
    assert found.data["labels"] is None
    other = replace(predictions, ids=np.array([f"other {k}" for k in range(len(predictions))]))
    assert PLUGIN.make(Material(runs=(read_run("one", val=other),), parts=parts)).data["labels"] is None
    assert isinstance(found.blocks[-1], Text)
    with pytest.raises(MissingInput, match="elsewhere"):
        PLUGIN.make(Material(runs=(read_run("one"),), no_faces="the faces lie elsewhere"))


def test_all_parts_together(parts):
    whole = together(parts)
    assert len(whole) == 240
    assert set(whole.split.tolist()) == {"train", "val", "test"}
    assert (whole.select(whole.split == "val").pixels == parts.val.pixels).all()
