"""Who is left out: the ids of a file of suspects, all or for some reasons."""

import hashlib

import pytest

from mien.core.errors import ConfigError, DataError
from mien.core.left_out import LeftOut
from mien.core.suspects import Suspect, suspects_csv
from tests.conftest import small_faces

REASONS = (
    ("00003", "wrong label"),
    ("00004", "not a face: blank"),
    ("00004", "wrong label"),
    ("00007", "not a face"),
)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "suspects.csv"
    path.write_text(
        suspects_csv(Suspect(id=one, reason=reason, score=0.5, proposal="") for one, reason in REASONS)
    )
    return path


@pytest.mark.parametrize(
    ("reasons", "ids"),
    [
        ("", {"00003", "00004", "00007"}),
        ("wrong label", {"00003", "00004"}),
        ("not a face", {"00004", "00007"}),
        ("not a face: blank", {"00004"}),
        (" not a face: blank , wrong label", {"00003", "00004"}),
    ],
)
def test_all_reasons_or_some(file, reasons, ids):
    found = LeftOut.read(file, reasons)
    assert found.ids == ids
    assert found.digest == hashlib.sha256(file.read_bytes()).hexdigest()


def test_rows_and_unknown_ids(file):
    faces, found = small_faces(240), LeftOut.read(file)
    assert found.among(faces.ids).nonzero()[0].tolist() == [3, 4, 7]
    found.check_known(faces)
    with pytest.raises(
        DataError, match=r"1 of the 3 ids .* not among the faces of small faces, first: 00007"
    ):
        found.check_known(small_faces(6))


def test_what_cannot_be_used(file, tmp_path):
    with pytest.raises(
        ConfigError, match="has no reason 'ugly'; it has not a face, not a face: blank, wrong label"
    ):
        LeftOut.read(file, "ugly")
    other = tmp_path / "other.csv"
    for text, told in (("name,score\nx,1\n", "line 2: expected an id"), ("id,reason\n", "names no face")):
        other.write_text(text)
        with pytest.raises(DataError, match=told):
            LeftOut.read(other)
