"""Photos of any kind to RGB, and mutated ones: a right answer or one typed error."""

import io
import os
import sys
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from mien.core.errors import DataError
from mien.data import pictures
from mien.data._to_face import to_face
from mien.data.pictures import face_in
from mien.inference import photo as photos
from mien.inference.photo import open_photo, read_photo
from tests.inference.mutated_pictures import DAMAGED, SUFFIXES, is_right, mutated, mutation, written

SIDE = 48


def coloured(width=60, height=40) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows * 5, columns * 4, (rows + columns) * 2], axis=2).astype(np.uint8)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "WEBP"])
def test_lossless_files_come_back_pixel_for_pixel(kind):
    file = written(Image.fromarray(coloured()), kind, **({"lossless": True} if kind == "WEBP" else {}))
    assert np.array_equal(read_photo(io.BytesIO(file)), coloured())


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_is_turned_upright(orientation):
    turns = {
        1: lambda a: a, 2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud,
        5: lambda a: np.swapaxes(a, 0, 1), 6: lambda a: np.rot90(a, -1),
        7: lambda a: np.swapaxes(np.rot90(a, 2), 0, 1), 8: np.rot90,
    }  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = written(Image.fromarray(coloured()), "PNG", exif=exif)
    assert np.array_equal(read_photo(io.BytesIO(file)), turns[orientation](coloured()))


MODES = {
    "1": 255, "L": 200, "LA": 200, "P": 200, "RGBA": 200, "I;16": 200 * 257,
}  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
def test_any_mode_is_rgb(mode):
    if mode == "I;16":
        picture = Image.fromarray(np.full((5, 4), MODES[mode], dtype=np.uint16))
    else:
        picture = Image.new("L", (4, 5), MODES[mode]).convert(mode)
    read = read_photo(io.BytesIO(written(picture, "PNG")))
    assert read.shape == (5, 4, 3)
    assert (read == (255 if mode == "1" else 200)).all()


def test_cmyk_transparency_and_the_first_frame():
    cmyk = read_photo(io.BytesIO(written(Image.new("CMYK", (8, 8), (0, 0, 0, 255)), "JPEG")))
    assert cmyk.max() < 10
    clear = read_photo(io.BytesIO(written(Image.new("RGBA", (2, 2), (0, 0, 0, 0)), "PNG")))
    assert (clear == 255).all()
    frames = [Image.new("RGB", (6, 6), colour) for colour in ("red", "blue")]
    for kind in ("PNG", "WEBP"):
        file = written(frames[0], kind, save_all=True, append_images=frames[1:], duration=50, lossless=True)
        assert read_photo(io.BytesIO(file))[0, 0].tolist() == [255, 0, 0]


def test_a_photo_and_a_data_set_make_the_same_face_of_a_picture():
    for picture in (Image.fromarray(coloured()), Image.fromarray(coloured()[..., 0])):
        file = written(picture, "PNG")
        rgb = read_photo(io.BytesIO(file))
        assert np.array_equal(face_in(Image.fromarray(rgb)), to_face(io.BytesIO(file)))


def test_a_square_over_the_edge_repeats_the_edge():
    picture = Image.fromarray(np.repeat(np.arange(48, dtype=np.uint8)[None], 48, axis=0))
    padded = np.pad(np.asarray(picture), 24, mode="edge")
    assert np.array_equal(face_in(picture, (-24, -24, 96)), face_in(Image.fromarray(padded)))
    assert (face_in(picture, (-48, 0, 49)) == 0).all()
    assert (face_in(picture, (100, 100, 10)) == 47).all()


ARRAYS = {
    r"astype\('uint8'\)$": np.full((4, 4, 3), 200.0),
    r"255 \* array": np.random.default_rng(0).random((4, 4, 3)),
    "bring them": np.full((4, 4, 3), 1000, dtype=np.int32),
    "channels come last": np.zeros((3, 4, 5), dtype=np.uint8),
    "fourth channel": np.zeros((4, 4, 4), dtype=np.uint8),
    r"got \(4,\)": np.zeros(4, dtype=np.uint8),
    "1 to 50,000,000 pixels": np.zeros((0, 4, 3), dtype=np.uint8),
    "got bool": np.zeros((4, 4), dtype=bool),
}


