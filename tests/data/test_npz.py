"""NumPy archives: what may be in them, and what is wrong with those that are refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mien.core.errors import DataError
from mien.core.labels import EXPRESSIONS
from mien.data.load import load, read

IMAGES = np.random.default_rng(1).integers(0, 256, (4, 10, 10), dtype=np.uint8)


def saved(folder: Path, **arrays: Any) -> Path:
    np.savez_compressed(
        folder / "faces.npz", **{"images": IMAGES, "labels": np.array([1, 0, 6, 1]), **arrays}
    )
    return folder / "faces.npz"


def test_images_and_labels_are_enough(tmp_path: Path) -> None:
    faces = load(saved(tmp_path))
    assert np.array_equal(faces.pixels, IMAGES)
    assert faces.labels.tolist() == [1, 0, 6, 1]
    assert faces.ids.tolist() == ["0", "1", "2", "3"]
    assert faces.split.tolist() == [""] * 4
    assert faces.classes == EXPRESSIONS


@pytest.mark.parametrize("kind", [np.str_, np.bytes_])
def test_usage_and_row_are_taken(tmp_path: Path, kind: type) -> None:
    usage = np.array(["Training", "PublicTest", "Training", "PrivateTest"]).astype(kind)
    faces = load(saved(tmp_path, usage=usage, row=np.array([7, 9, 100, 3])))
    assert faces.split.tolist() == ["Training", "PublicTest", "Training", "PrivateTest"]
    assert faces.ids.tolist() == ["7", "9", "100", "3"]


def test_classes_name_the_numbers(tmp_path: Path) -> None:
    faces = load(saved(tmp_path, labels=np.array([0, 2, 1, 0]), classes=np.array(["zebra", "ant", "cow"])))
    assert [faces.classes[label] for label in faces.labels] == ["zebra", "cow", "ant", "zebra"]


def test_classes_that_spell_the_seven_come_into_their_order(tmp_path: Path) -> None:
    faces = load(saved(tmp_path, labels=np.array([0, 1, 1, 0]), classes=np.array(["sadness", "anger"])))
    assert faces.classes == EXPRESSIONS
    assert faces.labels.tolist() == [4, 0, 0, 4]


def test_labels_may_be_names(tmp_path: Path) -> None:
    faces = load(saved(tmp_path, labels=np.array(["joy", "fear", "joy", "neutral"])))
    assert faces.labels.tolist() == [3, 2, 3, 6]


@pytest.mark.parametrize(("label", "classes"), [(9, None), (-1, None), (3, ["a", "b", "c"])])
def test_a_label_out_of_range_is_a_bad_place(tmp_path: Path, label: int, classes: list[str] | None) -> None:
    given = {} if classes is None else {"classes": np.array(classes)}
    loaded = read(saved(tmp_path, labels=np.array([1, 0, label, 1]), **given), skip_bad=True)
    highest = 6 if classes is None else 2
    assert loaded.bad.first == (f"face 2: expected a label from 0 to {highest}, got {label}",)
    assert loaded.faces.ids.tolist() == ["0", "1", "3"]


@pytest.mark.parametrize(
    ("arrays", "expected"),
    [
        ({"images": IMAGES.astype(float)}, "images: expected uint8 (n, side, side), got float64"),
        ({"images": IMAGES[:, :, :9]}, "got uint8 (4, 10, 9)"),
        ({"images": np.zeros((4, 10, 10, 3), np.uint8)}, "got uint8 (4, 10, 10, 3)"),
        ({"images": IMAGES[:0], "labels": np.array([], dtype=int)}, "holds no picture"),
        ({"labels": np.array([1, 2])}, "labels: expected 4, as there are images, got 2"),
        ({"labels": np.zeros((4, 7), int)}, "labels: expected one dimension"),
        ({"labels": np.zeros(4)}, "labels: expected text or whole numbers, got float64"),
        ({"labels": np.array([1, None, 2, 3], dtype=object)}, "no Python objects"),
        ({"usage": np.array(["Training"])}, "usage: expected 4"),
        ({"ids": np.array(["a", "b", "a", "c"])}, "ids repeat"),
        ({"usage": np.array([b"\xe4"] * 4)}, "usage: expected UTF-8"),
    ],
)
def test_an_archive_of_another_make_is_explained(
    tmp_path: Path, arrays: dict[str, Any], expected: str
) -> None:
    path = saved(tmp_path, **arrays)
    with pytest.raises(DataError) as stopped:
        load(path)
    assert expected in str(stopped.value)
    assert str(path) in str(stopped.value)


def test_a_missing_array_is_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "faces.npz", images=IMAGES)
    with pytest.raises(DataError, match="it has no labels"):
        load(tmp_path / "faces.npz")


def test_damaged_content_is_explained(tmp_path: Path) -> None:
    path = saved(tmp_path)
    content = bytearray(path.read_bytes())
    content[150:170] = bytes(20)
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"faces\.npz: expected arrays"):
        load(path)
