"""Image folders: both layouts, every way in which one can be wrong."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mien.core.errors import DataError
from mien.core.labels import EXPRESSIONS
from mien.data.load import load, read


def random_face(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (48, 48), dtype=np.uint8)


def fill(root: Path, *names: str) -> Path:
    """A folder with a picture of its own for each name; the seed is the name's place."""
    for seed, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random_face(seed)).save(path)
    return root


def test_split_class_picture(tmp_path: Path) -> None:
    names = ("train/happy/a.png", "train/sad/b.png", "test/happy/a.png")
    faces = load(fill(tmp_path / "faces", *names))
    found = dict(
        zip(faces.ids.tolist(), zip(faces.split.tolist(), faces.labels.tolist(), strict=True), strict=True)
    )
    assert found == {names[0]: ("train", 3), names[1]: ("train", 4), names[2]: ("test", 3)}
    assert faces.classes == EXPRESSIONS
    for seed, name in enumerate(names):
        assert np.array_equal(faces.pixels[faces.ids.tolist().index(name)], random_face(seed))


def test_class_picture(tmp_path: Path) -> None:
    faces = load(fill(tmp_path / "faces", "Anger/1.png", "Happiness/2.bmp", "SADNESS/3.PNG"))
    assert faces.split.tolist() == ["", "", ""]
    assert [faces.classes[label] for label in faces.labels] == ["angry", "happy", "sad"]


def test_numbered_folders_are_the_seven(tmp_path: Path) -> None:
    faces = load(fill(tmp_path / "faces", *(f"{number}/x.png" for number in range(7))))
    assert faces.classes == EXPRESSIONS
    assert faces.labels.tolist() == list(range(7))


def test_other_names_stay_as_they_are(tmp_path: Path) -> None:
    faces = load(fill(tmp_path / "faces", "happy/1.png", "Contempt/2.png"))
    assert faces.classes == ("Contempt", "happy")
    assert faces.ids.tolist() == ["Contempt/2.png", "happy/1.png"]


def test_what_systems_leave_behind_is_passed_over(tmp_path: Path) -> None:
    root = fill(tmp_path / "faces", "happy/1.png", "sad/2.png")
    for name in (
        "happy/.DS_Store",
        "happy/._1.png",
        "happy/Thumbs.db",
        "__MACOSX/happy/3.png",
        "notes.txt",
        ".git/x",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("no picture")
    loaded = read(root)
    assert loaded.faces.ids.tolist() == ["happy/1.png", "sad/2.png"]
    assert loaded.bad.total == 0


def test_bad_files_and_empty_classes_are_named_and_can_be_left_out(tmp_path: Path) -> None:
    root = fill(
        tmp_path / "faces", "train/happy/1.png", "train/happy/2.jpg", "train/sad/3.png", "test/happy/4.png"
    )
    whole = (root / "train/happy/2.jpg").read_bytes()
    (root / "train/happy/2.jpg").write_bytes(whole[: len(whole) // 2])
    (root / "train/sad/5.png").write_text("I am a text file")
    (root / "test/sad").mkdir()
    with pytest.raises(DataError) as stopped:
        load(root)
    message = str(stopped.value)
    assert "3 bad places" in message
    assert "test/sad: expected pictures" in message
    assert "train/happy/2.jpg: damaged picture" in message
    assert "train/sad/5.png: expected a picture" in message
    loaded = read(root, skip_bad=True)
    assert loaded.bad.total == 3
    assert sorted(loaded.faces.ids.tolist()) == ["test/happy/4.png", "train/happy/1.png", "train/sad/3.png"]
    assert sorted(loaded.faces.labels.tolist()) == [3, 3, 4]


def test_of_many_bad_files_the_first_ten_are_named(tmp_path: Path) -> None:
    root = fill(tmp_path / "faces", "happy/good.png")
    for number in range(12):
        (root / f"happy/{number:02}.png").write_text("text")
    with pytest.raises(DataError) as stopped:
        load(root)
    assert "12 bad places; the first 10" in str(stopped.value)
    assert "happy/09.png" in str(stopped.value)
    assert "happy/10.png" not in str(stopped.value)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("1.png", "2.png"), "got 1.png"),
        (("happy/1.png", "2.png"), "got 2.png"),
        (("happy/1.png", "train/happy/1.png"), "got train/happy/1.png"),
        (("archive/train/happy/1.png",), "got archive/train/happy/1.png"),
        (("train/1.png", "test/2.png"), "the pictures in test, train have no class"),
        (("happy/1.png", "happiness/2.png"), "spell the same expression"),
    ],
)
def test_another_layout_is_explained(tmp_path: Path, names: tuple[str, ...], expected: str) -> None:
    root = fill(tmp_path / "faces", *names)
    with pytest.raises(DataError) as stopped:
        load(root)
    assert expected in str(stopped.value)
    assert str(root) in str(stopped.value)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps file names that are no UTF-8")
def test_a_file_name_that_is_no_utf8_is_a_bad_place(tmp_path: Path) -> None:
    root = fill(tmp_path / "faces", "happy/1.png", "happy/2.png")
    os.rename(root / "happy/2.png", os.fsencode(root / "happy") + b"/\xe4.png")  # noqa: PTH104
    loaded = read(root, skip_bad=True)
    assert loaded.bad.first == ("happy/?.png: expected a file name in UTF-8",)
    assert len(loaded.faces.digest) == 64


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may read everything"
)
def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    root = fill(tmp_path / "faces", "happy/1.png", "sad/2.png")
    (root / "sad").chmod(0)
    try:
        with pytest.raises(DataError, match=r"sad: cannot be read \(Permission denied\)"):
            load(root)
    finally:
        (root / "sad").chmod(0o755)