@pytest.mark.parametrize("reason", ARRAYS)
def test_arrays_of_another_shape_or_range_are_refused_with_the_way_out(reason):
    with pytest.raises(DataError, match=reason):
        read_photo(ARRAYS[reason])


@pytest.mark.parametrize("name", ["missing.png", ".", "null\0byte.png"])
def test_paths_that_are_no_file_are_refused(tmp_path, name):
    with pytest.raises(DataError, match=r"cannot be read|got a folder"):
        read_photo(f"{tmp_path}/{name}")


def read_or_told(path):
    """The photo, or what was told in its place."""
    try:
        return read_photo(path)
    except DataError as error:
        return str(error)


def test_two_thousand_mutated_pictures_are_read_rightly_or_refused_in_one_line(drawn, tmp_path):
    ended = Counter()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for number in range(2000):
            path = tmp_path / f"picture.{SUFFIXES[number % 3]}"
            path.write_bytes(mutated(drawn, number))
            found = read_or_told(path)
            if isinstance(found, str):
                assert mutation(number) in DAMAGED, found
                assert str(path) in found
                assert "\n" not in found
            else:
                assert (found.dtype, found.ndim, found.shape[2]) == (np.uint8, 3, 3)
                assert is_right(drawn, number, found[..., 0])
            ended[type(found)] += 1
    assert not warned
    assert ended[str] > 500
    assert ended[np.ndarray] > 1100  # what is whole, or damaged within its pixels


def test_threads_leave_the_filters_of_warnings_as_they_were(drawn):
    files = [written(Image.fromarray(face), "PNG") for face in drawn]
    before = list(warnings.filters)
    pause = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda k: read_photo(io.BytesIO(files[k % len(files)])), range(400)))
    finally:
        sys.setswitchinterval(pause)
    assert warnings.filters == before


def turned(rows, columns, **options):
    """A picture of whole squares of 2x2 pixels, and what averaging them gives."""
    small = np.random.default_rng(1).integers(0, 256, (rows, columns, 3), dtype=np.uint8)
    return small, written(Image.fromarray(small.repeat(2, axis=0).repeat(2, axis=1)), "PNG", **options)


@pytest.mark.parametrize("band", [100, 1_000_000])
def test_large_pictures_come_averaged_and_upright_with_the_size_they_have(monkeypatch, band):
    monkeypatch.setattr(photos, "LEAST_SIDE", 40)
    monkeypatch.setattr(pictures, "_BAND", band)
    exif = Image.Exif()
    exif[0x0112] = 6
    small, file = turned(41, 50, exif=exif)
    picture, size = open_photo(io.BytesIO(file))
    assert size == (82, 100)
    assert np.array_equal(np.asarray(picture), np.rot90(small, -1))
    assert np.array_equal(read_photo(io.BytesIO(file))[::2, ::2], np.rot90(small, -1))


@pytest.mark.parametrize("mode", MODES)
def test_large_pictures_of_any_mode_are_rgb(mode, monkeypatch):
    monkeypatch.setattr(photos, "LEAST_SIDE", 10)
    if mode == "I;16":
        picture = Image.fromarray(np.full((25, 31), MODES[mode], dtype=np.uint16))
    else:
        picture = Image.new("L", (31, 25), MODES[mode]).convert(mode)
    read, size = open_photo(io.BytesIO(written(picture, "PNG")))
    assert (size, read.size) == ((31, 25), (11, 9))
    assert (np.asarray(read) == (255 if mode == "1" else 200)).all()


def test_of_a_large_jpeg_less_is_decoded(monkeypatch):
    monkeypatch.setattr(photos, "LEAST_SIDE", 64)
    file = written(Image.fromarray(coloured(50, 30)).resize((640, 384)), "JPEG", quality=95)
    picture, size = open_photo(io.BytesIO(file))
    assert (size, picture.size) == ((640, 384), (80, 48))
    with Image.open(io.BytesIO(file)) as whole:
        difference = np.abs(np.asarray(picture, dtype=int) - np.asarray(whole.reduce(8)))
    assert difference.mean() < 3


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(DataError, match="no plain file"):
        read_photo(tmp_path / "pipe.png")


def test_a_name_that_is_too_long_is_refused(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_photo(tmp_path / ("a" * 5000))
