"""A network as a plain ONNX graph: traced once, each of its modules and functions written as ONNX operators.

Written node by node with the onnx package alone: PyTorch's own exporters need a compiler of several hundred MB
(dynamo=True) or are deprecated (dynamo=False). What is not in the tables below is refused by name.
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import fx, nn
from torch.nn import functional

from mien.core.errors import ConfigError, MissingExtra
from mien.core.images import PIXEL_MEAN, PIXEL_STD
from mien.core.network_about import NetworkAbout
from mien.core.onnx_file import read_onnx
from mien.models._blocks import Dropout
from mien.training import eight_bits

FACES, LOGITS = "faces", "logits"
OPSET = 17  # of 2022: every runtime of today reads it, and it has all that is used here
_IR_VERSION = 8  # the file format that came with it
_SCALES = ".scales"  # beside the name of weights in int8: what they are multiplied by
_WORTH_A_CAST = 64  # numbers; fewer take less room than the node that makes them float32


@dataclass
class Writer:
    """Nodes and weights of a graph as it grows; a value is known by its name.

    names  of the network's own weights, by their identity
    kept   numbers that are in the graph already, by theirs
    """

    onnx: Any
    names: dict[int, str] = field(default_factory=dict)
    nodes: list[Any] = field(default_factory=list)
    weights: list[Any] = field(default_factory=list)
    kept: dict[int, str] = field(default_factory=dict)

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """One more node; returns the name of what it computes."""
        name = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def keep(self, values: torch.Tensor | float) -> str:
        """Numbers that are part of the network, by their name in it, float32 to whom they concern."""
        if id(values) in self.names:
            if id(values) not in self.kept:
                self.kept[id(values)] = self._kept(values, self.names[id(values)])
            return self.kept[id(values)]
        return self._kept(values, f"number_{len(self.weights)}")

    def _kept(self, values: torch.Tensor | float, name: str) -> str:
        """Many numbers that int8 with scales or float16 holds exactly lie in it, and are float32 once it is opened."""
        array = np.array(torch.as_tensor(values).detach().cpu().float().contiguous().numpy())
        if (eight := eight_bits.held(array)) is not None:
            whole, scales = eight
            self.weights.append(self.onnx.numpy_helper.from_array(whole, name))
            scales = eight_bits.beside(scales, array)
            self.weights.append(self.onnx.numpy_helper.from_array(scales, name + _SCALES))
            return self.add("Mul", self.add("Cast", name, to=self.onnx.TensorProto.FLOAT), name + _SCALES)
        with np.errstate(over="ignore"):  # what overflows is not held exactly
            halves = array.astype(np.float16)
        if array.size < _WORTH_A_CAST or not np.array_equal(halves, array):
            self.weights.append(self.onnx.numpy_helper.from_array(array, name))
            return name
        self.weights.append(self.onnx.numpy_helper.from_array(halves, name))
        return self.add("Cast", name, to=self.onnx.TensorProto.FLOAT)


def onnx_bytes(network: nn.Module, about: NetworkAbout) -> bytes:
    """The file: faces uint8 (n, 1, side, side), grey from 0 to 255 -> logits float32 (n, k), n free.

    Normalisation is part of the graph; weights have the names of the network's state_dict. Raises ConfigError, naming
    it, for an operation that is not known here.
    """
    state = network.state_dict(keep_vars=True)
    names = {id(value): name for name, value in reversed(state.items())}  # the first, of modules used twice
    writer = Writer(_onnx(), names=names)
    logits = _written(network.eval(), writer, _normalised(writer))
    writer.nodes.append(writer.onnx.helper.make_node("Identity", [logits], [LOGITS], name=LOGITS))
    content: bytes = _model(writer, about).SerializeToString()
    return content


def weights_of(content: bytes) -> dict[str, torch.Tensor]:
    """The weights that are in such a file, float32 by their names in the network.

    Raises DataError for what is no plain ONNX file, MissingExtra without the package onnx.
    """
    onnx = _onnx()
    read_onnx(content)
    kept = onnx.load_from_string(content).graph.initializer
    arrays = {each.name: np.array(onnx.numpy_helper.to_array(each), dtype=np.float32) for each in kept}
    for name in [name for name in arrays if name + _SCALES in arrays]:
        arrays[name] *= arrays.pop(name + _SCALES)
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


def _onnx() -> Any:
    try:
        import onnx
        import onnx.numpy_helper
    except ModuleNotFoundError as error:
        raise MissingExtra("onnx", "onnx", "mien export") from error
    return onnx


def _normalised(writer: Writer) -> str:
    """What training.batches.normalise does."""
    values = writer.add("Cast", FACES, to=writer.onnx.TensorProto.FLOAT)
    centred = writer.add("Sub", values, writer.keep(255 * PIXEL_MEAN))
    return writer.add("Mul", centred, writer.keep(1 / (255 * PIXEL_STD)))


def _model(writer: Writer, about: NetworkAbout) -> Any:
    helper, kinds = writer.onnx.helper, writer.onnx.TensorProto
    shape = ["n", 1, about.side, about.side]
    graph = helper.make_graph(
        writer.nodes,
        "mien",
        [helper.make_tensor_value_info(FACES, kinds.UINT8, shape)],
        [helper.make_tensor_value_info(LOGITS, kinds.FLOAT, ["n", len(about.classes)])],
        writer.weights,
    )
    model = helper.make_model(
        graph, producer_name="mien", ir_version=_IR_VERSION, opset_imports=[helper.make_opsetid("", OPSET)]
    )
    helper.set_model_props(model, about.to_metadata())
    writer.onnx.checker.check_model(model, full_check=True)
    return model


class _Tracer(fx.Tracer):
    """Stops at every module that the table knows, PyTorch's or mien's."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return type(m) in _MODULES or super().is_leaf_module(m, module_qualified_name)


