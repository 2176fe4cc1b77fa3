"""A study of tiny networks: what it keeps, how it goes on, and what it does with what is broken."""

import json

import numpy as np
import pytest

import mien
from mien.core.errors import ConfigError, RunError
from mien.core.rundir import CHECKPOINT, HISTORY, WEIGHTS
from mien.core.study import STUDY, Study
from mien.core.variants import FLAT_WIDTHS, VARIANTS
from mien.models import registry
from mien.models._blocks import count_parameters
from mien.training.grid import Grid
from mien.training.study import StudyProgress, study
from tests.conftest import small_faces

TINY = {"filters": (2,), "kernels": (3,), "padding": ("same",), "dense": (4,)}


def grid(**changes):
    choices = {
        "data": "small faces",
        "epochs": 2,
        "batch_size": 16,
        "seeds": (0, 1),
        "variants": {"base": TINY, "relu": TINY | {"activation": "relu"}},
    }
    return Grid(**(choices | changes))


@pytest.fixture
def faces():
    return small_faces(120, side=12)


class Heard(StudyProgress):
    """Keeps what it hears, and interrupts a trial in its second epoch."""

    def __init__(self, interrupted=""):
        self.interrupted, self.name, self.trials, self.epochs, self.failures = interrupted, "", [], 0, []

    def study(self, trials, epochs_left):
        self.plan = (trials, epochs_left)

    def trial(self, number, name):
        self.name = name
        self.trials.append((number, name))

    def step(self, epoch, done, accuracy):
        if self.name == self.interrupted and epoch == 2:
            raise KeyboardInterrupt

    def epoch(self, epoch, history):
        self.epochs += 1

    def failed(self, name, reason):
        self.failures.append((name, reason))


def without_seconds(found):
    values = found.to_dict()
    for trial in values["trials"]:
        for row in trial["history"]:
            row["seconds"] = 0
    return values


def test_the_flat_variant_has_the_bases_budget_and_every_variant_can_be_built():
    assert {
        name: count_parameters(registry.build("cnn", dict(VARIANTS[name]))).with_statistics
        for name in VARIANTS
    } == {
        "base": 2119015,
        "max-pooling": 2119015,
        "constant-dropout": 2119015,
        "no-dropout": 2119015,
        "no-batch-norm": 2109927,
        "relu": 2119015,
        "flat-widths": 2119123,
    }


def test_the_flat_variant_multiplies_about_as_often_as_the_base():
    base, flat = (
        mien.cost(registry.build("cnn", dict(VARIANTS[name])), (1, 48, 48)).forward.multiplications
        for name in ("base", FLAT_WIDTHS)
    )
    assert abs(flat / base - 1) < 0.02


def test_a_study_is_paired_by_seed_and_goes_on_where_it_was_interrupted(tmp_path, faces):
    unbroken = study(grid(), tmp_path / "unbroken", faces=faces, progress=(heard := Heard()))
    assert heard.plan == (4, 8)
    assert heard.trials == [(1, "base-0"), (2, "relu-0"), (3, "base-1"), (4, "relu-1")]
    assert [(trial.variant, trial.seed, trial.epochs) for trial in unbroken.trials] == [
        ("base", 0, 2),
        ("relu", 0, 2),
        ("base", 1, 2),
        ("relu", 1, 2),
    ]
    assert (unbroken.train_faces, unbroken.val_faces, unbroken.failed) == (72, 24, ())
    assert Study.open(tmp_path / "unbroken") == unbroken

    folder = tmp_path / "broken"
    with pytest.raises(KeyboardInterrupt):
        study(grid(), folder, faces=faces, progress=Heard("relu-0"))
    assert len(Study.open(folder).trials) == 1
    kept = (folder / "base-0" / WEIGHTS).stat().st_mtime_ns
    again = study(grid(), folder, faces=faces, progress=(heard := Heard()))
    assert (heard.plan, heard.epochs) == ((4, 5), 5)  # relu-0 had finished its first epoch
    assert without_seconds(again) == without_seconds(unbroken)
    assert (folder / "base-0" / WEIGHTS).stat().st_mtime_ns == kept

    (folder / "base-0" / CHECKPOINT).unlink()  # a finished trial needs it no more
    more = study(grid(seeds=(0, 1, 2)), folder, faces=faces, progress=(heard := Heard()))
    assert heard.plan == (6, 4)
    assert [trial.history for trial in more.trials[:4]] == [trial.history for trial in again.trials]


