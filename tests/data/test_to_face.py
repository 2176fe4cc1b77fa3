"""Any picture to a grey face of 48x48: values by hand and by a plain filter, one kind after another."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mien.data._bad import BadPlaceError
from mien.data._to_face import to_face


def random_face(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (48, 48), dtype=np.uint8)


def stored(picture: Image.Image, kind: str, **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    file.seek(0)
    return file


@pytest.mark.parametrize(
    ("kind", "options"),
    [("PNG", {}), ("BMP", {}), ("WEBP", {"lossless": True, "quality": 100, "exact": True})],
)
def test_a_grey_face_of_48_comes_back_pixel_for_pixel(kind: str, options: dict[str, Any]) -> None:
    assert np.array_equal(to_face(stored(Image.fromarray(random_face()), kind, **options)), random_face())


def test_jpeg_comes_back_as_pillow_decodes_it() -> None:
    file = stored(Image.fromarray(random_face()), "JPEG", quality=95)
    decoded = np.array(Image.open(file))
    file.seek(0)
    assert np.array_equal(to_face(file), decoded)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA"])
def test_grey_in_a_colour_mode_keeps_its_values(mode: str) -> None:
    picture = Image.fromarray(random_face()).convert(mode)
    assert np.array_equal(to_face(stored(picture, "PNG")), random_face())


def test_colour_becomes_itu_r_601_luma() -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (48, 48, 3), dtype=np.uint8)
    luma = rgb @ np.array([0.299, 0.587, 0.114])
    assert np.abs(to_face(stored(Image.fromarray(rgb), "PNG")) - luma).max() < 0.51


def test_transparency_lies_on_white() -> None:
    grey, alpha = random_face(1).astype(float), random_face(2).astype(float)
    both = np.dstack([grey, alpha]).astype(np.uint8)
    expected = grey * alpha / 255 + 255 * (1 - alpha / 255)
    assert np.abs(to_face(stored(Image.fromarray(both), "PNG")) - expected).max() <= 1


def palette_picture() -> Image.Image:
    picture = Image.fromarray(np.tile(np.array([0, 1], dtype=np.uint8), (48, 24)))  # columns alternate
    palette = Image.new("P", (48, 48))
    palette.putdata(
        picture.getdata() if not hasattr(picture, "get_flattened_data") else picture.get_flattened_data()
    )
    palette.putpalette([200, 200, 200, 10, 10, 10])
    return palette


def test_a_palette_is_looked_up() -> None:
    face = to_face(stored(palette_picture(), "PNG"))
    assert np.array_equal(face, np.tile(np.array([200, 10], dtype=np.uint8), (48, 24)))


@pytest.mark.parametrize("transparency", [1, b"\xff\x00"])
def test_a_transparent_palette_entry_is_white(transparency: int | bytes) -> None:
    face = to_face(stored(palette_picture(), "PNG", transparency=transparency))
    assert np.array_equal(face, np.tile(np.array([200, 255], dtype=np.uint8), (48, 24)))


def test_black_and_white_becomes_0_and_255() -> None:
    bits = random_face() > 127
    assert np.array_equal(to_face(stored(Image.fromarray(bits), "PNG")), bits * np.uint8(255))


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    deep = np.random.default_rng(4).integers(0, 65536, (48, 48), dtype=np.uint16)
    deep[0, :3] = 0, 257, 65535
    face = to_face(stored(Image.fromarray(deep), "PNG"))
    assert face[0, :3].tolist() == [0, 1, 255]
    assert np.abs(face - deep / 257).max() <= 0.5


def test_every_exif_orientation_is_turned_upright() -> None:
    upright = random_face(5)
    as_stored = {  # what the EXIF standard says of rows and columns, undone by hand
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: np.rot90(upright),
        7: upright[::-1, ::-1].T,
        8: np.rot90(upright, -1),
    }
    for orientation, pixels in as_stored.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        file = stored(Image.fromarray(np.ascontiguousarray(pixels)), "PNG", exif=exif)
        assert np.array_equal(to_face(file), upright), orientation


@pytest.mark.parametrize(("width", "height"), [(100, 48), (48, 77), (49, 48)])
def test_the_middle_square_is_taken(width: int, height: int) -> None:
    left, top = (width - 48) // 2, (height - 48) // 2
    wide = np.zeros((height, width), dtype=np.uint8)
    wide[top : top + 48, left : left + 48] = random_face()
    assert np.array_equal(to_face(stored(Image.fromarray(wide), "PNG")), random_face())


def lanczos_weights(side: int) -> np.ndarray:
    """Share of each of `side` pixels in each of 48: a windowed sinc over six of the 48 (Duchon 1979); (48, side)."""
    scale = side / 48
    away = (np.arange(side) + 0.5 - (np.arange(48)[:, None] + 0.5) * scale) / max(scale, 1)
    weights = np.where(np.abs(away) < 3, np.sinc(away) * np.sinc(away / 3), 0)
    return weights / weights.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("side", [20, 64, 96, 300])
def test_resizing_is_a_windowed_sinc_of_the_pixels_that_fall_into_one(side: int) -> None:
    pixels = np.random.default_rng(6).integers(0, 256, (side, side), dtype=np.uint8)
    weights = lanczos_weights(side)
    across = np.clip(np.rint(pixels @ weights.T), 0, 255)  # in bytes in between
    expected = np.clip(weights @ across, 0, 255)
    assert np.abs(to_face(stored(Image.fromarray(pixels), "PNG")) - expected).max() <= 1.01


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP"])
def test_a_truncated_picture_is_damaged(kind: str) -> None:
    whole = stored(Image.fromarray(random_face()), kind).getvalue()
    with pytest.raises(BadPlaceError, match=r"damaged picture|something else"):
        to_face(io.BytesIO(whole[: len(whole) // 2]))


@pytest.mark.parametrize("content", [b"", b"hello, I am a text file", b"GIF89a" + bytes(40)])
def test_what_is_no_picture_of_the_four_kinds_is_refused(content: bytes) -> None:
    with pytest.raises(BadPlaceError, match="expected a picture"):
        to_face(io.BytesIO(content))


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims its size and holds next to nothing: it must be refused before it is decoded."""
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(bytes(9))),
    ]
    made = b"\x89PNG\r\n\x1a\n"
    for name, content in [*chunks, (b"IEND", b"")]:
        made += (
            struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        )
    return made


@pytest.mark.parametrize("side", [7_100, 10_000, 30_000, 2**31 - 1])
def test_a_decompression_bomb_is_refused_by_its_header(side: int) -> None:
    with pytest.raises(BadPlaceError, match="expected at most 50,000,000 pixels"):
        to_face(io.BytesIO(png_header(side, side)))


def test_a_file_that_cannot_be_opened_is_a_bad_place(tmp_path: Path) -> None:
    with pytest.raises(BadPlaceError, match="No such file"):
        to_face(tmp_path / "gone.png")
