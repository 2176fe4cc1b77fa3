import json

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

import mien
from mien.core.config import NO_AUGMENTATION, Augmentation, TrainConfig
from mien.core.errors import ConfigError, DataError, RunError
from mien.core.images import PIXEL_MEAN, PIXEL_STD
from mien.core.rundir import CHECKPOINT, HISTORY, WEIGHTS
from mien.core.teachers import taught_by
from mien.models.trunk import Trunk
from mien.training.batches import Faces, normalise, steps_per_epoch
from mien.training.progress import Plan, Progress

SMALL_CNN = {"filters": (4, 8), "kernels": (3, 3), "padding": ("same", "same"), "dense": (16,)}


def config(**changes):
    return TrainConfig(
        **({"model": "dnn", "options": {"hidden": (16,)}, "epochs": 3, "batch_size": 32} | changes)
    )


class StopAfter(Progress):
    """Interrupts a run, as Ctrl-C would, in the middle of an epoch."""

    def __init__(self, epoch, step):
        self.place = (epoch, step)

    def step(self, epoch, done, accuracy):
        if (epoch, done) == self.place:
            raise KeyboardInterrupt


def test_a_run_has_everything_and_learns(tmp_path, faces):
    run = mien.train(config(epochs=4), faces, out=tmp_path / "run")
    assert len(run.history) == 4
    assert run.history.best.val_accuracy > 0.9
    assert run.environment["parameters"]["trainable"] == 2304 * 16 + 16 + 32 + 16 * 3 + 3
    assert run.environment["digest"]["train"] == mien.split(faces).train.digest
    assert len(run.predictions("val")) == 48
    assert len(run.predictions("test")) == 48
    assert not run.has("epochs/0001.safetensors")


def test_evaluate_repeats_the_best_epochs_figures(tmp_path, faces):
    run = mien.train(config(), faces, out=tmp_path / "run")
    parts = mien.split(faces)
    found = mien.evaluate(run, parts.val)
    assert found.accuracy == pytest.approx(run.history.best.val_accuracy)
    assert found.log_loss == pytest.approx(run.history.best.val_loss, rel=1e-5)
    assert (run.predictions("val").joined(faces).pixels == parts.val.pixels).all()


def test_flip_at_test_time_is_the_mean_of_both(tmp_path, faces):
    run = mien.train(config(epochs=1), faces, out=tmp_path / "run")
    val = mien.split(faces).val
    mirrored = mien.LabelledImages(
        pixels=np.ascontiguousarray(val.pixels[:, :, ::-1]),
        labels=val.labels,
        ids=val.ids,
        classes=val.classes,
        split=val.split,
        source="mirrored",
    )
    probs = []
    for those in (val, mirrored):
        mien.evaluate(run, those, part="val")
        probs.append(run.predictions("val" if those is val else f"val-{those.digest[:8]}").probs)
    mien.evaluate(run, val, tta="flip")
    assert run.predictions("val-flip").probs == pytest.approx(np.mean(probs, axis=0), abs=1e-6)


def test_one_plain_step_equals_torch_written_out(tmp_path, faces):
    """One epoch of one batch: the same loss, and the same weights as torch's own SGD gives."""
    train = mien.split(faces).train
    plain = config(
        options={"hidden": (16,), "dropout": 0.0, "batch_norm": False},
        epochs=1,
        batch_size=len(train),
        augmentation=NO_AUGMENTATION,
        ema=0.0,
        warmup=0.0,
        schedule="constant",
        label_smoothing=0.1,
        learning_rate=0.1,
        weight_decay=0.0,
        precision="float32",  # bfloat16 where the processor has it would round more than is allowed below
    )
    run = mien.train(plain, faces, out=tmp_path / "run")
    torch.manual_seed(mien.training.randomness.key(0, 0))
    network = nn.Sequential(nn.Flatten(), nn.Linear(2304, 16), nn.LeakyReLU(0.1), nn.Linear(16, 3))
    inputs = (torch.tensor(train.pixels)[:, None] / 255 - PIXEL_MEAN) / PIXEL_STD
    labels = torch.tensor(train.labels)
    logits = network(inputs)
    functional.cross_entropy(logits, labels, label_smoothing=0.1).backward()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, nesterov=True)
    optimizer.step()
    trained = mien.training.evaluate.network_of(run, torch.device("cpu"))
    assert run.history.best.train_loss == pytest.approx(
        functional.cross_entropy(logits, labels).item(), rel=1e-4
    )
    for mine, theirs in zip(trained.parameters(), network.parameters(), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-5)


