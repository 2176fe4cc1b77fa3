"""Distillation: its loss against the formula written out, the same view for all, runs that are interrupted."""

import json

import numpy as np
import pytest
import torch
from torch import nn

import mien
from mien.core.config import Distillation, KnownRun, TrainConfig
from mien.core.errors import ConfigError, RunError
from mien.core.images import LabelledImages
from mien.core.rundir import WEIGHTS
from mien.core.teachers import taught_by
from mien.training import fit, randomness
from mien.training.batches import Batch
from mien.training.distil import Live, Taught
from mien.training.machine import Machine
from mien.training.mixup import Blend
from mien.training.objective import Labels
from mien.training.progress import Progress
from tests.conftest import small_faces

MACHINE = Machine(device=torch.device("cpu"), precision=torch.float32, why="test")


def config(**changes):
    return TrainConfig(
        **({"model": "dnn", "options": {"hidden": (16,)}, "epochs": 3, "batch_size": 32} | changes)
    )


@pytest.fixture(scope="module")
def teachers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("teachers")
    return [mien.train(config(seed=seed), small_faces(), out=folder / f"teacher-{seed}") for seed in (1, 2)]


class StopAfter(Progress):
    def __init__(self, epoch, step):
        self.place = (epoch, step)

    def step(self, epoch, done, accuracy):
        if (epoch, done) == self.place:
            raise KeyboardInterrupt


def _softmax(logits: np.ndarray) -> np.ndarray:
    shares = np.exp(logits - logits.max(1, keepdims=True))
    return shares / shares.sum(1, keepdims=True)


@pytest.mark.parametrize("blended", [None, Blend(torch.tensor([1, 2, 3, 0]), 0.7)])
def test_the_loss_is_the_stated_one(blended) -> None:
    random = np.random.default_rng(0)
    inputs, logits = random.normal(size=(4, 1, 2, 3)), random.normal(size=(4, 3))
    weights = [random.normal(size=(3, 6)) for _ in range(2)]
    networks = []
    for matrix in weights:
        layer = nn.Linear(6, 3, bias=False)
        layer.weight.data = torch.tensor(matrix, dtype=torch.float32)
        networks.append(nn.Sequential(nn.Flatten(), layer))
    labels, alpha, temperature, smoothing = np.array([0, 2, 1, 2]), 0.7, 3.0, 0.1
    teachers = (KnownRun(path="a", digest=""), KnownRun(path="b", digest=""))
    how = Distillation(teachers=teachers, alpha=alpha, temperature=temperature)
    found = Taught(how, Labels(smoothing), Live(networks, MACHINE))(
        torch.tensor(logits, dtype=torch.float32),
        Batch(
            inputs=torch.tensor(inputs, dtype=torch.float32),
            labels=torch.tensor(labels),
            rows=torch.arange(4),
            blended=blended,
        ),
    )
    wanted = np.mean([_softmax(inputs.reshape(4, 6) @ each.T / temperature) for each in weights], axis=0)
    said = np.log(_softmax(logits / temperature))
    divergence = (wanted * (np.log(wanted) - said)).sum(1).mean()
    target = np.eye(3)[labels]
    target = target if blended is None else 0.7 * target + 0.3 * target[[1, 2, 3, 0]]
    target = (1 - smoothing) * target + smoothing / 3
    own = -(target * np.log(_softmax(logits))).sum(1).mean()
    assert float(found) == pytest.approx((1 - alpha) * own + alpha * temperature**2 * divergence, rel=1e-5)


def test_teachers_see_the_very_inputs_of_the_student(tmp_path, faces, teachers, monkeypatch) -> None:
    seen = []

    def watched(how, augmentation, labels, those, machine, processes):
        teacher = nn.Sequential(nn.Flatten(), nn.Linear(2304, 3))
        real = Taught(how, labels, Live([teacher], machine, processes))

        def objective(logits, batch):
            seen.append((logits.detach(), batch.inputs, batch.blended))
            return real(logits, batch)

        return objective

    monkeypatch.setattr(fit, "taught", watched)
    plain = {"hidden": (16,), "dropout": 0.0, "batch_norm": False}
    how = taught_by(teachers)
    mien.train(
        config(options=plain, epochs=1, mixup=1.0, mixup_share=1.0, precision="float32", distillation=how),
        faces,
        out=tmp_path / "run",
    )
    torch.manual_seed(randomness.key(0, 0))
    student = nn.Sequential(nn.Flatten(), nn.Linear(2304, 16), nn.LeakyReLU(0.1), nn.Linear(16, 3))
    logits, inputs, blended = seen[0]
    assert blended is not None
    assert torch.allclose(student(inputs), logits, atol=1e-5)


