"""A network that is no detector, for what refuses it."""

import pytest

from tests.inference.made_network import write_network


@pytest.fixture
def model(tmp_path):
    return write_network(tmp_path / "made.onnx")