def test_normalisation_is_the_stated_one():
    pixels = torch.arange(256, dtype=torch.uint8).reshape(1, 16, 16)
    expected = (pixels.double() / 255 - PIXEL_MEAN) / PIXEL_STD
    assert torch.allclose(normalise(pixels)[0, 0].double(), expected[0], atol=1e-6)


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "cnn", "options": SMALL_CNN},
        {"optimizer": "adamw", "learning_rate": 1e-3, "ema": 0.0},
        {"model": "cnn", "options": SMALL_CNN, "optimizer": "adamw", "learning_rate": 1e-3},
    ],
)
@pytest.mark.parametrize("place", [(1, 2), (3, 4)])
def test_an_interrupted_run_ends_bit_identical(tmp_path, faces, changes, place):
    unbroken = mien.train(config(**changes), faces, out=tmp_path / "unbroken")
    with pytest.raises(KeyboardInterrupt):
        mien.train(config(**changes), faces, out=tmp_path / "broken", progress=StopAfter(*place))
    torch.manual_seed(999)  # another process would have another generator
    broken = mien.resume(tmp_path / "broken", faces)
    assert broken.read(WEIGHTS) == unbroken.read(WEIGHTS)
    without_seconds = [[row | {"seconds": 0} for row in run.history.to_rows()] for run in (broken, unbroken)]
    assert without_seconds[0] == without_seconds[1]
    assert (broken.predictions("test").probs == unbroken.predictions("test").probs).all()


def test_what_a_kill_left_undone_after_the_checkpoint_is_made_again(tmp_path, faces):
    run = mien.train(config(keep_every=3), faces, out=tmp_path / "run")
    history = run.read(HISTORY)
    (run.path / HISTORY).unlink()
    (run.path / "epochs/0003.safetensors").unlink()
    mien.resume(run, faces)
    assert run.read(HISTORY) == history
    assert run.has("epochs/0003.safetensors")


def test_a_finished_run_stays_as_it_is(tmp_path, faces):
    run = mien.train(config(), faces, out=tmp_path / "run")
    before = {name: run.read(name) for name in (WEIGHTS, CHECKPOINT, HISTORY)}
    mien.resume(run.path, faces)
    assert {name: run.read(name) for name in before} == before


def test_other_faces_are_refused_on_resuming_and_on_measuring(tmp_path, faces, monkeypatch):
    run = mien.train(config(), faces, out=tmp_path / "run")
    labels = faces.labels.copy()
    labels[0] = (labels[0] + 1) % 3
    changed = mien.LabelledImages(
        pixels=faces.pixels,
        labels=labels,
        ids=faces.ids,
        classes=faces.classes,
        split=faces.split,
        source="changed",
    )
    with pytest.raises(RunError, match="train faces of changed are not those that it was trained with"):
        mien.resume(run, changed)


def test_faces_that_do_not_fit_the_run_are_refused(tmp_path, faces):
    from tests.conftest import small_faces

    run = mien.train(config(), faces, out=tmp_path / "run")
    with pytest.raises(ConfigError, match="has the classes class 0, class 1; run run was trained on"):
        mien.evaluate(run, small_faces(classes=2))
    with pytest.raises(ConfigError, match="faces of 64 pixels; run run takes 48"):
        mien.evaluate(run, small_faces(side=64))
    with pytest.raises(DataError, match="no part"):
        mien.training_parts(run, faces)["everything"]


@pytest.mark.parametrize("name", [WEIGHTS, CHECKPOINT])
@pytest.mark.parametrize(
    "damage", [lambda content: content[:-100], lambda content: b"\x80\x04pickle", lambda _: b""]
)
def test_a_damaged_file_is_one_clear_error(tmp_path, faces, name, damage):
    run = mien.train(config(epochs=1), faces, out=tmp_path / "run")
    (run.path / name).write_bytes(damage(run.read(name)))
    with pytest.raises(RunError, match=f"{name}: damaged or not written by mien"):
        mien.evaluate(run, faces) if name == WEIGHTS else mien.resume(run, faces)


def test_weights_of_another_network_are_refused(tmp_path, faces):
    run = mien.train(config(epochs=1), faces, out=tmp_path / "run")
    other = mien.train(config(epochs=1, options={"hidden": (8,)}), faces, out=tmp_path / "other")
    (run.path / WEIGHTS).write_bytes(other.read(WEIGHTS))
    with pytest.raises(RunError, match="made for another network"):
        mien.evaluate(run, faces)


def test_a_second_process_is_refused(tmp_path, faces):
    run = mien.train(config(epochs=1), faces, out=tmp_path / "run")
    with run.locked(), pytest.raises(RunError, match="another process"):
        mien.resume(run, faces)


