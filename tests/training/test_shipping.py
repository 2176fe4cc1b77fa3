"""Shipping: a tiny trained run becomes a network that is known by name, with a card that says what it does."""

import json
import shutil
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import torch
from onnxruntime import InferenceSession

import mien
from mien.analysis.model_card import WITHHELD
from mien.core import shipped
from mien.core.config import TrainConfig
from mien.core.errors import ConfigError, RunError
from mien.core.onnx_file import read_onnx
from mien.core.rundir import INT8, NETWORK, RunDir
from mien.core.teachers import known, taught_by
from mien.data.drawn import draw
from mien.inference.recogniser import model_path
from mien.training.evaluate import network_of
from mien.training.shipping import drawn_scores, ship
from tests.conftest import small_faces

SMALL = {"widths": (4, 8), "blocks": (1, 1)}


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> RunDir:
    config = TrainConfig(
        data="some/where/faces.npz",
        model="pocket",
        options=SMALL,
        epochs=2,
        batch_size=16,
        learning_rate=0.02,
    )
    return mien.train(config, small_faces(), out=tmp_path_factory.mktemp("runs") / "small-1")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the networks lie that come with mien."""
    monkeypatch.setattr(shipped, "FOLDER", tmp_path / "weights")
    return tmp_path / "weights"


def test_a_shipped_network_says_by_name_what_its_card_says(run, folder) -> None:
    faces = small_faces()
    card = ship(run, folder / "small", commit="c0ffee", faces=faces)
    assert shipped.names() == ("small",)
    assert [one.tta for one in card.measured] == ["none", "flip", "flip+shift"]
    for one in card.measured:
        assert mien.evaluate("small", mien.split(faces), tta=one.tta) == one.figures
    kept = json.loads((folder / "small/card.json").read_text())
    assert kept == shipped.card(shipped.shipped("small"))
    assert kept["measured"][0]["figures"]["accuracy"] == card.measured[0].figures.accuracy
    assert kept["test"] == WITHHELD
    assert np.allclose(kept["drawn"], drawn_scores(run), atol=2e-3)  # but for the rounding of the weights
    assert np.shape(kept["drawn"]) == (8, 3)
    assert kept["history"] == run.history.to_rows()
    assert not RunDir(folder / "small").has_predictions("val")  # the package's folder is never written to


def test_its_weights_are_the_chosen_ones_rounded(run, folder) -> None:
    card = ship(run, folder / "small", commit="c0ffee", faces=small_faces())
    content = (folder / "small" / NETWORK).read_bytes()
    assert (card.file.bytes, card.file.sha256) == (len(content), sha256(content).hexdigest())
    cpu = torch.device("cpu")
    state, expected = (
        network_of(shipped.shipped("small"), cpu).state_dict(),
        network_of(run, cpu).state_dict(),
    )
    for name, value in expected.items():
        assert state[name].dtype == value.dtype
        assert torch.equal(state[name], value.half().to(value.dtype)), name


def test_in_int8_its_large_weights_take_half_the_room_and_say_the_same_everywhere(folder, tmp_path) -> None:
    config = TrainConfig(
        model="pocket",
        options={"widths": (16, 32), "blocks": (1, 1)},
        epochs=1,
        batch_size=16,
        learning_rate=0.02,
    )
    run = mien.train(config, small_faces(), out=tmp_path / "run")
    halves = ship(run, folder / "halves", commit="c", faces=small_faces())
    card = ship(run, folder / "small", commit="c", faces=small_faces(), numbers="int8")
    assert (card.file.numbers, card.parameters) == ("int8", halves.parameters)
    assert 0.5 < card.file.bytes / halves.file.bytes < 0.75
    cpu = torch.device("cpu")
    state, expected = (
        network_of(shipped.shipped("small"), cpu).state_dict(),
        network_of(run, cpu).state_dict(),
    )
    for name, value in expected.items():
        if value.ndim > 1 and value.numel() >= 1024:
            largest = value.abs().amax(dim=tuple(range(1, value.ndim)), keepdim=True)
            assert ((state[name] - value).abs() <= largest / 253.9).all(), name
            assert not torch.equal(state[name], value), name
        else:
            assert torch.equal(state[name], value.half().to(value.dtype)), name
    content = model_path("small").read_bytes()
    logits = (
        InferenceSession(content).run(None, {"faces": draw(8, seed=0).faces.pixels[:, None]})[0].astype(float)
    )
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    assert np.allclose(shares / shares.sum(axis=1, keepdims=True), card.drawn, atol=2e-6)


def test_a_shipped_network_is_shipped_again_and_predicts_in_int8(run, folder) -> None:
    faces = small_faces()
    before = ship(run, folder / "small", commit="c0ffee", faces=faces)
    made = mien.export("small", folder / "small" / INT8, faces=5, int8=True, data=faces)
    assert model_path("small") == made.path
    assert made.about.weights == before.file.sha256
    assert made.int8.float_accuracy == pytest.approx(before.measured[0].figures.accuracy)
    plain = mien.export("small", folder / "plain.onnx", faces=5)
    assert plain.about.temperature == before.measured[0].temperature
    again = ship("small", folder / "small", commit="c0ffee", faces=faces, numbers="int8")
    assert model_path("small") == folder / "small" / NETWORK
    assert not made.proof_path.exists()
    assert (again.command, again.history, again.begun_with) == (
        before.command,
        before.history,
        before.begun_with,
    )
    assert again.file.bytes < before.file.bytes
    assert shipped.card(shipped.shipped("small")) == json.loads(again.to_json())


def test_it_predicts_by_name_without_torch(run, folder, monkeypatch) -> None:
    card = ship(run, folder / "small", commit="c0ffee", faces=small_faces())
    content = model_path("small").read_bytes()
    assert json.loads(read_onnx(content).metadata["mien.temperature"]) == card.measured[0].temperature
    session = InferenceSession(content, providers=["CPUExecutionProvider"])
    logits = session.run(None, {"faces": draw(8, seed=0).faces.pixels[:, None]})[0].astype(float)
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    assert np.allclose(shares / shares.sum(axis=1, keepdims=True), card.drawn, atol=2e-6)
    monkeypatch.setattr(shipped, "DEFAULT", "small")
    assert model_path(None) == folder / "small" / NETWORK
    assert model_path("elsewhere/small") == Path("elsewhere/small")


def test_it_is_stressed_and_explained_by_name(run, folder) -> None:
    card = ship(run, folder / "small", commit="c0ffee", faces=small_faces())
    parts = mien.split(small_faces())
    assert mien.stress("small", parts, count=5).sample.weights == card.file.sha256
    assert mien.explain("small", parts, proof_faces=0).about.weights == card.file.sha256
    assert not {"stress.json", "explain.json"} & {file.name for file in (folder / "small").iterdir()}


def test_suspects_are_named_without_their_folder(tmp_path, folder) -> None:
    faces = small_faces()
    (tmp_path / "suspects.csv").write_text(f"id,reason\n{mien.split(faces).train.ids[0]},wrong label\n")
    config = TrainConfig(
        model="dnn", options={"hidden": (8,)}, epochs=1, batch_size=16, without=str(tmp_path / "suspects.csv")
    )
    ship(mien.train(config, faces, out=tmp_path / "run"), folder / "small", commit="c", faces=faces)
    assert shipped.shipped("small").config.without == "suspects.csv"


def test_nothing_of_the_machine_that_trained_it_stays(run, folder) -> None:
    ship(run, folder / "small", commit="c0ffee", faces=small_faces())
    config = shipped.shipped("small").config
    assert (config.data, config.precision, config.device) == ("faces.npz", "float32", "auto")
    for file in (folder / "small").iterdir():
        assert b"some/where" not in file.read_bytes(), file.name
    names = {file.name for file in (folder / "small").iterdir()}
    assert names == {
        "config.json",
        "environment.json",
        "costs.json",
        "history.csv",
        NETWORK,
        "card.json",
        "card.md",
    }


def test_the_card_of_a_run_that_began_with_others_tells_them_all(run, folder, tmp_path) -> None:
    second = mien.train(replace(run.config, init=known(run)), small_faces(), out=tmp_path / "second")
    third = mien.train(
        replace(run.config, epochs=1, init=known(second)), small_faces(), out=tmp_path / "third"
    )
    card = ship(third, folder / "small", commit="c0ffee", faces=small_faces())
    assert [one.name for one in card.begun_with] == ["small-1", "second"]
    assert [list(one.history) for one in card.begun_with] == [
        run.history.to_rows(),
        second.history.to_rows(),
    ]
    block = (folder / "small/card.md").read_text().split("```")[1].strip().splitlines()
    best = [one.history.best.epoch for one in (run, second, third)]
    assert [line.split(" --out ")[1] for line in block] == [
        f"runs/small-1  # epoch {best[0]} of 2",
        f"runs/second  # epoch {best[1]} of 2",
        f"runs/small  # epoch {best[2]} of 1",
    ]
    assert [" --init runs/small-1 " in line for line in block] == [False, True, False]
    assert [" --init runs/second " in line for line in block] == [False, False, True]


def test_the_card_of_a_student_tells_how_its_teachers_were_made(run, folder, tmp_path) -> None:
    teacher = mien.train(replace(run.config, init=known(run)), small_faces(), out=tmp_path / "teacher")
    taught = replace(run.config, distillation=taught_by([run, teacher]), init=known(teacher))
    student = mien.train(taught, small_faces(), out=tmp_path / "student")
    card = ship(student, folder / "small", commit="c0ffee", faces=small_faces())
    assert [one.name for one in card.begun_with] == ["small-1", "teacher"]
    assert " --teachers runs/small-1 runs/teacher " in card.command
    assert " --init runs/teacher " in card.command
    assert str(tmp_path) not in card.to_json()
    own = replace(run.config, epochs=1, distillation=taught_by([teacher]))
    pupil = mien.train(own, small_faces(), out=tmp_path / "pupil")
    shutil.rmtree(teacher.path)  # what it began with must be there, who taught need not
    with pytest.raises(RunError, match="teacher is not a run"):
        ship(student, folder / "small", commit="c0ffee", faces=small_faces())
    last = mien.train(replace(own, distillation=taught_by([pupil])), small_faces(), out=tmp_path / "last")
    card = ship(last, folder / "small", commit="c0ffee", faces=small_faces())
    assert [one.name for one in card.begun_with] == ["pupil"]
    alone = replace(taught, distillation=taught_by([run]), init=None)
    student = mien.train(alone, small_faces(), out=tmp_path / "alone")
    (run.path / "config.json").rename(tmp_path / "hidden.json")
    try:
        card = ship(student, folder / "small", commit="c0ffee", faces=small_faces())
    finally:
        (tmp_path / "hidden.json").rename(run.path / "config.json")
    assert card.begun_with == ()


def test_what_began_with_a_network_of_an_earlier_card_tells_what_that_says(run, folder, tmp_path) -> None:
    second = mien.train(replace(run.config, init=known(run)), small_faces(), out=tmp_path / "second")
    former = tmp_path / "former"
    old = ship(second, former, commit="c0ffee", faces=small_faces())
    shutil.rmtree(second.path)
    third = mien.train(replace(run.config, init=known(former)), small_faces(), out=tmp_path / "third")
    card = ship(third, folder / "small", commit="decaf", faces=small_faces())
    assert [(one.name, one.commit) for one in card.begun_with] == [
        ("small-1", "c0ffee"),
        ("former", "c0ffee"),
    ]
    assert card.begun_with[1].command == old.command
    assert list(card.begun_with[1].history) == list(old.history)
    block = (folder / "small/card.md").read_text().split("```")[1].strip().splitlines()
    assert [line.endswith(" of 2, code at commit c0ffee") for line in block] == [True, True, False]


def test_the_text_of_the_card_says_what_must_be_said(run, folder) -> None:
    card = ship(run, folder / "small", commit="c0ffee", faces=small_faces())
    text = (folder / "small/card.md").read_text()
    assert text == card.to_markdown()
    for words in (
        "lie",
        "work",
        "school",
        "policing",
        "hiring",
        "health",
        "non-commercial",
        "64 %",
        "not a feeling",
    ):
        assert words in text.lower(), words
    figures = card.measured[0].figures
    assert f"{100 * figures.accuracy:.2f} %" in text
    assert f"{100 * figures.interval[0]:.2f} to {100 * figures.interval[1]:.2f}" in text
    assert "mien train faces.npz --model pocket:widths=4/8,blocks=1/1" in text
    assert "c0ffee" in text
    assert card.file.sha256 in text
    assert "test: withheld" in text


def test_fer2013_without_its_last_part_is_named_all_the_same(tmp_path) -> None:
    faces = small_faces()
    spelled = np.where(faces.split == "train", "Training", "PublicTest")[faces.split != "test"]
    fer = mien.LabelledImages(
        pixels=faces.pixels[faces.split != "test"],
        labels=faces.labels[faces.split != "test"],
        ids=faces.ids[faces.split != "test"],
        classes=faces.classes,
        split=spelled,
        source="fer2013.csv",
    )
    config = TrainConfig(model="dnn", options={"hidden": (8,)}, epochs=1, batch_size=32)
    made = mien.train(config, fer, out=tmp_path / "run")
    assert "PrivateTest: withheld." in ship(made, tmp_path / "out", commit="c", faces=fer).to_markdown()


def test_a_shipped_network_can_teach(run, folder, tmp_path) -> None:
    ship(run, folder / "small", commit="c0ffee", faces=small_faces())
    config = TrainConfig(model="dnn", options={"hidden": (8,)}, epochs=1, batch_size=32)
    student = mien.train(
        TrainConfig(**{**vars(config), "distillation": taught_by(["small"])}),
        small_faces(),
        out=tmp_path / "student",
    )
    assert student.config.distillation.teachers[0].path == "small"


def test_damaged_weights_are_found(run, folder) -> None:
    ship(run, folder / "small", commit="c0ffee", faces=small_faces())
    content = bytearray((folder / "small" / NETWORK).read_bytes())
    content[-1] ^= 1
    (folder / "small" / NETWORK).write_bytes(content)
    with pytest.raises(RunError, match="is not the file that its card names"):
        mien.evaluate("small", small_faces())


@pytest.mark.parametrize("content", [b"{", b"{}", b"[]", b"\xff"])
def test_a_damaged_card_is_one_clear_error(run, folder, content) -> None:
    folder.mkdir()
    (folder / "small").mkdir()
    (folder / "small/config.json").write_bytes(run.read("config.json"))
    (folder / "small" / NETWORK).write_bytes(b"")
    (folder / "small/card.json").write_bytes(content)
    with pytest.raises(RunError, match=r"card\.json is damaged .* install mien anew"):
        shipped.shipped("small")


def test_what_cannot_be_shipped_leaves_nothing(run, folder, tmp_path) -> None:
    with pytest.raises(RunError, match=r"its network takes [\d,]+ bytes, more than 1,000"):
        ship(run, folder / "small", commit="c", faces=small_faces(), most_bytes=1000)
    with pytest.raises(ConfigError, match="expected float16 or float32 or int8, got int4"):
        ship(run, folder / "small", commit="c", faces=small_faces(), numbers="int4")
    with pytest.raises(RunError, match="are not those that it was trained with"):
        ship(run, folder / "small", commit="c", faces=small_faces(seed=1))
    (tmp_path / "begun").mkdir()
    (tmp_path / "begun/config.json").write_bytes(run.read("config.json"))
    with pytest.raises(RunError, match="is not finished"):
        ship(tmp_path / "begun", folder / "small", commit="c", faces=small_faces())
    assert not folder.exists()


def test_an_unknown_name_lists_the_known(run, folder) -> None:
    ship(run, folder / "small", commit="c", faces=small_faces())
    with pytest.raises(RunError, match="no network called 'large' comes with mien; there are small"):
        shipped.shipped("large")
    with pytest.raises(RunError, match="large is not a run"):
        mien.evaluate("large", small_faces())
