"""The section about what a network looks at: its answer, figures and marks, without torch."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mien.analysis.attribution import method_proof
from mien.analysis.explanation import About, ExplainedFace, Explanation, Pictures, Proof
from mien.core.errors import MissingInput, RunError
from mien.core.material import Material, ReadRun
from mien.core.rundir import EXPLANATION, WEIGHTS
from mien.core.section import Drawing, Fold
from mien.core.text_tables import TextTable
from mien.diagnostics.explain import PLUGIN
from mien.diagnostics.explain_sheet import answer, overlaid, sheet, write_sheet
from mien.diagnostics.explain_tables import faces_table, proof_table
from tests.made_runs import made_run

CLASSES = ("<b>a</b>", "b")
METHODS = {"gradient": "Simonyan et al. 2014", "occlusion": "Zeiler & Fergus 2014"}


def bytes_of(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).integers(0, 256, shape, dtype=np.uint8)


def proved() -> Proof:
    random = np.random.default_rng(0)
    masks = random.random((80, 9, 9)) < 0.2
    noise, other = random.random((2, 80, 9, 9))
    found = (
        method_proof("gradient", noise + masks, other, masks),
        method_proof("occlusion", noise, other, masks),
    )
    return Proof(methods=found, faces=80, accuracy=0.5)


def made(proof: Proof | None = None, right: int = 2, wrong: int = 1) -> Explanation:
    faces = [
        ExplainedFace(
            id=f"face {k}",
            true=CLASSES[0],
            predicted=CLASSES[0],
            scores=(0.9, 0.1),
            targets=CLASSES[:1],
            chosen="x",
        )
        for k in range(right)
    ]
    faces += [
        ExplainedFace(
            id=f"wrong {k}", true="b", predicted=CLASSES[0], scores=(0.75, 0.25), targets=CLASSES, chosen="y"
        )
        for k in range(wrong)
    ]
    return Explanation(
        about=About(
            run="cnn", classes=CLASSES, weights="w", methods=METHODS, left_out={"Grad-CAM": "no convolution"},
            layer=None, first_layer=None, class_scores=(0.99, 0.98), regularisation="By a penalty.",
        ),
        faces=tuple(faces),
        proof=proof or proved(),
        pictures=Pictures(
            faces=bytes_of(right + wrong, 48, 48), maps=bytes_of(right + 2 * wrong, 2, 48, 48),
            class_images=bytes_of(2, 48, 48), filters=bytes_of(4, 3, 3), filter_images=bytes_of(0, 48, 48),
            feature_maps=bytes_of(0, 1, 1),
        ),
    )  # fmt: skip


def material(tmp_path: Path, found: Explanation | None) -> Material:
    run, _ = made_run(tmp_path / "one")
    if found:
        found.write(run)
    return Material(runs=(ReadRun.of(run),))


def test_answer_figures_and_marks(tmp_path: Path) -> None:
    found = PLUGIN.make(material(tmp_path, made()))
    assert found.answer.startswith(
        "On 80 drawn faces, 50.0 % of which one names right, 1 of 2 methods find the pixels that carry the expression"
    )
    right, wrong = (block for block in found.blocks if isinstance(block, Drawing))
    assert right.svg.count("<image") == 2 * (1 + 2)  # each face once, and its maps
    assert wrong.svg.count("<image") == 1 + 2 * 2
    assert wrong.svg.count("<use") == 2 * 3
    assert "taken for &lt;b&gt;a&lt;/b&gt;: what speaks for b" in wrong.svg
    assert "<b>" not in right.svg + wrong.svg
    assert "occlusion*" in right.svg
    assert "gradient*" not in right.svg
    assert "Not to be believed by the proof below: occlusion." in found.blocks[0].text
    assert "Grad-CAM is left out: no convolution." in found.blocks[0].text
    table = next(block for block in found.blocks if isinstance(block, TextTable))
    assert [row[-1][:3] for row in table.rows] == ["yes", "NO:"]
    assert json.loads(json.dumps(found.data))["proof"]["methods"][0]["convincing"] is True
    fold = next(block for block in found.blocks if isinstance(block, Fold))
    assert len(fold.blocks) == 2  # class images and filters; no convolution, no more


def test_the_section_stays_small(tmp_path: Path) -> None:
    found = PLUGIN.make(material(tmp_path, made(right=30, wrong=30)))
    drawings = [block for block in found.blocks if isinstance(block, Drawing)]
    assert [block.svg.count("<symbol") for block in drawings] == [7, 6]
    # noise is the worst that can be compressed: real faces and five methods stay below this
    assert sum(len(block.svg) for block in drawings) < 200_000


def test_without_proof_without_maps_and_with_other_weights(tmp_path: Path) -> None:
    assert answer("one", made(Proof(missing="it was not asked for"))).endswith(
        "not measured: it was not asked for."
    )
    with pytest.raises(MissingInput, match=r"mien explain .*one does that"):
        PLUGIN.make(material(tmp_path, None))
    (tmp_path / "one" / EXPLANATION).write_text("{}")
    with pytest.raises(MissingInput, match=r"one: explain\.npz cannot be read"):
        PLUGIN.make(Material(runs=(ReadRun.of(made_run(tmp_path / "two")[0]), *_one(tmp_path))))
    found = made()
    run, _ = made_run(tmp_path / "three")
    found.write(run)
    run.write(WEIGHTS, b"others")
    with pytest.raises(MissingInput, match="is of other weights"):
        PLUGIN.make(Material(runs=(ReadRun.of(run),)))


def _one(tmp_path: Path) -> tuple[ReadRun]:
    from mien.core.rundir import RunDir

    return (ReadRun.of(RunDir.open(tmp_path / "one")),)


def test_the_sheet_lays_maps_over_faces(tmp_path: Path) -> None:
    found = made()
    picture = sheet(found)
    with Image.open(write_sheet(found, tmp_path / "new" / "maps.png")) as read:
        assert (np.asarray(read) == picture).all()
    face = overlaid(bytes_of(5, 5), np.zeros((5, 5), np.uint8))
    assert (face == bytes_of(5, 5)[..., None]).all()
    hot = overlaid(bytes_of(5, 5), np.full((5, 5), 255, np.uint8)).astype(int)
    assert (hot[..., 0] > hot[..., 2] + 100).all()
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="choose another --out"):
        write_sheet(found, tmp_path / "file" / "maps.png")


def test_tables(tmp_path: Path) -> None:
    rows = faces_table(made()).rows
    assert rows[-1] == ("wrong 0", "b", "<b>a</b>", "75.0 %", "25.0 %", "y")
    table = proof_table("one", made())
    assert re.search(r"one names 50.0 % of these faces right", " ".join(table.footer))