def test_wrong_choices_leave_no_directory(tmp_path, faces):
    for wrong in ({"model": "vgg"}, {"options": {"hiden": (3,)}}, {"batch_size": 10_000}, {"split": "half"}):
        with pytest.raises(ConfigError):
            mien.train(config(**wrong), faces, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_environment_is_plain_json(tmp_path, faces):
    run = mien.train(config(epochs=1), faces, out=tmp_path / "run")
    about = json.loads((run.path / "environment.json").read_text())
    assert about["torch"] == torch.__version__
    assert about["faces"] == {"train": 144, "val": 48, "test": 48}


def test_measuring_an_unfinished_run_leaves_its_last_predictions_to_it(tmp_path, faces):
    unbroken = mien.train(config(), faces, out=tmp_path / "unbroken")
    with pytest.raises(KeyboardInterrupt):
        mien.train(config(), faces, out=tmp_path / "run", progress=StopAfter(2, 1))
    mien.evaluate(tmp_path / "run", mien.split(faces).val)
    assert not mien.RunDir.open(tmp_path / "run").finished
    run = mien.resume(tmp_path / "run", faces)
    assert run.finished
    assert (run.predictions("val").probs == unbroken.predictions("val").probs).all()


def test_a_run_that_diverges_says_so(tmp_path, faces):
    plain = config(options={"hidden": (16,), "batch_norm": False}, learning_rate=999.0, warmup=0.0, ema=0.0)
    with pytest.raises(RunError, match=r"diverged.*lower --learning-rate"):
        mien.train(plain, faces, out=tmp_path / "run")


def test_an_odd_face_is_no_batch_of_its_own(tmp_path, faces):
    assert [steps_per_epoch(count, 2) for count in (2, 3, 5, 237)] == [1, 1, 2, 118]
    odd = faces.select(np.arange(1, 240))
    assert len(mien.split(odd).train) == 143
    assert len(mien.train(config(batch_size=2, epochs=1), odd, out=tmp_path / "run").history) == 1


@pytest.mark.parametrize("content", [b"{", b"{}", b"\xff"])
def test_a_damaged_environment_is_one_clear_error(tmp_path, faces, content):
    run = mien.train(config(epochs=1), faces, out=tmp_path / "run")
    (run.path / "environment.json").write_bytes(content)
    with pytest.raises(RunError, match=r"environment\.json is damaged"):
        mien.evaluate(run, faces)


TINY_TRUNK = {"stem": 4, "widths": (4,), "blocks": (1,), "head": 4}


def test_early_epochs_show_smaller_faces(tmp_path, faces, monkeypatch):
    seen, forward = [], Trunk.forward

    def watched(network, inputs):
        if network.training:
            seen.append(inputs.shape[-1])
        return forward(network, inputs)

    monkeypatch.setattr(Trunk, "forward", watched)
    early = config(model="trunk", options=TINY_TRUNK, batch_size=144, early_side=32, early_share=0.6)
    unbroken = mien.train(early, faces, out=tmp_path / "unbroken")
    assert seen == [32, 32, 48]
    with pytest.raises(KeyboardInterrupt):
        mien.train(early, faces, out=tmp_path / "run", progress=StopAfter(2, 1))
    run = mien.resume(tmp_path / "run", faces)
    assert seen[3:] == [32, 32, 32, 48]
    assert run.weights_digest == unbroken.weights_digest


def test_teachers_see_faces_of_their_own_size_in_early_epochs(tmp_path, faces):
    """A network of Dense layers takes no others."""
    teacher = mien.train(config(epochs=1), faces, out=tmp_path / "teacher")
    student = config(
        model="trunk", options=TINY_TRUNK, epochs=2, early_side=32, distillation=taught_by([teacher])
    )
    assert len(mien.train(student, faces, out=tmp_path / "student").history) == 2


def test_late_epochs_hardly_vary_faces(tmp_path, faces, monkeypatch):
    seen, shuffled = [], Faces.shuffled

    def watched(self, size, how, **rest):
        seen.append(how)
        return shuffled(self, size, how, **rest)

    monkeypatch.setattr(Faces, "shuffled", watched)
    usual = Augmentation(shift=4, rotation=10, scale=0.1, light=0.3, sharpness=0.6, erase=0.5)
    late = config(epochs=5, late_share=0.4, augmentation=usual)
    mien.train(late, faces, out=tmp_path / "run")
    hardly = Augmentation(shift=1.2, rotation=3, scale=0.03, light=0, sharpness=0, erase=0)
    assert seen == [usual, usual, usual, hardly, hardly]


def test_what_early_steps_cost():
    plan = Plan(
        run="",
        model="",
        parameters="",
        machine="",
        data="",
        epochs=3,
        first_epoch=1,
        steps=10,
        early_steps=20,
        early_cost=0.25,
    )
    assert [plan.work(steps) for steps in (0, 8, 20, 30)] == [0, 2, 5, 15]
