"""The page: whole from whole runs, honest about what is missing, and deaf to what hostile names say."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import mien
from mien.core.errors import DataError, RunError
from mien.core.rundir import COSTS, RunDir
from mien.report.html import png
from tests.conftest import small_faces
from tests.made_runs import made_run
from tests.made_vote_file import vote_file

HOSTILE = ("<script>alert(1)</script>", '"><img src=x onerror=alert(2)>', "$\\frac{$&amp;']]>")


class _Page(HTMLParser):
    """What a browser would make of the page: elements, their attributes, ids, links."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data

    def values(self, name: str) -> list[str | None]:
        return [value for key, value in self.attributes if key == name]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    first, faces = made_run(folder / "cnn")
    second, _ = made_run(folder / "dnn", model="dnn", right=0.5, seed=5)
    return mien.make_report([first, second], folder / "report.html", faces=faces)


def test_every_section_is_there_and_linked(whole: Path) -> None:
    page = _Page(whole.read_text())
    numbers = json.loads(whole.with_name("metrics.json").read_text())
    names = list(numbers["sections"])
    assert {"summary", "cost", "principal_components", "provenance"} <= set(names)
    ids = page.values("id")
    assert all(ids.count(name) == 1 for name in names)
    assert [link for link in page.values("href") if link in {f"#{name}" for name in names}][: len(names)] == [
        f"#{name}" for name in names
    ]
    assert "missing" not in [data for section in numbers["sections"].values() for data in section["data"]]
    assert not [
        section["answer"] for section in numbers["sections"].values() if "Missing" in section["answer"]
    ]


def test_the_numbers_are_those_of_the_runs(whole: Path) -> None:
    numbers = json.loads(whole.with_name("metrics.json").read_text())
    for told in numbers["sections"]["summary"]["data"]["runs"]:
        found = mien.evaluation(RunDir.open(whole.parent / told["name"]).predictions("val"))
        assert told["val"]["accuracy"] == found.accuracy
        assert f"{100 * found.accuracy:.1f}\N{NO-BREAK SPACE}%" in whole.read_text()


def test_nothing_is_fetched_and_every_drawing_is_described(whole: Path) -> None:
    page = _Page(whole.read_text())
    for source in page.values("src"):
        assert source.startswith("data:image/png;base64,")
    assert not {"script", "link", "iframe", "object"} & set(page.tags)
    assert page.tags.count("svg") == len([one for one in page.values("aria-label") if one and len(one) > 20])
    assert not re.findall(r"(?:href|src|url)\s*[=(]\s*[\"']?(?:https?:)?//", whole.read_text())
    assert whole.stat().st_size < 3_000_000


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    faces = replace(small_faces(), classes=HOSTILE, ids=np.array([f"<b>{n}</b>.png" for n in range(240)]))
    run, faces = made_run(tmp_path / "<u>run", faces=faces)
    text = mien.make_report([run], tmp_path / "page.html", faces=faces).read_text()
    page = _Page(text)
    assert not {"script", "b", "u"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert HOSTILE[0] in page.text


def test_what_a_run_lacks_is_said(tmp_path: Path) -> None:
    run, _ = made_run(tmp_path / "run")
    (run.path / COSTS).unlink()
    (run.path / "predictions" / "val.npz").write_bytes(b"no zip")
    out = mien.make_report([run], tmp_path / "page.html")  # its data, "small faces", cannot be read again
    text = _Page(out.read_text()).text
    assert "costs.json cannot be read" in text
    assert "predictions/val.npz is damaged" in text
    assert "cannot be read again" in text


def test_a_run_that_has_only_begun(tmp_path: Path) -> None:
    run = RunDir.create(tmp_path / "run", mien.TrainConfig(data="drawn:count=70"))
    text = _Page(mien.make_report([run]).read_text()).text
    assert text.count("Missing: ") >= 5
    assert "no finished epoch" in text
    assert (tmp_path / "run" / "metrics.json").is_file()


def test_a_page_that_cannot_be_written(tmp_path: Path) -> None:
    run, faces = made_run(tmp_path / "run")
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="choose another --out"):
        mien.make_report([run], tmp_path / "file" / "page.html", faces=faces)


