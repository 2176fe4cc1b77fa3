"""The contact sheet: every face in its place, lines that fit, errors that say what is wrong."""

import numpy as np
import pytest
from PIL import Image

from mien.core.errors import DataError
from mien.data.contact_sheet import contact_sheet, write_png


def test_every_face_is_in_its_place():
    pixels = np.zeros((12, 48, 48), dtype=np.uint8)
    pixels[11] = 120
    sheet = contact_sheet(pixels, [[]] * 12)
    rows, columns = np.nonzero(sheet == 120)
    assert 14 + 112 <= columns.min() < columns.max() < 14 + 2 * (112 + 14)  # the second of the second row
    assert rows.min() > sheet.shape[0] / 2
    assert sheet.shape[1] == 10 * (112 + 14) + 14


def test_lines_never_reach_the_next_face():
    sheet = contact_sheet(
        np.full((1, 48, 48), 255, dtype=np.uint8), [["much too long a line for one face " * 3]]
    )
    assert (sheet[:, -5:] == 255).all()
    assert sheet.min() < 100


def test_no_face_and_too_few_lines():
    assert (contact_sheet(np.zeros((0, 48, 48), dtype=np.uint8), []) == 255).all()
    with pytest.raises(DataError, match="lines for 2 faces, got 1"):
        contact_sheet(np.zeros((2, 48, 48), dtype=np.uint8), [["one"]])


def test_the_file_is_a_png(tmp_path):
    picture = np.arange(100, dtype=np.uint8).reshape(10, 10)
    write_png(picture, tmp_path / "new" / "sheet.png")
    with Image.open(tmp_path / "new" / "sheet.png") as read:
        assert (np.asarray(read) == picture).all()
    with pytest.raises(DataError, match="cannot be written"):
        write_png(picture, tmp_path)
