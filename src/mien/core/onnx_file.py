"""Looks into an ONNX file without the onnx package, and refuses all but plain ones before anything runs them.

An ONNX file is a protobuf message (github.com/onnx/onnx, onnx.proto3). A file from elsewhere may name other files to
read (external data) or operators that load code; this reader walks all of it and lets only what is listed here pass.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from mien.core.errors import DataError

LARGEST = 100_000_000  # bytes
NEWEST_OPSET = 30
MOST_FIELDS = 500_000  # that are looked at; a network of mien has some thousands

# Operators of ordinary feed-forward networks: none holds a graph of its own, reads a file or draws random numbers.
_NAMES = """
Abs Add ArgMax AveragePool BatchNormalization Cast Ceil Clip Concat Constant ConstantOfShape Conv
ConvTranspose DequantizeLinear Div Dropout Elu Equal Erf Exp Expand Flatten Floor Gather Gelu Gemm
GlobalAveragePool GlobalMaxPool Greater HardSigmoid HardSwish Identity InstanceNormalization
LayerNormalization LeakyRelu Less Log LogSoftmax MatMul Max MaxPool Min Mul Neg PRelu Pad Pow QLinearConv
QLinearMatMul QuantizeLinear Reciprocal ReduceMax ReduceMean ReduceMin ReduceSum Relu Reshape Resize
Shape Sigmoid Slice Softmax Softplus Split Sqrt Squeeze Sub Sum Tanh Tile Transpose Unsqueeze Upsample
Where
"""
OPERATORS = frozenset(_NAMES.split())
_PLAIN_DOMAINS = ("", "ai.onnx")
TYPE_NAMES = {1: "float32", 2: "uint8", 3: "int8", 6: "int32", 7: "int64", 10: "float16", 11: "float64"}

_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5
_SIDE, _NOBODY_S = 1 << 3, 15 << 3  # keys of fields that hold a number
_LARGEST_NUMBER = (1 << 29) - 1  # of a field: parsers may cut off what lies above
_Value = (
    int | memoryview | None
)  # a number, bytes, or a number of four or eight bytes, which nothing here reads


@dataclass(frozen=True, kw_only=True)
class Port:
    """An input or output: name, type of its numbers, and shape; None where a side is free."""

    name: str
    kind: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True, kw_only=True)
class OnnxFile:
    """What a plain ONNX file declares."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    metadata: dict[str, str]
    operators: frozenset[str]


def read_onnx(content: bytes) -> OnnxFile:
    """What a plain ONNX file declares; DataError, with the reason, for every other file.

    Refused are: more than 100 MB, what is no ONNX, external data, operators that are not in OPERATORS, operators of
    other domains, functions of its own, and graphs within operators.
    """
    if len(content) > LARGEST:
        raise DataError(f"expected at most {LARGEST:,} bytes, got {len(content):,}")
    try:
        return _read(_Message(content))
    except (ValueError, IndexError) as error:  # UnicodeDecodeError is a ValueError
        raise DataError(f"not an ONNX file, or damaged ({error})") from error


def with_free_shapes(content: bytes) -> bytes:
    """A plain file whose inputs and outputs take any size: for convolutions that were exported with a fixed one.

    The number of a side (field 1 of its message) is renamed to a field that nobody reads; nothing changes its place.
    """
    read_onnx(content)
    changed = bytearray(content)
    graph = _Message(memoryview(changed)).message(7)
    for port in (*graph.messages(11), *graph.messages(12)):
        for side in port.message(2).message(1).message(2).views(1):
            if len(side) and side[0] == _SIDE:
                side[0] = _NOBODY_S
    return bytes(changed)


class _Message:
    """One protobuf message: its fields by number, each a list of values in the order of the file.

    What protobuf parsers may read in more than one way is refused, so that what runs the file sees no other file.
    left  fields that may still be looked at, shared by all messages of a file
    """

    def __init__(self, content: bytes | memoryview, left: "_Left | None" = None) -> None:
        self._left = left or _Left()
        self._fields: dict[int, list[_Value]] = {}
        for number, value in _fields(memoryview(content)):
            self._left.take()
            self._fields.setdefault(number, []).append(value)

    def has(self, number: int) -> bool:
        return number in self._fields

    def integer(self, number: int) -> int:
        """The value of a field, 0 where it is missing; given twice, protobuf may take the first or the last."""
        values = self._fields.get(number, [0])
        if len(values) > 1 or not isinstance(values[0], int):
            raise ValueError(f"field {number} is no single number")
        return values[0]

    def text(self, number: int) -> str:
        return self.texts(number)[-1] if self.has(number) else ""

    def texts(self, number: int) -> list[str]:
        return [bytes(value).decode() for value in self.views(number)]

    def messages(self, number: int) -> "list[_Message]":
        return [_Message(value, self._left) for value in self.views(number)]

    def message(self, number: int) -> "_Message":
        """The message in a field, an empty one where it is missing; given twice, protobuf would merge them."""
        found = self.views(number)
        if len(found) > 1:
            raise ValueError(f"field {number} is there more than once")
        return _Message(found[0] if found else b"", self._left)

    def views(self, number: int) -> list[memoryview]:
        """The bytes of a field, not copied."""
        values = self._fields.get(number, [])
        found = [value for value in values if isinstance(value, memoryview)]
        if len(found) < len(values):
            raise ValueError(f"field {number} is no message")
        return found