def _written(network: nn.Module, writer: Writer, faces: str) -> str:
    """Write every step of a network; returns the name of its logits."""
    try:
        steps = _Tracer().trace(network).nodes
    except Exception as error:  # the network's own code may raise anything on a symbolic value
        raise ConfigError(f"{type(network).__name__} cannot be traced for ONNX: {error}") from error
    names: dict[fx.Node, str] = {}
    for step in steps:
        if step.op == "placeholder":
            names[step] = faces
        elif step.op == "output":
            return names[step.args[0]]
        else:
            names[step] = _step(network, step, writer, names)
    raise ConfigError(f"{type(network).__name__} returns nothing")


def _step(network: nn.Module, step: fx.Node, writer: Writer, names: dict[fx.Node, str]) -> str:
    values = [names[each] if isinstance(each, fx.Node) else each for each in step.args]
    if step.op == "call_module":
        module = network.get_submodule(str(step.target))
        if type(module) in _MODULES:
            return _MODULES[type(module)](writer, module, *values)
        raise _unknown(f"{type(module).__name__} ({step.target})")
    if step.op == "call_function" and step.target in _FUNCTIONS:
        return _FUNCTIONS[step.target](writer, *values)
    raise _unknown(str(getattr(step.target, "__name__", step.target)))


def _unknown(what: str) -> ConfigError:
    known = sorted({kind.__name__ for kind in _MODULES})
    return ConfigError(f"mien export does not know {what}; it knows {', '.join(known)}, sums and products")


def _pair(value: Any) -> list[int]:
    return list(value) if isinstance(value, (tuple, list)) else [value, value]


def _convolution(writer: Writer, module: nn.Conv2d, values: str) -> str:
    if module.padding_mode != "zeros":
        raise _unknown(f"padding of {module.padding_mode}")
    bias = [] if module.bias is None else [writer.keep(module.bias)]
    return writer.add(
        "Conv",
        values,
        writer.keep(module.weight),
        *bias,
        kernel_shape=_pair(module.kernel_size),
        strides=_pair(module.stride),
        dilations=_pair(module.dilation),
        group=module.groups,
        pads=_pads(module),
    )


