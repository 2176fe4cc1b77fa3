"""Every format through one battery: the same faces, written its way, come back the same."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mien.core.errors import MienError
from mien.core.images import LabelledImages
from mien.core.labels import EXPRESSIONS
from mien.core.plugins import plugin, plugin_names
from mien.data._format import HEAD, Format
from mien.data.load import load, read, recognise

COUNT = 20


def made_up_faces() -> LabelledImages:
    return LabelledImages(
        pixels=np.random.default_rng(11).integers(0, 256, (COUNT, 48, 48), dtype=np.uint8),
        labels=np.arange(COUNT) % 7,
        ids=np.arange(COUNT).astype(str),
        classes=EXPRESSIONS,
        split=np.array(["train"] * 14 + ["test"] * 6),
        source="made up",
    )


def png(picture: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


def write_csv(faces: LabelledImages, folder: Path) -> Path:
    rows = [
        f"{label},{' '.join(map(str, picture.ravel()))},{part}\n"
        for label, picture, part in zip(faces.labels, faces.pixels, faces.split, strict=True)
    ]
    (folder / "faces").write_text("emotion,pixels,Usage\n" + "".join(rows))
    return folder / "faces"


def write_folder(faces: LabelledImages, folder: Path) -> Path:
    for picture, label, part, name in zip(faces.pixels, faces.labels, faces.split, faces.ids, strict=True):
        path = folder / "faces" / part / EXPRESSIONS[label] / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(picture))
    return folder / "faces"


def write_npz(faces: LabelledImages, folder: Path) -> Path:
    with (folder / "faces").open("wb") as file:
        np.savez(file, images=faces.pixels, labels=faces.labels, usage=faces.split)
    return folder / "faces"


def write_parquet(faces: LabelledImages, folder: Path) -> Path:
    pa = pytest.importorskip("pyarrow")
    from pyarrow.parquet import write_table

    images = [{"bytes": png(picture), "path": None} for picture in faces.pixels]
    table = pa.table({"image": images, "label": faces.labels, "split": faces.split.tolist()})
    write_table(table, folder / "faces")
    return folder / "faces"


WRITERS: dict[str, Callable[[LabelledImages, Path], Path]] = {
    "fer2013_csv": write_csv,
    "image_folder": write_folder,
    "npz": write_npz,
    "parquet": write_parquet,
}
FORMATS = plugin_names("mien.data")


def in_one_order(faces: LabelledImages) -> list[tuple[str, int, bytes]]:
    """Part, label and pixels of each face, whatever order and ids a format gives them."""
    return sorted(zip(faces.split.tolist(), faces.labels.tolist(), map(bytes, faces.pixels), strict=True))


def test_every_format_has_a_writer_here() -> None:
    assert set(FORMATS) == set(WRITERS)


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_faces_come_back(name: str, tmp_path: Path) -> None:
    faces = made_up_faces()
    loaded = read(WRITERS[name](faces, tmp_path))
    assert loaded.format == name
    assert loaded.bad.total == 0
    assert loaded.faces.classes == faces.classes
    assert loaded.faces.source == str(tmp_path / "faces")
    assert in_one_order(loaded.faces) == in_one_order(faces)
    assert loaded.faces.labels.dtype == np.int64
    assert not loaded.faces.pixels.flags.writeable


@pytest.mark.parametrize("name", FORMATS)
def test_reading_twice_gives_the_same_digest(name: str, tmp_path: Path) -> None:
    path = WRITERS[name](made_up_faces(), tmp_path)
    assert load(path).digest == load(path).digest


@pytest.mark.parametrize("name", FORMATS)
def test_only_the_format_itself_recognises_what_it_wrote(name: str, tmp_path: Path) -> None:
    path = WRITERS[name](made_up_faces(), tmp_path)
    head = b"" if path.is_dir() else path.read_bytes()[:HEAD]
    assert [other for other in FORMATS if plugin("mien.data", other, Format).recognises(path, head)] == [name]
    assert recognise(path)[0] == name


@pytest.mark.parametrize("name", FORMATS)
def test_half_a_file_is_one_clear_error(name: str, tmp_path: Path) -> None:
    path = WRITERS[name](made_up_faces(), tmp_path)
    broken = path if path.is_file() else next(file for file in path.rglob("*") if file.is_file())
    broken.write_bytes(broken.read_bytes()[: broken.stat().st_size // 2])
    with pytest.raises(MienError) as stopped:
        load(path)
    assert str(path) in str(stopped.value)


@pytest.mark.parametrize("name", FORMATS)
def test_the_format_says_how_it_is_recognised(name: str) -> None:
    assert len(plugin("mien.data", name, Format).recognised_by) > 10