class _Left:
    """How many fields may still be looked at: millions of tiny ones would take minutes."""

    def __init__(self) -> None:
        self._count = MOST_FIELDS

    def take(self) -> None:
        self._count -= 1
        if self._count < 0:
            raise DataError(f"expected a file of at most {MOST_FIELDS:,} fields, got more")


def _fields(content: memoryview) -> Iterator[tuple[int, _Value]]:
    place = 0
    while place < len(content):
        key, place = _varint(content, place)
        number, kind = key >> 3, key & 7
        if not 0 < number <= _LARGEST_NUMBER:
            raise ValueError(f"a field has the number {number}")
        if kind == _VARINT:
            value, place = _varint(content, place)
            yield number, value
            continue
        if kind == _BYTES:
            size, place = _varint(content, place)
        elif kind in (_EIGHT_BYTES, _FOUR_BYTES):
            size = 8 if kind == _EIGHT_BYTES else 4
        else:
            raise ValueError(f"unknown kind of field {kind}")
        if place + size > len(content):
            raise ValueError("a field reaches over the end")
        # four or eight bytes in the place of a text are no text to protobuf, which passes over them
        yield number, content[place : place + size] if kind == _BYTES else None
        place += size


def _varint(content: memoryview, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = content[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
    raise ValueError("a number has more than ten bytes")


def _read(model: _Message) -> OnnxFile:
    """Field numbers are those of ModelProto and GraphProto."""
    if not model.integer(1) or not model.has(7):
        raise ValueError("it declares no version or no graph")
    if model.has(25):
        raise DataError("expected a plain ONNX file, got functions of its own")
    _check_domains(model.messages(8))
    graph = model.message(7)
    if graph.has(15):
        raise DataError("expected a plain ONNX file, got sparse weights")
    for weights in graph.messages(5):
        _check_weights(weights)
    nodes = graph.messages(1)
    for node in nodes:
        _check_node(node)
    held = {weights.text(8) for weights in graph.messages(5)}
    inputs = tuple(_port(each) for each in graph.messages(11))
    return OnnxFile(
        inputs=tuple(each for each in inputs if each.name not in held),
        outputs=tuple(_port(each) for each in graph.messages(12)),
        metadata={entry.text(1): entry.text(2) for entry in model.messages(14)},
        operators=frozenset(node.text(4) for node in nodes),
    )


def _check_domains(opsets: list[_Message]) -> None:
    """Which operators a file builds on (OperatorSetIdProto)."""
    for opset in opsets:
        if opset.text(1) not in _PLAIN_DOMAINS:
            raise DataError(f"expected plain ONNX operators, got operators of {opset.text(1)}")
        if not 1 <= opset.integer(2) <= NEWEST_OPSET:
            raise DataError(f"expected operators of version 1 to {NEWEST_OPSET}, got {opset.integer(2)}")


def _check_weights(weights: _Message) -> None:
    """No weights in another file (TensorProto)."""
    if weights.integer(14) or weights.has(13):  # 14: DataLocation, 0 being in the file
        raise DataError(f"expected all weights in the file, got external data for '{weights.text(8)}'")


def _check_node(node: _Message) -> None:
    """A known operator without a graph in it (NodeProto, AttributeProto)."""
    kind, domain = node.text(4), node.text(7)
    if domain not in _PLAIN_DOMAINS or kind not in OPERATORS:
        name = f"{domain}.{kind}" if domain else kind
        raise DataError(f"expected plain ONNX operators, got {name}, which mien does not run")
    for attribute in node.messages(5):
        if any(attribute.has(number) for number in (6, 11, 22, 23)):
            raise DataError(f"expected plain values, got a graph or sparse weights within {kind}")
        for weights in (*attribute.messages(5), *attribute.messages(10)):
            _check_weights(weights)


def _port(value: _Message) -> Port:
    """ValueInfoProto -> TypeProto -> Tensor -> TensorShapeProto."""
    tensor = value.message(2).message(1)
    dimensions = tensor.message(2).messages(1)
    return Port(
        name=value.text(1),
        kind=TYPE_NAMES.get(tensor.integer(1), f"type {tensor.integer(1)}"),
        shape=tuple(each.integer(1) if each.has(1) else None for each in dimensions),
    )