def _pads(module: nn.Conv2d) -> list[int]:
    """Rows and columns of zeros before, then after. PyTorch's "same" puts the odd one after."""
    if isinstance(module.padding, str):
        reach = zip(_pair(module.dilation), _pair(module.kernel_size), strict=True)
        both = [step * (side - 1) if module.padding == "same" else 0 for step, side in reach]
        return [each // 2 for each in both] + [each - each // 2 for each in both]
    return _pair(module.padding) * 2


def _batch_norm(writer: Writer, module: nn.BatchNorm1d | nn.BatchNorm2d, values: str) -> str:
    mean, spread = module.running_mean, module.running_var
    if mean is None or spread is None or not module.affine:
        raise _unknown("BatchNorm without running statistics or without weights")
    kept = [writer.keep(each) for each in (module.weight, module.bias, mean, spread)]
    return writer.add("BatchNormalization", values, *kept, epsilon=module.eps)


def _linear(writer: Writer, module: nn.Linear, values: str) -> str:
    bias = [] if module.bias is None else [writer.keep(module.bias)]
    return writer.add("Gemm", values, writer.keep(module.weight), *bias, transB=1)


def _average_pool(writer: Writer, module: nn.AvgPool2d, values: str) -> str:
    if module.divisor_override is not None:
        raise _unknown("AvgPool2d with a divisor of its own")
    counted = int(module.count_include_pad)
    return writer.add("AveragePool", values, count_include_pad=counted, **_window(module))


def _max_pool(writer: Writer, module: nn.MaxPool2d, values: str) -> str:
    return writer.add("MaxPool", values, dilations=_pair(module.dilation), **_window(module))


def _window(module: nn.AvgPool2d | nn.MaxPool2d) -> dict[str, Any]:
    return {
        "kernel_shape": _pair(module.kernel_size),
        "strides": _pair(module.stride),
        "pads": _pair(module.padding) * 2,
        "ceil_mode": int(module.ceil_mode),
    }


def _global_pool(writer: Writer, module: nn.AdaptiveAvgPool2d, values: str) -> str:
    if _pair(module.output_size) != [1, 1]:
        raise _unknown(f"AdaptiveAvgPool2d to {module.output_size}")
    return writer.add("GlobalAveragePool", values)


def _flatten(writer: Writer, module: nn.Flatten, values: str) -> str:
    if (module.start_dim, module.end_dim) != (1, -1):
        raise _unknown("Flatten of single dimensions")
    return writer.add("Flatten", values, axis=1)


def _as_is(_writer: Writer, _module: nn.Module, values: str) -> str:
    return values


def _swish(writer: Writer, _module: nn.SiLU, values: str) -> str:
    return writer.add("Mul", values, writer.add("Sigmoid", values))


def _simple(kind: str) -> Callable[..., str]:
    """An operator with nothing to set."""
    return lambda writer, _module, values: writer.add(kind, values)


def _two(kind: str) -> Callable[..., str]:
    """An operator on two values, either of which may be a plain number."""

    def write(writer: Writer, *values: str | float) -> str:
        return writer.add(kind, *(each if isinstance(each, str) else writer.keep(each) for each in values))

    return write


_MODULES: dict[type[nn.Module], Callable[..., str]] = {
    nn.AdaptiveAvgPool2d: _global_pool,
    nn.AvgPool2d: _average_pool,
    nn.BatchNorm1d: _batch_norm,
    nn.BatchNorm2d: _batch_norm,
    nn.Conv2d: _convolution,
    nn.Dropout: _as_is,
    nn.Dropout2d: _as_is,
    Dropout: _as_is,
    nn.Flatten: _flatten,
    nn.Hardswish: _simple("HardSwish"),
    nn.Identity: _as_is,
    nn.LeakyReLU: lambda writer, module, values: writer.add("LeakyRelu", values, alpha=module.negative_slope),
    nn.Linear: _linear,
    nn.MaxPool2d: _max_pool,
    nn.ReLU: _simple("Relu"),
    nn.SiLU: _swish,
    nn.Sigmoid: _simple("Sigmoid"),
    nn.Tanh: _simple("Tanh"),
}
_FUNCTIONS: dict[Any, Callable[..., str]] = {
    operator.add: _two("Add"),
    operator.mul: _two("Mul"),
    operator.sub: _two("Sub"),
    torch.add: _two("Add"),
    torch.mul: _two("Mul"),
    torch.relu: lambda writer, values: writer.add("Relu", values),
    torch.sigmoid: lambda writer, values: writer.add("Sigmoid", values),
    functional.relu: lambda writer, values, *_: writer.add("Relu", values),
}
