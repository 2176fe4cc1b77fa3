"""A network and drawn faces that many tests of predicting share."""

import numpy as np
import pytest

from mien.data.drawn import draw
from tests.inference.made_network import write_network


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    return write_network(tmp_path_factory.mktemp("network") / "made.onnx")


@pytest.fixture(scope="session")
def drawn() -> np.ndarray:
    return draw(12, seed=3).faces.pixels
