"""The section about people, from votes that are counted by hand."""

import json

import numpy as np
import pytest

from mien.core.errors import MissingInput
from mien.core.images import LabelledImages, Parts
from mien.core.material import Material
from mien.core.section import Drawing, Fold, Text
from mien.core.text_tables import TextTable
from mien.diagnostics.people import PLUGIN
from tests.analysis.claims.made import history, read_run
from tests.analysis.made_votes import CLASSES, ten


def made(*, votes=True, **other):
    predictions, opinions = ten()
    faces = LabelledImages(
        pixels=np.zeros((10, 4, 4), dtype=np.uint8),
        labels=predictions.labels,
        ids=predictions.ids,
        classes=CLASSES,
        split=np.full(10, "val"),
        source="made.csv",
    )
    runs = (read_run("cnn", history([0.5]), val=predictions), *other.get("runs", ()))
    parts = Parts(train=faces.select(np.arange(1)), val=faces)
    return PLUGIN.make(Material(runs=runs, parts=parts, votes={"val": opinions} if votes else None))


def test_the_answer_is_read_from_the_numbers():
    assert made().answer == (
        "cnn names the label of 37.5 % of 8 faces with votes, a reader who sees what most people see would name "
        "43.8 %; of its mistakes people overrule the label of 80.0 %, of the others 33.3 %, and on 60.0 % of its "
        "mistakes most people see what it sees."
    )


def test_the_tables_by_hand():
    found = made()
    shared, beside, agreed = (block for block in found.blocks if isinstance(block, TextTable))
    assert [row[:2] for row in shared.rows] == [("mistakes of cnn", "5"), ("correct faces of cnn", "3")]
    assert shared.rows[0][2].startswith("80.0 % (37.6 to 96.4)")
    assert "2 faces without such a vote" in shared.footer[0]
    assert beside.rows[0][:3] == ("cnn", "37.5 %", "62.5 %")  # 5 of 8 with the majority
    assert agreed.rows[0][:3] == ("all", "10", "30.0 %")
    (told,) = (block for block in found.blocks if isinstance(block, Text))
    assert "cnn mistakes 80.0 % (37.6 to 96.4) of the faces whose label people overrule" in told.text
    (fold,) = (block for block in found.blocks if isinstance(block, Fold))
    assert [type(block) for block in fold.blocks] == [Drawing, Drawing]
    assert found.data["confusion"] == [[1, 0, 0], [1, 2, 2], [0, 2, 0]]
    json.dumps(found.data, allow_nan=False)


def test_a_run_of_other_faces_is_left_out():
    predictions, _ = ten(2)
    found = made(runs=(read_run("dnn", history([0.5]), val=predictions),))
    assert [run["run"] for run in found.data["runs"]] == ["cnn"]
    assert "dnn is left out: run cnn was measured on other faces" in found.blocks[-1].text


def test_without_votes_there_is_no_section():
    with pytest.raises(MissingInput, match="--votes"):
        made(votes=False)
    assert PLUGIN.on_demand