def test_a_smaller_training_part_is_the_same_for_all_variants_of_a_seed(tmp_path, faces):
    found = study(grid(epochs=1, faces=30), tmp_path, faces=faces)
    assert (found.train_faces, found.val_faces, len(found.trials)) == (30, 24, 4)
    digests = {
        path.name: mien.RunDir.open(path).environment["digest"]
        for path in tmp_path.iterdir()
        if path.is_dir()
    }
    assert digests["base-0"] == digests["relu-0"]
    assert digests["base-0"]["train"] != digests["base-1"]["train"]
    assert "test" not in digests["base-0"]
    before = (tmp_path / STUDY).read_bytes()
    with pytest.raises(RunError, match="holds a study with train_faces 30, not 40"):
        study(grid(epochs=1, faces=40), tmp_path, faces=faces)
    assert (tmp_path / STUDY).read_bytes() == before


def test_variants_and_seeds_are_added(tmp_path, faces):
    both = {"base": TINY, "relu": TINY | {"activation": "relu"}, "max": TINY | {"pool": "max"}}
    study(grid(epochs=1, seeds=(0,), variants=both), tmp_path, faces=faces)
    fewer = {name: both[name] for name in ("base", "relu")}
    found = study(grid(epochs=1, seeds=(1,), variants=fewer), tmp_path, faces=faces)
    assert (found.variants, found.seeds, len(found.trials)) == (("base", "relu", "max"), (0, 1), 5)
    assert Study.open(tmp_path) == found


def test_what_is_damaged_or_of_other_choices_is_named_and_the_others_go_on(tmp_path, faces):
    mien.train(grid(epochs=1).config("relu", 1), faces, out=tmp_path / "relu-1")
    study(grid(seeds=(0,)), tmp_path, faces=faces)
    (tmp_path / "base-0" / HISTORY).write_text("epoch,seconds\none,two\n")
    found = study(grid(), tmp_path, faces=faces, progress=(heard := Heard()))
    assert [(trial.variant, trial.seed) for trial in found.trials] == [("relu", 0), ("base", 1)]
    assert [name for name, _ in heard.failures] == ["base-0", "relu-1"]
    assert "history" in found.failed[0].reason
    assert "holds a run with epochs 1, not 2" in found.failed[1].reason
    assert json.loads((tmp_path / STUDY).read_text())["failed"][0]["variant"] == "base"


def test_a_study_that_cannot_be_written_says_so(tmp_path, faces):
    (tmp_path / STUDY).mkdir()
    with pytest.raises(RunError, match=r"study\.json cannot be written"):
        study(grid(epochs=1), tmp_path, faces=faces)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seeds": ()}, "seeds: expected at least one"),
        ({"seeds": (1, 1)}, "seeds: .* none of them twice"),
        ({"variants": {"base": TINY}}, "a base and at least one"),
        ({"variants": {"base": TINY, "odd": {"pol": "max"}}}, "no choice 'pol'"),
        ({"recipe": "secret"}, "no recipe"),
        ({"epochs": 0}, "epochs"),
    ],
)
def test_wrong_choices_are_found_before_anything_is_read(changes, message):
    with pytest.raises(ConfigError, match=message):
        grid(**changes)


def test_too_few_faces_leave_nothing_behind(tmp_path, faces):
    with pytest.raises(ConfigError, match="from 1 to the 72 faces"):
        study(grid(faces=73), tmp_path / "out", faces=faces)
    assert not (tmp_path / "out").exists()


def test_the_same_seed_starts_from_the_same_weights_and_order(tmp_path, faces):
    """Two names for one choice train to the same figures, so that pairs differ in the choice alone."""
    found = study(grid(epochs=1, seeds=(3,), variants={"base": TINY, "twin": TINY}), tmp_path, faces=faces)
    one, two = (trial.history.to_rows()[0] | {"seconds": 0} for trial in found.trials)
    assert one == two
    assert np.isfinite(one["train_loss"])
