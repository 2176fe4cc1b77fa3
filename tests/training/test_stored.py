"""Stored views: the scores of the very inputs that a student sees, made in pieces, read back checked."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

import mien
from mien.core.config import NO_AUGMENTATION, Augmentation, StoredScores, TrainConfig
from mien.core.errors import ConfigError, RunError
from mien.core.rundir import WEIGHTS, RunDir
from mien.core.teachers import taught_by
from mien.training import stored
from mien.training.batches import Batch, Faces, views_in_turn
from mien.training.distil import Live, Remembered, Taught, networks
from mien.training.machine import Machine
from mien.training.mixup import Blend
from mien.training.objective import Labels
from mien.training.progress import Progress
from tests.conftest import small_faces

MACHINE = Machine(device=torch.device("cpu"), precision=torch.float32, why="test")
VIEWS, SEED = 3, 5
USUAL = Augmentation()


def config(**changes):
    return TrainConfig(
        **({"model": "dnn", "options": {"hidden": (16,)}, "epochs": 3, "batch_size": 32} | changes)
    )


@pytest.fixture(scope="module")
def how(tmp_path_factory):
    """Two teachers and what they said of the stored views of the small faces."""
    folder = tmp_path_factory.mktemp("stored")
    faces = small_faces()
    runs = [mien.train(config(seed=seed, epochs=1), faces, out=folder / f"teacher-{seed}") for seed in (1, 2)]
    asked = taught_by(runs)
    assert _make(asked, folder / "scores") == 0
    return replace(asked, stored=stored.stored_scores(folder / "scores"))


def _make(asked, folder, augmentation=USUAL, **changes) -> int:
    train = mien.split(small_faces()).train
    about = stored.describe(asked, augmentation, train, views=VIEWS, seed=SEED)
    return stored.make(
        folder, about, networks(asked.teachers, train, MACHINE), augmentation, train, MACHINE, **changes
    )


def test_what_is_remembered_is_what_the_teachers_say_of_the_batch(how) -> None:
    train = mien.split(small_faces()).train
    live = Live(networks(how.teachers, train, MACHINE), MACHINE)
    remembered = Remembered(stored.read(how, how.stored, Augmentation(), train))
    faces, seen = Faces.of(train, torch.device("cpu")), set()
    for epoch in (1, 2):
        for batch in faces.shuffled(32, Augmentation(), seed=9, epoch=epoch, stored=how.stored):
            assert torch.allclose(remembered(batch), live(batch), atol=0.02, rtol=2e-3)
            assert torch.equal(batch.labels, faces.labels[batch.rows])
            seen |= set(batch.views.tolist())
    assert seen == {0, 1, 2}


def test_every_face_is_seen_in_every_view_in_turn() -> None:
    known = StoredScores(path="", digest="", views=4, seed=1)
    rows = np.arange(100)
    shown = np.stack([views_in_turn(known, epoch, rows) for epoch in range(1, 9)])
    assert (np.sort(shown[:4], axis=0) == np.arange(4)[:, None]).all()
    assert (shown[:4] == shown[4:]).all()
    assert np.bincount(shown[0]).min() > 10  # faces do not go in step


def test_answers_are_blended_as_the_faces_are(how) -> None:
    scores = torch.zeros(1, 2, 1, 2, dtype=torch.float16)
    scores[0, 1, 0, 0] = 2 * float(np.log(3))
    batch = Batch(
        inputs=torch.zeros(2, 1, 4, 4),
        labels=torch.tensor([0, 1]),
        rows=torch.tensor([0, 1]),
        views=torch.tensor([0, 0]),
        blended=Blend(torch.tensor([1, 0]), 0.75),
    )
    # at temperature 2 the teacher says (1/2, 1/2) and (3/4, 1/4); blended 0.75 : 0.25
    wanted = np.array([[0.5625, 0.4375], [0.6875, 0.3125]])
    expected = 4 * (wanted * (np.log(wanted) - np.log(0.5))).sum(1).mean()
    found = Taught(replace(how, alpha=1.0), Labels(0.0), Remembered(scores))(torch.zeros(2, 2), batch)
    assert float(found) == pytest.approx(expected, rel=1e-3)


def test_scores_made_in_pieces_are_the_same(how, tmp_path) -> None:
    asked = replace(how, stored=None)
    ended = iter([False, True, True])
    assert _make(asked, tmp_path / "scores", enough=lambda: next(ended)) == 2
    with pytest.raises(RunError, match=r"view-0001\.npy cannot be read"):
        stored.stored_scores(tmp_path / "scores")
    assert _make(asked, tmp_path / "scores") == 0
    assert stored.stored_scores(tmp_path / "scores").digest == how.stored.digest
    with pytest.raises(RunError, match="holds scores of other teachers, faces or variations"):
        _make(asked, tmp_path / "scores", NO_AUGMENTATION)


def test_scores_from_before_light_was_varied_are_taken_and_left_as_they_are(how, tmp_path) -> None:
    asked = replace(how, stored=None)
    assert _make(asked, tmp_path / "scores") == 0
    about = tmp_path / "scores" / "about.json"
    old = json.loads(about.read_text())
    for later in ("light", "sharpness"):
        del old["augmentation"][later]
    about.write_text(json.dumps(old))
    known = stored.stored_scores(tmp_path / "scores")
    assert _make(asked, tmp_path / "scores") == 0
    assert stored.stored_scores(tmp_path / "scores") == known
    faces = mien.split(small_faces()).train
    assert len(stored.read(asked, known, USUAL, faces)) == VIEWS
    with pytest.raises(ConfigError, match="made for other augmentation"):
        stored.read(asked, known, replace(USUAL, light=0.1), faces)


class Stop(Progress):
    def step(self, epoch, done, accuracy):
        if (epoch, done) == (2, 2):
            raise KeyboardInterrupt


def test_a_student_of_stored_views_resumes_bit_identical(how, tmp_path) -> None:
    asked, faces = config(mixup=0.2, distillation=how), small_faces()
    unbroken = mien.train(asked, faces, out=tmp_path / "unbroken")
    assert unbroken.history.best.val_accuracy > 0.9
    assert RunDir.open(tmp_path / "unbroken").config == asked
    with pytest.raises(KeyboardInterrupt):
        mien.train(asked, faces, out=tmp_path / "broken", progress=Stop())
    assert mien.resume(tmp_path / "broken", faces).read(WEIGHTS) == unbroken.read(WEIGHTS)


def test_scores_that_do_not_fit_are_refused(how, tmp_path) -> None:
    faces = small_faces()
    with pytest.raises(ConfigError, match="made for other augmentation than the student has"):
        mien.train(config(distillation=how, augmentation=NO_AUGMENTATION), faces, out=tmp_path / "run")
    with pytest.raises(ConfigError, match="made for other faces"):
        mien.train(config(distillation=how), small_faces(seed=1), out=tmp_path / "run")
    changed = replace(how, stored=replace(how.stored, digest="0"))
    with pytest.raises(RunError, match="are not those that the student began with"):
        mien.train(config(distillation=changed), faces, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
