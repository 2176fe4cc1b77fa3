"""From an ONNX file to layers and steps: the graph with its shapes; no weights are read and nothing runs."""

from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

from mien.core.errors import ConfigError, DataError, MissingExtra
from mien.core.layers import Layer, Network, Step
from mien.core.operations import Dropout, Flatten, Unknown
from mien.core.sliding import Shape
from mien.models._onnx_rules import VIEWS, Node, computes_on_integers, operation, sources_of

_INT8 = 3
_FLOATS = (1, 10, 11, 16)  # TensorProto.FLOAT, FLOAT16, DOUBLE, BFLOAT16


def read_onnx(
    path: Path, input_shape: Shape | None = None, *, batch: int | None = None, open_batch: int = 1
) -> Network:
    """The layers of an ONNX file; one layer a node.

    input_shape  without the batch, for files that leave sizes open
    batch        samples together; None: as many as the file fixes, or open_batch where it leaves them open

    Raises DataError for a file that is no ONNX model, ConfigError where a size is open, MissingExtra without onnx.
    """
    model = _with_shapes(_loaded(path), path, input_shape, batch, open_batch)
    graph = _Graph(model)
    for node in model.graph.node:
        graph.take(node)
    return graph.network(path.name)


def _loaded(path: Path) -> Any:
    try:
        import onnx
        from onnx import inliner
    except ImportError as error:
        raise MissingExtra("onnx", "onnx", "reading an ONNX file") from error
    try:
        model = onnx.load(path, load_external_data=False)
        if not model.graph.node:
            raise DataError(f"{path}: expected an ONNX model, and it holds no layer")
        return inliner.inline_local_functions(model)
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except (OSError, ValueError, RuntimeError, onnx.onnx_cpp2py_export.checker.ValidationError) as error:
        raise DataError(f"{path}: cannot be read ({_first_line(error)})") from error
    except Exception as error:  # protobuf's DecodeError, whose module moves between its versions
        if type(error).__name__ != "DecodeError":
            raise
        raise DataError(f"{path}: expected an ONNX model, and the file is none") from error


def _with_shapes(
    model: Any, path: Path, input_shape: Shape | None, batch: int | None, open_batch: int
) -> Any:
    """The model with its inputs at fixed sizes and every shape inferred anew."""
    from onnx import shape_inference

    weights = {weight.name for weight in model.graph.initializer}
    given = [each for each in model.graph.input if each.name not in weights]
    if not given or not given[0].type.tensor_type.shape.dim:
        raise ConfigError(f"{path}: expected a first input with a batch of samples, and the graph has none")
    for each in given:
        fixed = each.type.tensor_type.shape.dim
        samples = batch or (fixed[0].dim_value if fixed and fixed[0].dim_value > 0 else open_batch)
        _fix_sizes(each, path, input_shape if each is given[0] else None, samples)
    del model.graph.value_info[:]
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")
    try:
        return shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    except shape_inference.InferenceError as error:
        raise ConfigError(f"{path}: does not fit its input: {_first_line(error)}") from error


def _fix_sizes(value: Any, path: Path, input_shape: Shape | None, batch: int) -> None:
    sizes = value.type.tensor_type.shape.dim
    if not sizes and input_shape is None:
        return  # a single number
    wanted = [batch, *(input_shape or [each.dim_value for each in sizes[1:]])]
    if input_shape is not None and len(wanted) != len(sizes):
        raise ConfigError(
            f"{path}: input {value.name} has {len(sizes) - 1} sizes, got {'x'.join(map(str, input_shape))}"
        )
    open_sizes = [each.dim_param or "?" for each, size in zip(sizes, wanted, strict=True) if size < 1]
    if open_sizes:
        raise ConfigError(
            f"{path}: input {value.name} leaves {', '.join(open_sizes)} open: give its sizes with --input"
        )
    for each, size in zip(sizes, wanted, strict=True):
        each.dim_value = size


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


