"""Parquet as Hugging Face writes it, and as other people do."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mien.core.errors import DataError, MissingExtra
from mien.core.labels import EXPRESSIONS
from mien.data.load import load, read

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

FACES = np.random.default_rng(2).integers(0, 256, (4, 48, 48), dtype=np.uint8)
LABELS = [3, 0, 6, 3]


def png(picture: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


def as_structs(pictures: np.ndarray = FACES) -> list[dict[str, Any]]:
    return [{"bytes": png(picture), "path": f"{place}.png"} for place, picture in enumerate(pictures)]


def stored(path: Path, names: list[str] | None = None, **columns: Any) -> Path:
    """A Parquet file; names are those that Hugging Face's ClassLabel gives the label's numbers."""
    table = pa.table({"image": as_structs(), "label": LABELS, **columns})
    if names:
        features = {"image": {"_type": "Image"}, "label": {"names": names, "_type": "ClassLabel"}}
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)
    return path


def test_struct_with_bytes_and_numbers(tmp_path: Path) -> None:
    faces = load(stored(tmp_path / "faces.parquet"))
    assert np.array_equal(faces.pixels, FACES)
    assert faces.labels.tolist() == LABELS
    assert faces.ids.tolist() == ["0", "1", "2", "3"]
    assert faces.split.tolist() == [""] * 4
    assert faces.classes == EXPRESSIONS


def test_plain_bytes_and_other_column_names(tmp_path: Path) -> None:
    table = pa.table(
        {"img": [png(face) for face in FACES], "Emotion": LABELS, "Usage": ["Training"] * 4, "x": LABELS}
    )
    pq.write_table(table, tmp_path / "faces.pq")
    faces = load(tmp_path / "faces.pq")
    assert np.array_equal(faces.pixels, FACES)
    assert faces.split.tolist() == ["Training"] * 4


def test_names_from_hugging_faces_schema(tmp_path: Path) -> None:
    names = ["surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral"]
    faces = load(stored(tmp_path / "faces.parquet", names=names))
    assert [faces.classes[label] for label in faces.labels] == ["happy", "surprise", "neutral", "happy"]


def test_labels_may_be_names(tmp_path: Path) -> None:
    label = pa.array(["joy", "anger", "calm", "joy"])
    for column in (label, label.dictionary_encode(), label.cast(pa.large_string())):
        assert load(stored(tmp_path / "faces.parquet", label=column)).labels.tolist() == LABELS


def test_several_files_take_their_part_from_their_names(tmp_path: Path) -> None:
    stored(tmp_path / "data" / "train-00000-of-00002.parquet")
    stored(tmp_path / "data" / "train-00001-of-00002.parquet", image=as_structs(FACES[::-1]))
    stored(tmp_path / "data" / "test-00000-of-00001.parquet")
    faces = load(tmp_path)
    assert len(faces) == 12
    assert sorted(
        set(zip(faces.split.tolist(), [name.split(":")[0] for name in faces.ids.tolist()], strict=True))
    ) == [
        ("test", "data/test-00000-of-00001.parquet"),
        ("train", "data/train-00000-of-00002.parquet"),
        ("train", "data/train-00001-of-00002.parquet"),
    ]
    assert faces.ids[-1] == "data/train-00001-of-00002.parquet:3"
    assert np.array_equal(faces.pixels[-1], FACES[0])


def test_files_in_a_folder_named_after_their_part(tmp_path: Path) -> None:
    stored(tmp_path / "default" / "validation" / "0000.parquet")
    assert set(load(tmp_path).split.tolist()) == {"validation"}


def test_bad_rows_are_named_and_can_be_left_out(tmp_path: Path) -> None:
    pictures = [
        None,
        {"bytes": b"text", "path": None},
        {"bytes": None, "path": "only/a/path.png"},
        *as_structs(),
    ]
    path = stored(tmp_path / "f.parquet", image=pictures, label=[0, 1, 2, 9, None, 3, 4])
    with pytest.raises(DataError, match="5 bad places"):
        load(path)
    loaded = read(path, skip_bad=True)
    assert loaded.faces.ids.tolist() == ["5", "6"]
    assert np.array_equal(loaded.faces.pixels, FACES[[2, 3]])
    places = [place.split(":")[0] for place in loaded.bad.first]
    assert places == ["row 0", "row 1", "row 2", "row 3", "row 4"]
    assert loaded.bad.first[3] == "row 3: expected a label from 0 to 6, got 9"


def test_unlabelled_rows_of_hugging_face_are_bad(tmp_path: Path) -> None:
    path = stored(tmp_path / "f.parquet", names=list(EXPRESSIONS), label=[0, -1, 7, 2])
    assert [place.split(":")[0] for place in read(path, skip_bad=True).bad.first] == ["row 1", "row 2"]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"pic": as_structs(), "label": LABELS}, "expected a column for the picture, image or img"),
        ({"image": as_structs(), "target": LABELS}, "expected a column for the label, label or labels"),
        ({"image": as_structs()[:0], "label": LABELS[:0]}, "has no rows"),
        (
            {"image": as_structs(), "label": [0.0, 1.0, 2.0, 3.0]},
            "expected a whole number or a name, got 0.0",
        ),
    ],
)
def test_a_table_of_another_make_is_explained(tmp_path: Path, columns: dict[str, Any], expected: str) -> None:
    pq.write_table(pa.table(columns), tmp_path / "f.parquet")
    with pytest.raises(DataError) as stopped:
        load(tmp_path / "f.parquet")
    assert expected in str(stopped.value)
    assert "f.parquet" in str(stopped.value)


def test_files_that_name_their_classes_differently_are_refused(tmp_path: Path) -> None:
    stored(tmp_path / "train.parquet", names=list(EXPRESSIONS))
    stored(tmp_path / "test.parquet")
    with pytest.raises(DataError, match="the same class names in all of its 2 files"):
        load(tmp_path)


def test_a_truncated_file_is_explained(tmp_path: Path) -> None:
    path = stored(tmp_path / "f.parquet")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"f\.parquet: expected a whole Parquet file"):
        load(path)


def test_without_pyarrow_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = stored(tmp_path / "f.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match=r"reading Parquet needs pyarrow.*mien\[lab\]"):
        load(path)
