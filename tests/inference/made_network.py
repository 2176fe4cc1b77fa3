"""A small exported network with known weights, written without torch: what the tests of predicting run."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from mien.core.labels import EXPRESSIONS
from mien.core.network_about import NetworkAbout

TEMPERATURE = 2.0


def weights(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return (random.normal(size=(2304, 7)) / 900).astype(np.float32), random.normal(size=7).astype(np.float32)


def write_network(
    path: Path, *, seed: int = 0, classes=EXPRESSIONS, kind=TensorProto.UINT8, shape=("n", 1, 48, 48)
) -> Path:
    """logits = faces @ w + b on grey values from 0 to 255."""
    matrix, bias = weights(seed)
    held = [numpy_helper.from_array(matrix, "w"), numpy_helper.from_array(bias, "b")]
    nodes = [
        helper.make_node("Cast", ["faces"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Flatten", ["numbers"], ["flat"]),
        helper.make_node("Gemm", ["flat", "w", "b"], ["logits"]),
    ]
    ports = [
        [helper.make_tensor_value_info("faces", kind, list(shape))],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 7])],
    ]
    graph = helper.make_graph(nodes, "made", *ports, held)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    about = NetworkAbout(
        classes=tuple(classes), side=48, temperature=TEMPERATURE, mien="0", run="made-1", weights="00"
    )
    helper.set_model_props(model, about.to_metadata())
    onnx.save(model, str(path))
    return path


def expected(faces: np.ndarray, seed: int = 0) -> np.ndarray:
    """Probabilities of grey faces uint8 (n, 48, 48), in float64."""
    matrix, bias = weights(seed)
    logits = (faces.reshape(len(faces), -1).astype(np.float64) @ matrix + bias) / TEMPERATURE
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)
