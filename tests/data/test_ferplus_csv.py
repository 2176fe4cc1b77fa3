"""FER+ votes: read, joined to the faces by row, and refused where they do not belong together."""

from pathlib import Path

import numpy as np
import pytest

from mien.core.errors import DataError
from mien.core.images import LabelledImages
from mien.core.labels import EXPRESSIONS
from mien.data.ferplus_csv import join, read_votes
from mien.data.load import load

HEADER = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
ROWS = (
    "Training,fer0000000.png,4,0,0,1,3,2,0,0,0,0",
    "Training,,0,0,0,0,0,0,0,0,0,10",
    "PublicTest,fer0000002.png,0,10,0,0,0,0,0,0,0,0",
)


def written(folder: Path, *rows: str, header: str = HEADER, end: str = "\n") -> Path:
    path = folder / "fer2013new.csv"
    path.write_text(end.join([header, *rows]) + end, newline="")
    return path


def faces_with(ids: list[str], parts: list[str]) -> LabelledImages:
    return LabelledImages(
        pixels=np.zeros((len(ids), 2, 2), dtype=np.uint8),
        labels=np.zeros(len(ids), dtype=np.int64),
        ids=np.array(ids),
        classes=EXPRESSIONS,
        split=np.array(parts),
        source="fer2013.csv",
    )


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_votes_are_read_row_by_row(tmp_path: Path, end: str) -> None:
    votes = read_votes(written(tmp_path, *ROWS, end=end))
    assert votes.names == tuple(HEADER.split(",")[2:])
    assert votes.counts.tolist() == [list(map(int, row.split(",")[2:])) for row in ROWS]
    assert votes.usage.tolist() == ["Training", "Training", "PublicTest"]
    assert votes.pictures.tolist() == ["fer0000000.png", "", "fer0000002.png"]


def test_votes_join_by_row_whatever_the_order(tmp_path: Path) -> None:
    votes = join(read_votes(written(tmp_path, *ROWS)), faces_with(["2", "0"], ["PublicTest", "Training"]))
    assert votes.pictures.tolist() == ["fer0000002.png", "fer0000000.png"]


def test_faces_without_parts_join_unchecked(tmp_path: Path) -> None:
    assert len(join(read_votes(written(tmp_path, *ROWS)), faces_with(["1", "2"], ["", ""]))) == 2


def test_faces_of_other_parts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"face 2 is Training there, PublicTest in the votes \(1 faces differ\)"
    ):
        join(read_votes(written(tmp_path, *ROWS)), faces_with(["0", "2"], ["Training", "Training"]))


@pytest.mark.parametrize("odd", ["3", "-1", "train/happy/1.png"])
def test_an_id_that_is_no_row_is_refused(tmp_path: Path, odd: str) -> None:
    with pytest.raises(DataError, match=f"face '{odd}': expected a row of the votes, 0 to 2"):
        join(read_votes(written(tmp_path, *ROWS)), faces_with([odd], ["Training"]))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("Training,x.png,1,2,3", "line 3: expected 12 columns, got 5"),
        (
            "Training,x.png,4,0,0,1,3,two,0,0,0,0",
            "line 3: expected votes as whole numbers from 0 on, got 'two'",
        ),
        ("Training,x.png,4,0,0,1,3,-2,0,0,0,0", "got '-2'"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, row: str, expected: str) -> None:
    with pytest.raises(DataError) as stopped:
        read_votes(written(tmp_path, ROWS[0], row))
    assert expected in str(stopped.value)


def test_another_header_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="line 1: expected Usage, Image name"):
        read_votes(written(tmp_path, "0,1 2 3 4,Training", header="emotion,pixels,Usage"))


@pytest.mark.parametrize("content", [b"", b"\xff\xfeU\x00s\x00"])
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "votes.csv").write_bytes(content)
    with pytest.raises(DataError, match=r"votes\.csv"):
        read_votes(tmp_path / "votes.csv")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"votes\.csv: cannot be read \(No such file"):
        read_votes(tmp_path / "votes.csv")


def test_votes_are_not_faces(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds the votes of FER\+, no faces: give fer2013\.csv"):
        load(written(tmp_path, *ROWS))
