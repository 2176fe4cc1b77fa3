"""mien.cost: the cost of a network however it is given, as a module, by name, as a file, or in words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Any, SupportsIndex

from mien.analysis.cost import count, network_from_text
from mien.analysis.cost.complexity import Complexity, complexity
from mien.core import spec
from mien.core.config import TrainConfig
from mien.core.costs import CostTable
from mien.core.errors import ConfigError, DataError, MissingExtra
from mien.core.layers import Network
from mien.core.plugins import plugin_names
from mien.core.sizes import sizes_from_text

if TYPE_CHECKING:
    from torch import nn

Shape = tuple[int, ...]

_OURS = (1, 48, 48)  # the faces of FER2013
_HELP = (
    "expected a network of mien ({names}), an .onnx file, FILE.py:FUNCTION, "
    'or layers in words such as "conv 6 2x2 stride 3"'
)


@dataclass(frozen=True, kw_only=True)
class _Given:
    """A network as layers, and as a module where it can run."""

    layers: Network
    module: "nn.Module | None" = None
    inputs: Any = None


def cost(
    network: Any,
    inputs: Any = None,
    *,
    batch: int | None = None,
    training: bool = False,
    fold: bool = False,
    skip_padding: bool = False,
    measure: bool = False,
) -> CostTable:
    """Every operation, parameter and byte of a network, one row a layer.

    network       torch.nn.Module; name of a network of mien; path of an .onnx file; "FILE.py:FUNCTION" or
                  "package.module:FUNCTION" that makes a module; layers in words, a line or a list of lines
    inputs        shape without the batch: (channels, height, width), for layers in words (height, width, channels);
                  for a module also several shapes, or tensors with their batch
    batch         samples together; by default what an .onnx file fixes, else 1, for training as many as
                  TrainConfig has
    training      count the way back too
    fold          fold batch normalisations into the layers before them
    skip_padding  leave out products with padded zeros
    measure       time each layer in one pass on this machine; needs torch

    Raises ConfigError or DataError where the network cannot be read or does not fit its input, MissingExtra without
    torch (or onnx) where it is needed.

    >>> table = cost("conv 6 2x2 stride 3, conv 4 2x2 stride 2", (8, 8, 5))
    >>> [(row.trainable, row.forward.multiplications, row.forward.additions) for row in table.rows]
    [(126, 1080, 1026), (100, 96, 92)]
    """
    if measure and training:
        raise ConfigError("only the pass forward is measured: choose training or measure, not both")
    given = _given(network, inputs, batch, training=training)
    table = count(
        given.layers, training=training, fold=fold, padding="skipped" if skip_padding else "counted"
    )
    return _measured(table, given, table.batch) if measure else table


def growth(network: Any, inputs: Any = None, *, batch: int | None = None) -> Complexity:
    """The complexity of a network as a formula, and how its cost grows when one of its sizes doubles.

    >>> growth("conv 6 2x2 stride 3, conv 4 2x2 stride 2", (8, 8, 5)).formula
    '(2*2*2*5-1)*6*3^2 + (2*2*2*6-1)*4*1^2'
    """
    return complexity(_given(network, inputs, batch, training=False).layers)


def _given(network: Any, inputs: Any, batch: int | None, *, training: bool) -> _Given:
    usual = TrainConfig().batch_size if training else 1
    samples = usual if batch is None else batch
    if not isinstance(samples, int) or samples < 1:
        raise ConfigError(f"batch: expected at least 1, got {batch}")
    inputs = _sizes(inputs)
    if isinstance(network, Path):
        network = str(network)
    if isinstance(network, str) and network.lower().endswith(".onnx"):
        return _onnx(network, inputs, batch, samples)
    if isinstance(network, str):
        return _by_text(network, inputs, samples, training)
    if isinstance(network, Sequence):
        return _in_words([str(line) for line in network], inputs, samples)
    return _module(network, inputs, samples, training, type(network).__name__)


def _sizes(inputs: Any) -> Any:
    """One shape as a tuple; several shapes, or tensors, as a list. Text is read as on the command line."""
    if inputs is None or _is_tensor(inputs):
        return inputs
    if isinstance(inputs, str):
        shapes = sizes_from_text(inputs)
        return shapes[0] if len(shapes) == 1 else shapes
    if not isinstance(inputs, Sequence) or not inputs:
        raise ConfigError(f"inputs: expected sizes such as (1, 48, 48), got {inputs!r}")
    if not any(isinstance(each, Sequence) or _is_tensor(each) for each in inputs):
        return _shape(inputs)
    return [each if _is_tensor(each) else _shape(each) for each in inputs]


def _is_tensor(value: Any) -> bool:
    return hasattr(value, "element_size")  # without importing torch


def _shape(sizes: Any) -> Shape:
    whole = isinstance(sizes, Sequence) and all(isinstance(size, SupportsIndex) for size in sizes)
    if not whole or not sizes or min(index(size) for size in sizes) < 1:
        raise ConfigError(f"inputs: expected positive integers such as (1, 48, 48), got {sizes!r}")
    return tuple(index(size) for size in sizes)


def _one_shape(inputs: Any, name: str) -> Shape:
    if not isinstance(inputs, tuple):
        raise ConfigError(f"{name} takes one input: give one size without the batch, such as 1x48x48")
    return inputs


def _by_text(text: str, inputs: Any, batch: int, training: bool) -> _Given:
    names = plugin_names("mien.models")
    place, _, function = text.rpartition(":")
    if text in names or ("=" in text and text.partition(":")[0] in names):
        sizes = _one_shape(_OURS if inputs is None else inputs, text)
        return _module(_ours(text, sizes), sizes, batch, training, text)
    if place and function.isidentifier() and " " not in place:
        return _module(_made(place, function), inputs, batch, training, text)
    if " " not in text.strip() and "." in text:
        raise ConfigError(f'"{text}": {_HELP.format(names=", ".join(names))}')
    return _in_words([text], inputs, batch)


def _onnx(path: str, inputs: Any, batch: int | None, open_batch: int) -> _Given:
    from mien.models.onnx_layers import read_onnx

    shape = None if inputs is None else _one_shape(inputs, path)
    return _Given(layers=read_onnx(Path(path), shape, batch=batch, open_batch=open_batch))


def _in_words(lines: list[str], inputs: Any, batch: int) -> _Given:
    whole = [line for line in lines if line in plugin_names("mien.models")]
    if whole:
        raise ConfigError(
            f"{', '.join(whole)}: a network of mien is counted alone, not with {len(lines) - 1} more"
        )
    if inputs is None:
        names = ", ".join(plugin_names("mien.models"))
        raise ConfigError(
            f'"{lines[0]}": no network of mien is called so (there are {names}); '
            "layers in words need the size of their input, such as 8x8x5"
        )
    return _Given(layers=network_from_text(lines, _one_shape(inputs, lines[0]), batch=batch))


def _module(module: Any, inputs: Any, batch: int, training: bool, name: str) -> _Given:
    try:
        from torch import nn

        from mien.models.tracing import trace
    except ImportError as error:
        raise MissingExtra("torch", "lab", "counting a torch network") from error
    if not isinstance(module, nn.Module):
        raise ConfigError(f"{name}: expected a torch.nn.Module, got {type(module).__name__}")
    if inputs is None:
        raise ConfigError(f"{name}: give the size of its input without the batch, such as 1x48x48")
    layers = trace(module, inputs, batch=batch, training=training)
    return _Given(layers=replace(layers, name=name), module=module, inputs=inputs)


def _ours(name: str, inputs: Shape) -> "nn.Module":
    """A network of mien, named with its choices, for faces of the given side."""
    try:
        from mien.models.registry import build
    except ImportError as error:
        raise MissingExtra("torch", "lab", f"counting {name}") from error
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch advises odd kernels for speed
        return build(*spec.parse(name), side=inputs[-1])


def _made(place: str, function: str) -> Any:
    """What a function of the user's file or module makes."""
    module = _file(place) if place.endswith(".py") else _importable(place)
    maker = getattr(module, function, None)
    if maker is None:
        raise ConfigError(f"{place} has nothing called {function}")
    is_made = hasattr(maker, "parameters") and not isinstance(maker, type)
    return maker if is_made else _call(f"{place}:{function}", maker)