@dataclass
class _Graph:
    """Goes through the nodes of a model in their order."""

    model: Any
    layers: list[Layer] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        graph = self.model.graph
        constants = {each.name: each for each in graph.initializer}
        self.weights = _weights(graph.node, constants)
        inputs = [each for each in graph.input if each.name not in constants]
        self.inputs = tuple(_shape(each) or () for each in inputs)
        self.origin = {each.name: -1 - at for at, each in enumerate(inputs)}
        known = [*graph.input, *graph.value_info, *graph.output]
        self.shapes = {each.name: _shape(each) for each in known} | {
            name: tuple(each.dims) for name, each in constants.items()
        }
        self.numeric = {each.name: each.type.tensor_type.elem_type in _FLOATS for each in known}
        self.made_of = {name: {name} for name in self.weights}

    def take(self, proto: Any) -> None:
        """One node: a step, or nothing where it only prepares weights or computes sizes."""
        node = Node.of(proto, self.shapes)
        names = {weight for name in proto.input for weight in self.made_of.get(name, ())}
        active = [name for name in proto.input if name in self.origin]
        sizes_only = not self.numeric.get(proto.output[0], True) and not computes_on_integers(proto.op_type)
        if not active or sizes_only:
            for output in proto.output:
                self.made_of[output] = names
                if active and not names:
                    self.origin[output] = self.origin[active[0]]
            return
        self._append(proto, node, active, names)
        for output in proto.output:
            self.origin[output] = len(self.steps) - 1

    def _append(self, proto: Any, node: Node, active: list[str], names: set[str]) -> None:
        missing = [name for name in (*active, proto.output[0]) if self.shapes.get(name) is None]
        sources = sources_of(node, active)
        what = f"{proto.op_type} (no shape is known for {missing[0]})" if missing else proto.op_type
        found = (
            Unknown(what=what, target=())
            if missing
            else operation(node, frozenset(active), self._weight(proto))
        )
        new, old = sorted(names - self.seen), names & self.seen
        self.seen |= names
        kind = proto.op_type
        self.layers.append(
            Layer(name=proto.name or proto.output[0], kind=kind, hidden=kind in VIEWS and kind != "Flatten")
        )
        statistics = set(proto.input[3:5]) if kind == "BatchNormalization" else set()
        self.steps.append(
            Step(
                layer=len(self.layers) - 1,
                operation=found,
                sources=tuple(self.origin[name] for name in sources),
                inputs=tuple(self.shapes.get(name) or () for name in sources),
                output=self.shapes.get(proto.output[0]) or (),
                trainable=sum(prod(self.weights[name]) for name in new if name not in statistics),
                stored=sum(prod(self.weights[name]) for name in new),
                weights=sum(prod(self.weights[name]) for name in names),
                again=sum(prod(self.weights[name]) for name in old if name not in statistics),
                trains=bool(names - statistics),
                writes=not isinstance(found, Flatten | Dropout) and kind not in VIEWS,
            )
        )

    def _weight(self, proto: Any) -> int:
        """Size of the largest operand that is made of weights."""
        sizes = [prod(self.shapes.get(name) or ()) for name in proto.input if self.made_of.get(name)]
        return max(sizes, default=0)

    def network(self, name: str) -> Network:
        """What was gone through."""
        inputs = {each.type.tensor_type.elem_type for each in self.model.graph.input}
        size = 2 if inputs <= {10, 16} else 8 if inputs == {11} else 4
        return Network(
            name=name,
            inputs=self.inputs,
            layers=tuple(self.layers),
            steps=tuple(self.steps),
            element_size=size,
        )


def _weights(nodes: Any, constants: dict[str, Any]) -> dict[str, Shape]:
    """Weights by name; of those stored as whole numbers with scales the whole numbers, which are as many."""
    whole = {name for name, each in constants.items() if each.data_type == _INT8 and len(each.dims) > 1}
    made, scales = {}, set()  # what float numbers are made of which whole ones
    for node in nodes:
        if node.op_type in ("Cast", "DequantizeLinear") and node.input[0] in whole:
            made[node.output[0]] = node.input[0]
            scales.update(node.input[1:])
        elif node.op_type == "Mul" and made.keys() & set(node.input):
            scales.update(node.input)
    kept = {name for name, each in constants.items() if _is_weight(each)} - scales
    return {name: tuple(constants[name].dims) for name in constants if name in kept | set(made.values())}


def _is_weight(initializer: Any) -> bool:
    """Numbers with at least one axis; integers are sizes and indices, single numbers are constants of a formula."""
    return initializer.data_type in _FLOATS and len(initializer.dims) > 0


def _shape(value: Any) -> Shape | None:
    if not value.type.tensor_type.HasField("shape"):
        return None
    sizes = tuple(
        each.dim_value if each.HasField("dim_value") else -1 for each in value.type.tensor_type.shape.dim
    )
    return None if -1 in sizes else sizes
