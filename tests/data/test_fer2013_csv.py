"""CSV in every layout that its users hold, and every way in which a row can be wrong."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from mien.core.errors import DataError
from mien.core.labels import EXPRESSIONS
from mien.data.load import load, read

SIDE = 6
LABELS = (3, 0, 6, 3, 1)
USAGES = ("Training", "Training", "PublicTest", "PrivateTest", "Training")
HEADER = "emotion,pixels,Usage"


def random_pixels(count: int = len(LABELS), side: int = SIDE) -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, (count, side, side), dtype=np.uint8)


def as_text(picture: np.ndarray) -> str:
    return " ".join(map(str, picture.ravel().tolist()))


def good_rows() -> list[str]:
    return [
        f"{label},{as_text(picture)},{usage}"
        for label, picture, usage in zip(LABELS, random_pixels(), USAGES, strict=True)
    ]


def written(folder: Path, rows: Sequence[str], header: str = HEADER) -> Path:
    path = folder / "faces.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8", newline="")
    return path


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("emotion,pixels,Usage", "{label},{pixels},{usage}"),
        ("emotion,pixels,Usage", '{label},"{pixels}",{usage}'),
        ('"emotion","pixels","Usage"', '"{label}","{pixels}","{usage}"'),
        ("emotion, Usage, pixels", "{label},{usage},{pixels}"),
        ("emotion, Usage, pixels", "{label}, {usage}, {pixels} "),
        ("Pixels,USAGE,Emotion", "{pixels},{usage},{label}"),
        ("name,emotion,pixels,Usage", '"Doe, J.",{label},{pixels},{usage}'),
    ],
)
def test_every_layout_gives_the_same_faces(
    tmp_path: Path, header: str, row: str, mark: str, end: str
) -> None:
    pixels = random_pixels()
    rows = [
        row.format(label=label, pixels=as_text(picture), usage=usage)
        for label, picture, usage in zip(LABELS, pixels, USAGES, strict=True)
    ]
    path = tmp_path / "any-name.data"
    path.write_text(mark + end.join([header, *rows]) + end, encoding="utf-8", newline="")
    faces = load(path)
    assert np.array_equal(faces.pixels, pixels)
    assert faces.labels.tolist() == list(LABELS)
    assert faces.split.tolist() == list(USAGES)
    assert faces.ids.tolist() == ["0", "1", "2", "3", "4"]
    assert faces.classes == EXPRESSIONS


def test_usage_may_be_missing_and_the_last_line_unfinished(tmp_path: Path) -> None:
    path = tmp_path / "faces.csv"
    path.write_text(f"emotion,pixels\n2,{as_text(random_pixels(1)[0])}")
    faces = load(path)
    assert np.array_equal(faces.pixels, random_pixels(1))
    assert faces.split.tolist() == [""]


@pytest.mark.parametrize("side", [1, 2, 48, 101])
def test_any_side(tmp_path: Path, side: int) -> None:
    pixels = random_pixels(3, side)
    faces = load(written(tmp_path, [f"0,{as_text(picture)},Training" for picture in pixels]))
    assert faces.side == side
    assert np.array_equal(faces.pixels, pixels)


def test_more_rows_than_are_parsed_at_once(tmp_path: Path) -> None:
    pixels = random_pixels(200, 4)
    rows = [f"{row % 7},{as_text(picture)},Training" for row, picture in enumerate(pixels)]
    faces = load(written(tmp_path, rows))
    assert np.array_equal(faces.pixels, pixels)
    assert faces.labels.tolist() == [row % 7 for row in range(200)]


def test_ten_classes_are_numbered(tmp_path: Path) -> None:
    rows = [f"{label},1 2 3 4,Training" for label in range(10)]
    faces = load(written(tmp_path, rows))
    assert faces.classes == tuple("0123456789")
    assert faces.labels.tolist() == list(range(10))


@pytest.mark.parametrize("labels", [[2], [0, 1, 2, 3, 4, 5, 6], [6, 6, 0]])
def test_labels_up_to_6_are_the_seven_expressions(tmp_path: Path, labels: list[int]) -> None:
    assert load(written(tmp_path, [f"{label},1 2 3 4,Training" for label in labels])).classes == EXPRESSIONS


def test_blank_lines_are_no_rows_but_lines(tmp_path: Path) -> None:
    rows = good_rows()
    loaded = read(written(tmp_path, [rows[0], "", rows[1], "  ", "9,1 2,Training"]), skip_bad=True)
    assert loaded.faces.ids.tolist() == ["0", "1"]
    assert loaded.bad.first[0].startswith("line 6: ")


def one_pixel_changed(to: str) -> str:
    return " ".join([to, *as_text(random_pixels(1)[0]).split()[1:]])


BAD_ROWS = {
    "one pixel too few": (
        f"0,{as_text(random_pixels(1)[0][:, :5])} 1 2 3 4 5,Training",
        "36 pixels (6x6",
        "got 35",
    ),
    "one pixel too many": (f"0,{as_text(random_pixels(1)[0])} 1,Training", "36 pixels (6x6", "got 37"),
    "256": (f"0,{one_pixel_changed('256')},Training", "0 to 255", "'256'"),
    "nan": (f"0,{one_pixel_changed('nan')},Training", "0 to 255", "'nan'"),
    "negative": (f"0,{one_pixel_changed('-4')},Training", "0 to 255", "'-4'"),
    "decimal": (f"0,{one_pixel_changed('4.0')},Training", "0 to 255", "'4.0'"),
    "four digits": (f"0,{one_pixel_changed('1234')},Training", "0 to 255", "'1234'"),
    "no pixels": ("0,,Training", "36 pixels (6x6", "got 0"),
    "class 9": (f"9,{as_text(random_pixels(1)[0])},Training", "class from 0 to 6", "got 9"),
    "class -1": (f"-1,{as_text(random_pixels(1)[0])},Training", "class number", "'-1'"),
    "class 1.0": (f"1.0,{as_text(random_pixels(1)[0])},Training", "class number", "'1.0'"),
    "class missing": (f",{as_text(random_pixels(1)[0])},Training", "class number", "''"),
    "column missing": (f"0,{as_text(random_pixels(1)[0])}", "3 columns", "got 2"),
    "column too many": (f"0,{as_text(random_pixels(1)[0])},Training,x", "3 columns", "got 4"),
    "open quote": (f'0,"{as_text(random_pixels(1)[0])}', "3 columns", "got 2"),
}


@pytest.mark.parametrize("kind", BAD_ROWS)
def test_a_bad_row_is_named_and_can_be_left_out(tmp_path: Path, kind: str) -> None:
    row, expected, got = BAD_ROWS[kind]
    rows = good_rows()
    path = written(tmp_path, [*rows[:2], row, *rows[2:]])
    with pytest.raises(DataError) as stopped:
        load(path)
    message = str(stopped.value)
    assert str(path) in message
    assert "line 4: " in message
    assert expected in message
    assert got in message
    loaded = read(path, skip_bad=True)
    assert loaded.bad.total == 1
    assert loaded.faces.ids.tolist() == ["0", "1", "3", "4", "5"]
    assert np.array_equal(loaded.faces.pixels, random_pixels())
    assert loaded.faces.labels.tolist() == list(LABELS)


def test_usage_that_is_no_utf8_is_a_bad_row(tmp_path: Path) -> None:
    path = written(tmp_path, good_rows())
    path.write_bytes(path.read_bytes() + b"0,1 2 3 4,Tr\xe4ining\n")
    assert read(path, skip_bad=True).bad.first == ("line 7: Usage: expected UTF-8 text",)


def test_the_first_ten_bad_rows_are_named_in_order_with_the_total(tmp_path: Path) -> None:
    rows = good_rows()
    bad = ["9,1 2,Training", f"8,{as_text(random_pixels(1)[0])},Training", "0,x,Training"] * 5
    with pytest.raises(DataError) as stopped:
        load(written(tmp_path, rows[:1] + bad + rows[1:]))
    lines = str(stopped.value).splitlines()
    assert "15 bad places; the first 10" in lines[0]
    assert [line.split(":")[0] for line in lines[1:11]] == [f"  line {number}" for number in range(3, 13)]
    assert "--skip-bad" in lines[11]


def test_a_first_row_that_is_wrong_does_not_set_the_side(tmp_path: Path) -> None:
    loaded = read(written(tmp_path, ["0,1 2 3 4,Training", *good_rows()]), skip_bad=True)
    assert loaded.faces.side == SIDE
    assert loaded.bad.first == ("line 2: expected 36 pixels (6x6, as most rows have), got 4",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"emotion,pixels,Usage\n", "no row below it"),
        (b"emotion,pixels,Usage", "no row below it"),
        (b"emotion,pixels,Usage\n\n\n", "no row below it"),
        (b"my emotion,pixels\n0,1\n", "expected the columns emotion and pixels, got my emotion, pixels"),
        ("emotion,pixels\n0,1 2 3 4\n".encode("utf-16"), "expected UTF-8"),
        (b"emotion,pixels\n0,1 2 3\n", "expected a square number of pixels, got 3"),
    ],
)
def test_a_file_without_a_face_is_explained(tmp_path: Path, text: bytes, expected: str) -> None:
    path = tmp_path / "faces.csv"
    path.write_bytes(text)
    with pytest.raises(DataError) as stopped:
        load(path)
    assert expected in str(stopped.value)
    assert str(path) in str(stopped.value)


def test_nothing_but_bad_rows_is_an_error_even_where_bad_rows_are_left_out(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no face in it can be read: 2 bad places"):
        load(written(tmp_path, ["0,x,Training", "1,y,Training"]), skip_bad=True)
