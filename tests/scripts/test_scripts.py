"""The scripts that make the shipped weights: reading sheets, pieces that resume, shipping."""

import csv
import runpy
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load

import mien
from mien.core.images import VAL
from mien.core.rundir import WEIGHTS, RunDir
from tests.conftest import small_faces

SCRIPTS = Path(__file__).parent.parent.parent / "scripts"


@pytest.fixture
def pieces(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import pieces

    return pieces


def _tiny() -> mien.LabelledImages:
    """Faces with FER2013's classes and parts, without the last part, in an order that mixes the parts."""
    faces = small_faces(120, classes=7)
    kept = faces.split != "test"
    return mien.LabelledImages(
        pixels=faces.pixels[kept],
        labels=faces.labels[kept],
        ids=np.arange(int(kept.sum())).astype(str),
        classes=mien.core.labels.EXPRESSIONS,
        split=np.where(faces.split == "train", "Training", "PublicTest")[kept],
        source="tiny",
    )


def _write_sheets(folder: Path, faces: mien.LabelledImages, across: int = 5) -> None:
    """Both sheets, their last row of tiles padded with black, and labels.csv."""
    folder.mkdir()
    for usage in ("Training", "PublicTest"):
        mine = faces.pixels[faces.split == usage]
        padded = np.concatenate([mine, np.zeros((-len(mine) % across, 48, 48), np.uint8)])
        sheet = padded.reshape(-1, across, 48, 48).swapaxes(1, 2).reshape(-1, across * 48)
        Image.fromarray(sheet).save(folder / f"{usage.lower()}.png")
    with (folder / "labels.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("row", "usage", "emotion"))
        table.writerows(zip(faces.ids, faces.split, faces.labels, strict=True))


def _write_csv(path: Path, faces: mien.LabelledImages) -> None:
    with path.open("w") as file:
        file.write("emotion,pixels,Usage\n")
        for pixels, label, usage in zip(faces.pixels, faces.labels, faces.split, strict=True):
            file.write(f"{label},{' '.join(map(str, pixels.ravel().tolist()))},{usage}\n")


def test_sheets_give_the_very_faces_of_the_csv(tmp_path, pieces) -> None:
    faces = _tiny()
    _write_sheets(tmp_path / "sheets", faces)
    _write_csv(tmp_path / "fer2013.csv", faces)
    from_sheets = pieces.read_faces(str(tmp_path / "sheets"))
    assert from_sheets.digest == pieces.read_faces(str(tmp_path / "fer2013.csv")).digest == faces.digest


def test_a_sheet_with_too_few_tiles_is_refused(tmp_path, pieces) -> None:
    faces = _tiny()
    _write_sheets(tmp_path / "sheets", faces)
    Image.fromarray(np.zeros((48, 96), np.uint8)).save(tmp_path / "sheets/publictest.png")
    with pytest.raises(mien.DataError, match="expected 21 faces of 48x48 pixels, got 2"):
        pieces.read_faces(str(tmp_path / "sheets"))


def test_a_piece_ends_before_an_epoch_that_would_not_fit(pieces) -> None:
    now = [0.0]
    piece = pieces.Piece(pieces.Minutes(1, clock=lambda: now[0]))
    piece.epochs = 10
    row = {
        "train_loss": 1.0,
        "train_accuracy": 0.5,
        "val_loss": 1.0,
        "val_accuracy": 0.5,
        "learning_rate": 0.1,
    }
    history = mien.core.history.History()
    for number in (1, 2):
        now[0] += 15
        one = mien.core.history.Epoch(epoch=number, seconds=15.0, **row)
        piece.epoch(one, history.plus(one))
    now[0] += 15
    one = mien.core.history.Epoch(epoch=3, seconds=15.0, **row)
    with pytest.raises(pieces.Enough):  # 45 seconds are spent, and 18 more do not fit
        piece.epoch(one, history.plus(one))


@pytest.fixture
def script(monkeypatch, capsys, tmp_path, pieces):
    """Run a script in an empty folder: exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)

    def run(name, *words):
        monkeypatch.setattr(sys, "argv", [name, *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(SCRIPTS / name), run_name="__main__")
        told = capsys.readouterr()
        return ended.value.code, told.out, told.err

    return run


TINY = ("--model", "trunk:stem=2,widths=4,blocks=1,head=4", "--batch-size", "32", "--threads", "1")


def test_a_network_is_trained_in_pieces_and_shipped(tmp_path, script) -> None:
    _write_sheets(tmp_path / "sheets", small := _tiny())
    words = ("train_trunk.py", "--data", "sheets", "--out", "run", *TINY, "--epochs", "2")
    code, _, err = script(*words, "--minutes", "0")
    assert code == 3, err
    assert len(RunDir.open(tmp_path / "run").history) == 1
    code, _, err = script(*words, "--seed", "1")
    assert code == 2
    assert "run holds a run of other choices" in err
    code, out, _ = script(*words)
    assert code == 0
    assert "finished: best epoch" in out
    unbroken = mien.train(RunDir.open(tmp_path / "run").config, small, out=tmp_path / "unbroken")
    assert unbroken.read(WEIGHTS) == RunDir.open(tmp_path / "run").read(WEIGHTS)
    code, out, _ = script("ship_weights.py", "run", "tiny", "--data", "sheets", "--folder", "weights")
    assert code == 0
    assert "flip+shift" in out
    assert "PrivateTest: withheld." in (tmp_path / "weights/tiny/card.md").read_text()


def test_trunk_is_made_in_pieces(tmp_path, script) -> None:
    _write_sheets(tmp_path / "sheets", _tiny())
    words = ("make_trunk.py", "--data", "sheets", "--out", "made", "--batch-size", "64", "--threads", "1",
             "--epochs", "2", "--wide", TINY[1], "--wide-ranks", "0/2",
             "--mixed", TINY[1] + ",halve=stride", "--mixed-ranks", "2/0")  # fmt: skip
    made, done = tmp_path / "made", []
    while (code := script(*words, "--minutes", "0.0005")[0]) == 3:
        done.append(sum(len(run.history) for run in RunDir.all_below(made)))
    assert code == 0
    assert len(done) > 2
    assert done == sorted(done)
    runs = {run.name: run for run in RunDir.all_below(made)}
    rounds = {"wide": 2, "mixed": 2, "lean-wide": 1, "lean-mixed": 1, "again-wide": 1, "sharp-wide": 3,
              "sharp-mixed": 4, "longer-wide": 6, "other-wide": 6, "last-wide": 6,
              "last2-wide": 6, "last3-wide": 6, "last-mixed": 6, "mean-wide": 1, "trunk": 1}  # fmt: skip
    assert {name: len(run.history) for name, run in runs.items()} == rounds
    lean = runs["lean-mixed"].config
    assert lean.init.path == lean.distillation.teachers[0].path == "made/mixed"
    assert [one.path for one in runs["trunk"].config.joined] == ["made/mean-wide", "made/last-mixed"]
    assert runs["trunk"].config.options["shares"] == (0.7, 0.3)
    last = runs["last-wide"].config
    assert last.init.path == "made/longer-wide"
    assert [one.path for one in last.distillation.teachers] == ["made/longer-wide", "made/other-wide"]
    assert last.options == runs["lean-wide"].config.options
    averaged = ["made/last-wide", "made/last2-wide", "made/last3-wide"]
    assert [one.path for one in runs["mean-wide"].config.joined] == averaged
    assert len({runs[Path(name).name].config.seed for name in averaged}) == 3
    assert (last.mixup, last.augmentation.erase, runs["again-wide"].config.augmentation.erase) == (0, 0, 0.5)
    (made / "trunk/history.csv").unlink()  # as a kill leaves it
    assert script(*words)[0] == 0
    assert runs["trunk"].finished
    assert script(*words, "--seed", "1")[0] == 2


def test_a_student_is_distilled_in_pieces(tmp_path, script) -> None:
    _write_sheets(tmp_path / "sheets", _tiny())
    assert script("train_trunk.py", "--data", "sheets", "--out", "teacher", *TINY, "--epochs", "1")[0] == 0
    words = ("distil_pocket.py", "--data", "sheets", "--teachers", "teacher", "--out", "student")
    small = ("--model", "pocket:widths=4,blocks=1", *TINY[2:], "--epochs", "2")
    assert script(*words, *small, "--minutes", "0")[0] == 3
    assert script(*words, *small)[0] == 0
    config = RunDir.open(tmp_path / "student").config
    assert (config.model, config.distillation.teachers[0].path) == ("pocket", "teacher")
    assert (config.init, config.learning_rate, config.augmentation) == (
        None,
        0.15,
        mien.recipe("trunk").augmentation,
    )
    further = (*words[:-1], "second", *small[:2], *TINY[2:], "--init", "student", "--epochs", "1")
    code, _, err = script(*further, "--varied", "less")
    assert code == 0, err
    config = RunDir.open(tmp_path / "second").config
    assert (config.init.path, config.learning_rate, config.augmentation.shift) == ("student", 0.12, 4)
    assert (config.distillation.alpha, config.ema) == (0.9, 0.998)
    code, _, err = script(*further, "--varied", "hardly", "--rate", "0.1", "--out", "third")
    assert code == 0, err
    config = RunDir.open(tmp_path / "third").config
    assert (config.init.path, config.learning_rate, config.augmentation.shift) == ("student", 0.1, 2)
    assert (config.distillation.alpha, config.ema) == (0.7, 0.995)


def test_scores_are_stored_in_pieces_and_taken(tmp_path, script) -> None:
    _write_sheets(tmp_path / "sheets", _tiny())
    assert script("train_trunk.py", "--data", "sheets", "--out", "teacher", *TINY, "--epochs", "1")[0] == 0
    words = (
        "store_scores.py",
        "--data",
        "sheets",
        "--teachers",
        "teacher",
        "--views",
        "2",
        "--out",
        "scores",
    )
    code, out, _ = script(*words, "--minutes", "0")
    assert (code, out.splitlines()[-1]) == (3, "2 of 2 views are missing; the same command goes on")
    code, out, _ = script(*words)
    assert (code, out.splitlines()[-1]) == (0, "finished: 2 views in scores")
    taught = ("distil_pocket.py", "--data", "sheets", "--teachers", "teacher", "--scores", "scores")
    small = ("--model", "pocket:widths=4,blocks=1", *TINY[2:], "--epochs", "1")
    code, _, err = script(*taught, *small, "--out", "student")
    assert code == 0, err
    assert RunDir.open("student").config.distillation.stored.views == 2


@pytest.mark.parametrize("parts", ["official", "random:0.2"])
def test_statistics_are_measured_into_a_copy(tmp_path, script, parts) -> None:
    _write_sheets(tmp_path / "sheets", small := _tiny())
    kept = mien.TrainConfig(model="trunk", options={"stem": 2, "widths": (4,), "blocks": (1,), "head": 4})
    run = mien.train(
        replace(kept, split=parts, epochs=1, batch_size=32, statistics=0), small, out=tmp_path / "run"
    )
    words = ("measure_statistics.py", "run", "--data", "sheets", "--out", "measured")
    assert script(*words)[0] == 0
    count = len(mien.split(small, parts).train)
    measured = RunDir.open(tmp_path / "measured")
    assert measured.finished
    assert measured.config == replace(run.config, statistics=count)
    assert not (measured.path / "last.safetensors").exists()
    before, after = (load(each.read(WEIGHTS)) for each in (run, measured))
    changed = {name for name in after if not torch.equal(before[name], after[name])}
    assert changed == {name for name in after if "running" in name}
    # training measures alike, on every face where it is asked to
    asked = mien.train(measured.config, small, out=tmp_path / "asked")
    assert asked.predictions(VAL).probs == pytest.approx(measured.predictions(VAL).probs, abs=1e-5)
    code, _, err = script(*words)
    assert code == 2
    assert "measured is there already" in err
