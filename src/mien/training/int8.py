"""An exported network in whole numbers of eight bits, and what that costs on the run's validation faces."""

import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.analysis.metrics import evaluation
from mien.analysis.pairing import Pairing, paired
from mien.analysis.significance import DifferenceInterval
from mien.analysis.temperature import temperature
from mien.core.images import VAL, LabelledImages, Parts, Uint8
from mien.core.network_about import NetworkAbout
from mien.core.onnx_file import read_onnx
from mien.core.predictions import Predictions
from mien.faces.onnx_session import open_session
from mien.training.onnx_graph import FACES, LOGITS

CALIBRATED_ON = 300  # training faces
_BATCH = 50  # of them at a time: all values of all layers are in memory
_IMAGES = 4  # dimensions of values (n, c, h, w)
_WITH_WEIGHTS = ("Conv", "Gemm", "MatMul")
# What onnxruntime computes in int8. Not BatchNormalization: where no weights stand before it that could take it in, it
# is computed in float all the same, and only its numbers would be rounded.
_IN_INT8 = (
    *_WITH_WEIGHTS, "Add", "GlobalAveragePool", "LeakyRelu", "MaxPool", "Mul", "Relu", "Sigmoid"
)  # fmt: skip

Float32s = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Int8Loss:
    """How a network in int8 compares with itself in float on the same faces.

    faces          of the validation part, on which it was measured
    calibrated_on  training faces, by which the ranges of its values were found
    accuracy       of the int8 file; float_accuracy: before
    difference     int8 minus float, a share of 1, paired by face; interval: of 95 %, by bootstrap
    changed        faces whose most probable class is another one
    size           bytes of the int8 file; float_size: before
    """

    faces: int
    calibrated_on: int
    accuracy: float
    float_accuracy: float
    difference: float
    interval: DifferenceInterval
    changed: int
    size: int
    float_size: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def quantised(content: bytes, about: NetworkAbout, parts: Parts) -> tuple[bytes, NetworkAbout, Int8Loss]:
    """The same network in int8, what it says of itself, and its loss, measured on the validation part.

    Its temperature is fitted anew, on what the int8 network says of the validation faces.
    """
    chosen = calibration_faces(parts.train)
    small = int8_bytes(content, chosen, about)
    pairing = paired(_predictions(small, parts.val, "int8"), _predictions(content, parts.val, "float"))
    about = replace(about, temperature=temperature(pairing.first))
    small = _with_about(small, about)
    read_onnx(small)  # what mien predict would refuse is not exported
    return small, about, _loss(pairing, len(chosen), size=len(small), float_size=len(content))


def _loss(pairing: Pairing, calibrated_on: int, *, size: int, float_size: int) -> Int8Loss:
    return Int8Loss(
        faces=len(pairing.first),
        calibrated_on=calibrated_on,
        accuracy=evaluation(pairing.first).accuracy,
        float_accuracy=evaluation(pairing.second).accuracy,
        difference=pairing.table.difference,
        interval=pairing.interval,
        changed=int((pairing.first.predicted != pairing.second.predicted).sum()),
        size=size,
        float_size=float_size,
    )


def calibration_faces(train: LabelledImages) -> Uint8:
    """Up to 300 faces (n, s, s), evenly spaced among the training faces as the data orders them."""
    rows = np.linspace(0, len(train) - 1, min(CALIBRATED_ON, len(train))).round().astype(np.int64)
    return train.pixels[rows]


