"""Explaining trained runs: what is chosen, what is kept, and that the pictures are those of the methods."""

import json

import numpy as np
import pytest
import torch

import mien
from mien.analysis.explanation import Explanation
from mien.core.config import TrainConfig
from mien.core.predictions import Predictions
from mien.core.rundir import EXPLAINED_PICTURES, EXPLANATION
from mien.training.batches import normalise
from mien.training.evaluate import network_of
from mien.training.explain.choosing import Wanted, chosen_rows
from mien.training.explain.gradients import gradient
from mien.training.explain.layers import convolution
from mien.training.explain.pictures import map_picture
from mien.training.explain.run import explain
from tests.conftest import small_faces

CPU = torch.device("cpu")


def trained(path, **changes):
    # an epoch's running statistics fit badly, so that there are mistakes to explain
    config = TrainConfig(epochs=1, batch_size=32, learning_rate=3e-3, statistics=0, **changes)
    return mien.train(config, small_faces(), out=path)


@pytest.fixture(scope="module")
def cnn(tmp_path_factory):
    options = {"filters": (4, 6), "kernels": (3, 3), "padding": ("same", "valid"), "dense": (8,)}
    return trained(tmp_path_factory.mktemp("runs") / "cnn", model="cnn", options=options)


@pytest.fixture(scope="module")
def parts():
    return mien.split(small_faces())


def test_what_is_shown_and_kept(cnn, parts):
    told: list[str] = []
    found = explain(cnn, parts, progress=told.append)
    assert told[:2] == ["gradient", "integrated gradients"]
    assert found.proof.missing.startswith("drawn faces show angry")
    right = [face.true for face in found.faces if face.chosen == "surest right one"]
    assert right == sorted(set(right))
    read = Explanation.read(cnn)
    assert json.dumps(read.to_dict()) == json.dumps(found.to_dict())
    for name, picture in vars(found.pictures).items():
        assert (vars(read.pictures)[name] == picture).all()
    assert found.pictures.class_images.shape == (3, 48, 48)
    assert found.pictures.filter_images.shape == (6, 48, 48)
    assert found.pictures.filters.shape == (4, 3, 3)
    assert (found.about.layer, found.about.first_layer) == ("blocks.5", "blocks.0")
    assert found.about.second_layer == "blocks.5"
    assert found.pictures.second_filters.shape == (6, 3, 3)
    assert len(found.pictures.second_feature_maps) == 6


def test_maps_are_those_of_the_method_for_the_class_that_they_name(cnn, parts):
    found = explain(cnn, parts, wanted=Wanted(mistakes=True, count=2), save=False, proof_faces=0)
    network = network_of(cnn, CPU)
    face = found.faces[1]
    assert face.targets == (face.predicted, face.true)
    row = parts.val.ids.tolist().index(face.id)
    inputs = normalise(torch.tensor(parts.val.pixels[row : row + 1]))
    scores = network(inputs).detach().double().softmax(1)[0].tolist()
    assert face.scores == pytest.approx(scores, abs=1e-6)
    for place, target in enumerate(face.targets):
        heat = gradient(network, inputs, torch.tensor([parts.val.classes.index(target)])).abs()
        shown = found.maps_of(1)[place][0].astype(int)
        assert np.abs(shown - map_picture(heat)[0]).max() <= 1
    assert found.proof.missing == "it was not asked for"


def test_a_dnn_goes_without_grad_cam(tmp_path, parts):
    run = trained(tmp_path / "dnn", model="dnn", options={"hidden": (6,)})
    found = explain(run, parts, proof_faces=0)
    assert list(found.about.left_out) == ["Grad-CAM"]
    assert "Dense layers keep no places" in found.about.left_out["Grad-CAM"]
    assert found.pictures.maps.shape[1] == 4
    assert found.pictures.filters.shape == (6, 48, 48)
    assert Explanation.read(run).pictures.filter_images.shape == (0, 48, 48)
    assert (found.about.second_layer, len(found.pictures.second_filters)) == (None, 0)


def test_a_picture_has_no_label_and_fits(cnn, parts):
    found = explain(cnn, picture=parts.val.pixels[0], save=False, proof_faces=0)
    (face,) = found.faces
    assert (face.true, face.targets) == (None, (face.predicted,))
    with pytest.raises(mien.ConfigError, match=r"expected a grey face uint8 \(48, 48\), got uint8 \(8, 8\)"):
        explain(cnn, picture=np.zeros((8, 8), np.uint8))
    with pytest.raises(mien.ConfigError, match="no convolution is called 'x'"):
        explain(cnn, parts, layer="x")


def test_damaged_files_are_said(cnn, parts):
    explain(cnn, parts, proof_faces=0)
    kept, pictures = cnn.read(EXPLANATION), cnn.read(EXPLAINED_PICTURES)
    for name, content in ((EXPLANATION, b'{"faces": 3}'), (EXPLAINED_PICTURES, b"PK")):
        cnn.write(name, content)
        with pytest.raises(mien.RunError, match="is damaged"):
            Explanation.read(cnn)
        cnn.write(EXPLANATION, kept)
        cnn.write(EXPLAINED_PICTURES, pictures)
    fewer = json.loads(kept)
    fewer["faces"].pop()
    cnn.write_json(EXPLANATION, fewer)
    with pytest.raises(mien.RunError, match="not of one piece"):
        Explanation.read(cnn)


LABELS = np.array([0, 0, 1, 1, 2, 2, 2])
SAID = np.array([0, 1, 1, 1, 0, 0, 2])
SURE = np.array([0.5, 0.9, 0.6, 0.8, 0.7, 0.95, 0.6])


@pytest.fixture
def predictions():
    probs = np.repeat(((1 - SURE) / 2)[:, None], 3, axis=1).astype(np.float32)
    probs[np.arange(7), SAID] = SURE
    return Predictions(
        probs=probs, labels=LABELS, ids=LABELS.astype(str), classes=("a", "b", "c"), split="val", run="r"
    )


@pytest.mark.parametrize(
    ("wanted", "rows"),
    [
        (Wanted(), [0, 3, 6, 5, 1, 4]),
        (Wanted(mistakes=True, count=2), [5, 1]),
        (Wanted(expression="b"), [3, 2]),
        (Wanted(expression="c", count=1), [6, 5]),
    ],
)
def test_faces_are_chosen_by_how_sure_the_network_is(predictions, wanted, rows):
    assert [row for row, _ in chosen_rows(predictions, wanted)] == rows


def test_faces_that_are_not_there(predictions):
    with pytest.raises(mien.ConfigError, match="no class is called 'd'; there are a, b, c"):
        chosen_rows(predictions, Wanted(expression="d"))
    with pytest.raises(mien.DataError, match="no face of its val part"):
        chosen_rows(predictions.select(np.array([0])), Wanted(mistakes=True))
    with pytest.raises(mien.ConfigError, match="expected 1 face or more"):
        Wanted(count=0)


def test_the_layer_that_was_chosen_is_looked_at(cnn, parts):
    found = explain(cnn, parts, layer="blocks.0", save=False, proof_faces=0)
    assert found.about.layer == "blocks.0"
    assert found.pictures.filter_images.shape[0] == 4
    assert convolution(network_of(cnn, CPU), 48, "blocks.0").height == 48