def test_a_student_learns_from_teachers_what_its_labels_do_not_say(tmp_path, faces, teachers) -> None:
    labels = faces.labels.copy()
    training = np.flatnonzero(faces.split == "train")
    labels[training] = np.random.default_rng(0).permutation(labels[training])
    wrong = LabelledImages(
        pixels=faces.pixels,
        labels=labels,
        ids=faces.ids,
        classes=faces.classes,
        split=faces.split,
        source="wrong labels",
    )
    run = mien.train(config(distillation=taught_by(teachers, alpha=1.0)), wrong, out=tmp_path / "run")
    assert mien.evaluate(run, mien.split(wrong).val).accuracy > 0.9


@pytest.mark.parametrize("place", [(1, 2), (3, 4)])
def test_an_interrupted_student_ends_bit_identical(tmp_path, faces, teachers, place) -> None:
    asked = config(mixup=0.2, distillation=taught_by(teachers))
    unbroken = mien.train(asked, faces, out=tmp_path / "unbroken")
    with pytest.raises(KeyboardInterrupt):
        mien.train(asked, faces, out=tmp_path / "broken", progress=StopAfter(*place))
    torch.manual_seed(999)
    broken = mien.resume(tmp_path / "broken", faces)
    assert broken.read(WEIGHTS) == unbroken.read(WEIGHTS)
    assert (broken.predictions("test").probs == unbroken.predictions("test").probs).all()


def test_the_config_names_the_teachers_and_reads_back(tmp_path, faces, teachers) -> None:
    asked = config(epochs=1, distillation=taught_by(teachers, alpha=0.5, temperature=4.0))
    run = mien.train(asked, faces, out=tmp_path / "run")
    kept = json.loads(run.read("config.json"))["distillation"]
    assert (kept["alpha"], kept["temperature"]) == (0.5, 4.0)
    assert [one["path"] for one in kept["teachers"]] == [str(one.path) for one in teachers]
    assert run.config == asked
    assert len({one["digest"] for one in kept["teachers"]}) == 2


def test_a_teacher_that_changed_or_does_not_fit_is_refused(tmp_path, faces, teachers) -> None:
    changed = mien.train(config(epochs=1), faces, out=tmp_path / "teacher")
    asked = config(epochs=1, distillation=taught_by([changed]))
    (changed.path / WEIGHTS).write_bytes(teachers[0].read(WEIGHTS))
    with pytest.raises(
        RunError, match="its weights are not those that the run which builds on them began with"
    ):
        mien.train(asked, faces, out=tmp_path / "run")
    with pytest.raises(ConfigError, match="has the classes class 0, class 1; run teacher-1 was trained on"):
        mien.train(config(distillation=taught_by(teachers)), small_faces(classes=2), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_an_unfinished_run_cannot_teach(tmp_path, faces) -> None:
    with pytest.raises(KeyboardInterrupt):
        mien.train(config(), faces, out=tmp_path / "teacher", progress=StopAfter(2, 1))
    with pytest.raises(RunError, match=r"is not finished: 1 of 3 epochs are done"):
        taught_by([tmp_path / "teacher"])
    with pytest.raises(RunError, match="nowhere is not a run"):
        taught_by(["nowhere"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"alpha": 0.0}, "alpha: expected"), ({"alpha": 1.1}, "alpha"), ({"temperature": 0.0}, "temperature")],
)
def test_impossible_choices_are_refused(changes, message) -> None:
    with pytest.raises(ConfigError, match=message):
        Distillation(teachers=(KnownRun(path="a", digest=""),), **changes)
    with pytest.raises(ConfigError, match="teachers: expected at least one"):
        Distillation(teachers=())