def int8_bytes(content: bytes, faces: Uint8, about: NetworkAbout) -> bytes:
    """A file of mien's with weights in int8, one scale a channel, and values in uint8, by onnxruntime's quantisation.

    Static, as pairs of QuantizeLinear and DequantizeLinear: plain ONNX, which every runtime reads. Weights keep to
    seven bits: sums of products of eight overflow on processors with AVX2 and without VNNI, so that answers would
    depend on the processor (onnxruntime.ai/docs/performance/model-optimizations/quantization.html). What comes before
    the first layer with weights stays in float, and so do the logits: 256 steps would make ties of them.
    """
    from onnxruntime import quantization

    with tempfile.TemporaryDirectory() as name:
        plain, folded, small = (Path(name) / file for file in ("plain.onnx", "folded.onnx", "small.onnx"))
        plain.write_bytes(content)
        # folds BatchNorm into the weights before it; the shapes of mien's networks need no symbols
        quantization.quant_pre_process(str(plain), str(folded), skip_symbolic_shape=True)
        _averages_as_convolutions(folded)
        quantization.quantize_static(
            str(folded),
            str(small),
            _reader(faces),
            quant_format=quantization.QuantFormat.QDQ,
            op_types_to_quantize=list(_IN_INT8),
            per_channel=True,
            reduce_range=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            nodes_to_exclude=_before_weights(folded),
            extra_options={"OpTypesToExcludeOutputQuantization": ["Gemm"]},
        )
        return _with_about(small.read_bytes(), about)


def _reader(faces: Uint8) -> Any:
    """Faces as the quantisation asks for them: a batch at a time, then None."""
    from onnxruntime.quantization import CalibrationDataReader

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._batches = _batches(faces)

        def get_next(self) -> dict[str, Uint8] | None:
            return next(self._batches, None)

    return Reader()


def _batches(faces: Uint8) -> Iterator[dict[str, Uint8]]:
    for start in range(0, len(faces), _BATCH):
        yield {FACES: faces[start : start + _BATCH, None]}


def _averages_as_convolutions(path: Path) -> None:
    """Average pooling as a convolution of each channel alone, in the file: onnxruntime pools int8 several times slower.

    Its weights are all equal, so that seven bits hold them as well as float does. Pooling over a padded border stays,
    in float.
    """
    import onnx

    model = onnx.shape_inference.infer_shapes(onnx.load(str(path)))
    channels = {
        value.name: value.type.tensor_type.shape.dim[1].dim_value
        for value in model.graph.value_info
        if len(value.type.tensor_type.shape.dim) == _IMAGES
    }
    for node in model.graph.node:
        told = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
        if node.op_type != "AveragePool" or any(told.get("pads", ())) or told.get("ceil_mode"):
            continue
        kernel, count = tuple(told["kernel_shape"]), channels[node.input[0]]
        weights = np.full((count, 1, *kernel), 1 / prod(kernel), dtype=np.float32)
        model.graph.initializer.append(onnx.numpy_helper.from_array(weights, f"{node.name}.weight"))
        strides = told.get("strides", [1] * len(kernel))
        convolution = onnx.helper.make_node(
            "Conv",
            [node.input[0], f"{node.name}.weight"],
            list(node.output),
            name=node.name,
            group=count,
            kernel_shape=kernel,
            strides=strides,
        )
        node.CopyFrom(convolution)
    onnx.save(model, str(path))


def _before_weights(path: Path) -> list[str]:
    """Names of the nodes before the first layer with weights: what brings grey values to the network's range."""
    import onnx

    nodes = list(onnx.load(str(path)).graph.node)
    first = next((place for place, node in enumerate(nodes) if node.op_type in _WITH_WEIGHTS), len(nodes))
    return [node.name for node in nodes[:first]]


def _with_about(content: bytes, about: NetworkAbout) -> bytes:
    """The file with this metadata alone; operator sets that no node uses are no longer named."""
    import onnx

    model = onnx.load_from_string(content)
    used = {node.domain for node in model.graph.node}
    kept = [each for each in model.opset_import if each.domain in used | {""}]
    del model.opset_import[:], model.metadata_props[:]
    model.opset_import.extend(kept)
    onnx.helper.set_model_props(model, about.to_metadata())
    written: bytes = model.SerializeToString()
    return written


def _predictions(content: bytes, faces: LabelledImages, name: str) -> Predictions:
    """What a file says of faces, by onnxruntime."""
    session = open_session(content)
    logits = np.concatenate([session.run([LOGITS], batch)[0] for batch in _batches(faces.pixels)])
    return Predictions(
        probs=_softmax(logits),
        labels=faces.labels,
        ids=faces.ids,
        classes=faces.classes,
        split=VAL,
        run=name,
    )


def _softmax(logits: Float32s) -> Float32s:
    shares = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), dtype=np.float32)
