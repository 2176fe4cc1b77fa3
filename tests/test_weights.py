"""The networks that come with mien: whole, within their budgets, and saying what they said when they were shipped."""

import json

import numpy as np
import pytest
import torch

from mien.analysis.model_card import WITHHELD
from mien.core import shipped
from mien.core.rundir import INT8, NETWORK
from mien.data.drawn import draw
from mien.inference.network import Network
from mien.inference.recogniser import model_path
from mien.models._blocks import count_parameters
from mien.training.evaluate import network_of
from mien.training.export import proof_path
from mien.training.shipping import drawn_scores

MOST_PARAMETERS = {"cnn": 2_120_000, "trunk": 2_120_000, "pocket": 200_000}
MOST_BYTES = {"pocket": 225_000}


@pytest.mark.parametrize("name", shipped.names())
def test_a_shipped_network_is_the_one_of_its_card(name) -> None:
    run = shipped.shipped(name)  # checks the hash
    card = shipped.card(run)
    parameters = count_parameters(network_of(run, torch.device("cpu"))).with_statistics
    assert parameters == card["parameters"] <= MOST_PARAMETERS[name]
    assert len(run.read(NETWORK)) == card["file"]["bytes"] <= MOST_BYTES.get(name, 6_000_000)
    assert np.allclose(drawn_scores(run), card["drawn"], atol=1e-4)  # float32 differs a little by processor


@pytest.mark.parametrize(
    "name", [name for name in shipped.names() if (shipped.FOLDER / name / INT8).is_file()]
)
def test_what_predicts_in_int8_is_of_its_weights_and_costs_little(name) -> None:
    assert model_path("trunk").name == INT8
    path = model_path(name)
    assert path == shipped.FOLDER / name / INT8
    network, said = Network(path, threads=1), json.loads(proof_path(path).read_text())
    assert said["sha256"] == network.digest
    assert said["weights"] == network.about.weights == shipped.card(shipped.shipped(name))["file"]["sha256"]
    assert said["int8"]["difference"] > -0.003
    faces = draw(200, seed=0).faces.pixels
    plain = Network(shipped.FOLDER / name / NETWORK, threads=1)
    found, expected = (each.probabilities(faces) for each in (network, plain))
    assert np.abs(found - expected).max() < 0.15
    assert np.abs(found - expected).mean() < 0.01
    assert (found.argmax(1) == expected.argmax(1)).mean() > 0.95


@pytest.mark.parametrize("name", shipped.names())
def test_a_card_tells_validation_only(name) -> None:
    card = shipped.card(shipped.shipped(name))
    assert card["test"] == WITHHELD or set(card["test"])
    assert [one["tta"] for one in card["measured"]] == ["none", "flip", "flip+shift"]
    assert all(one["figures"]["part"] == "val" for one in card["measured"])
    assert all(one["figures"]["leak_free"]["left_out"] > 0 for one in card["measured"])


def test_together_they_are_small() -> None:
    files = [file for file in shipped.FOLDER.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) < 6_000_000