def test_png_reads_back() -> None:
    import base64
    import io

    from PIL import Image

    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
    _, _, code = png(pixels).partition("base64,")
    assert np.asarray(Image.open(io.BytesIO(base64.b64decode(code)))).tolist() == pixels.tolist()


@pytest.mark.parametrize("name", ["environment.json", "history.csv", "predictions/test.npz"])
def test_one_damaged_file_costs_no_more_than_what_is_in_it(tmp_path: Path, name: str) -> None:
    run, faces = made_run(tmp_path / "run")
    (run.path / name).write_bytes((run.path / name).read_bytes()[:40])
    text = _Page(mien.make_report([run], faces=faces).read_text()).text
    assert f"{name} is damaged" in text
    assert "accuracy, validation" in text


def test_other_faces_with_the_same_ids_are_refused(tmp_path: Path) -> None:
    run, _ = made_run(tmp_path / "run")
    text = _Page(mien.make_report([run], faces=small_faces(seed=9)).read_text()).text
    assert "are not those that it was trained with" in text


def test_runs_of_one_name_are_told_apart(tmp_path: Path) -> None:
    first, faces = made_run(tmp_path / "lab-1" / "cnn")
    second, _ = made_run(tmp_path / "lab-2" / "cnn", right=0.5)
    out = mien.make_report([first, second], tmp_path / "page.html", faces=faces)
    data = json.loads((tmp_path / "metrics.json").read_text())["sections"]
    assert [run["name"] for run in data["summary"]["data"]["runs"]] == ["lab-1/cnn", "lab-2/cnn"]
    assert {"lab-1/cnn", "lab-2/cnn"} <= set(data["provenance"]["data"])
    assert "only lab-2/cnn" in _Page(out.read_text()).text


def test_votes_decide_a_claim_and_make_a_section(tmp_path: Path) -> None:
    own = replace(small_faces(), classes=("angry", "happy", "sad"))
    run, faces = made_run(tmp_path / "run", faces=own, right=0.4)
    predictions = run.predictions("val")
    rows = predictions.ids.astype(int)
    seen = faces.labels.copy()
    seen[rows] = predictions.predicted  # people see in every face what the network sees
    votes = vote_file(tmp_path / "fer2013new.csv", faces, seen)
    mien.make_report([run], faces=faces, votes=votes)
    data = json.loads((run.path / "metrics.json").read_text())["sections"]
    shared = data["people"]["data"]["runs"][0]["shared"]
    wrong = int((predictions.predicted != predictions.labels).sum())
    assert (shared["mistakes"]["as_network"]["count"], shared["mistakes"]["overruled"]["of"]) == (
        wrong,
        wrong,
    )
    assert shared["correct"]["overruled"]["count"] == 0
    assert data["claims"]["data"]["verdicts"]["C15"] == "holds"
    mien.make_report([run], faces=faces)
    assert "people" not in json.loads((run.path / "metrics.json").read_text())["sections"]


def test_votes_of_other_faces_are_refused(tmp_path: Path) -> None:
    run, faces = made_run(tmp_path / "run", faces=replace(small_faces(), classes=("angry", "happy", "sad")))
    other = replace(faces, split=np.roll(faces.split, 1))
    votes = vote_file(tmp_path / "fer2013new.csv", other, faces.labels)
    with pytest.raises(DataError, match="expected the same FER2013"):
        mien.make_report([run], faces=faces, votes=votes)


def test_votes_without_faces_are_said_to_be_of_no_use(tmp_path: Path) -> None:
    run, faces = made_run(tmp_path / "run", faces=replace(small_faces(), classes=("angry", "happy", "sad")))
    votes = vote_file(tmp_path / "fer2013new.csv", faces, faces.labels)
    text = _Page(mien.make_report([run], votes=votes).read_text()).text
    assert "Votes are joined to faces, and the faces cannot be read again" in text