def _file(place: str) -> Any:
    from importlib.util import module_from_spec, spec_from_file_location

    if not Path(place).is_file():
        raise DataError(f"{place}: no such file")
    spec = spec_from_file_location(Path(place).stem, place)
    if spec is None or spec.loader is None:
        raise DataError(f"{place}: cannot be imported")
    module = module_from_spec(spec)
    loader = spec.loader
    _call(place, lambda: loader.exec_module(module))
    return module


def _importable(place: str) -> Any:
    from importlib import import_module

    return _call(place, lambda: import_module(place))


def _call(place: str, work: Callable[[], Any]) -> Any:
    """What the user's code gives; whatever it raises becomes one line."""
    try:
        return work()
    except Exception as error:
        raise ConfigError(f"{place} raised {type(error).__name__}: {error}") from error


def _measured(table: CostTable, given: _Given, batch: int) -> CostTable:
    """The table with seconds a layer, and the rate of a matrix product."""
    try:
        import torch

        from mien.models.from_layers import FromLayers
        from mien.models.timing import layer_seconds, peak_rate
    except ImportError as error:
        raise MissingExtra("torch", "lab", "measuring a network") from error
    if given.module is not None:
        seconds = layer_seconds(given.module, given.inputs, batch=batch)
        weights = next(
            (each for each in given.module.parameters() if each.is_floating_point()), torch.empty(0)
        )
        peak = peak_rate(weights.device, weights.dtype)
    elif given.layers.name.endswith(".onnx"):
        raise ConfigError(f"{given.layers.name}: only torch networks and layers in words can be measured")
    else:
        module = FromLayers(given.layers).eval()
        taken = layer_seconds(module, tuple(given.layers.inputs[0][1:]), batch=batch)
        seconds, peak = _by_layer(given.layers, taken), peak_rate()
    rows = tuple(replace(row, seconds=seconds.get(row.name)) for row in table.rows)
    return replace(table, rows=rows, peak_rate=peak)


def _by_layer(network: Network, taken: dict[str, float]) -> dict[str, float]:
    """Seconds of modules steps.0, steps.1.then, ... as seconds of the layers that these steps belong to."""
    total: dict[str, float] = {}
    for name, seconds in taken.items():
        step = network.steps[int(name.split(".")[1])]
        layer = network.layers[step.layer].name
        total[layer] = total.get(layer, 0.0) + seconds
    return total
