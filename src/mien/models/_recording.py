"""Recording: what a module did while it ran, as layers and steps."""

from collections import Counter
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn
from torch.nn.modules.dropout import _DropoutNd
from torch.utils.weak import WeakIdKeyDictionary

from mien.core.layers import Layer, Network, Step
from mien.core.operations import Dropout, Elementwise, Flatten, Operation, Rearrange, Unknown
from mien.core.sliding import Convolution, Shape
from mien.models._aten import meaning
from mien.models._aten_names import FACTORIES, IN_PLACE_VIEWS, UNDECLARED_VIEWS
from mien.models._dispatched import Dispatched, shape_of


@dataclass
class _Call:
    """A module that is running: where it stands, and the layer that its operations belong to, once there is one."""

    path: str
    module: nn.Module
    whole: bool  # its operations are one layer
    first: int
    layer: int | None = None


@dataclass(frozen=True)
class _Weight:
    """A parameter or buffer, and the module that owns it."""

    owner: str
    size: int
    trainable: bool
    stored: bool


class Recording:
    """Watches a module run: enter and leave for modules, operation for everything that PyTorch dispatches."""

    def __init__(self, network: nn.Module) -> None:
        self._network = network
        self._weights = _weights_of(network)
        self.restart([])

    def restart(self, inputs: Sequence[torch.Tensor]) -> None:
        """Forget everything; the run begins with these inputs."""
        self._layers: list[Layer] = []
        self._steps: list[Step] = []
        self._calls: list[_Call] = []
        self._seen: set[int] = set()
        self._names: Counter[str] = Counter()
        self._padded: dict[int, list[int]] = {}
        self._origin: MutableMapping[torch.Tensor, int] = (
            WeakIdKeyDictionary()
        )  # tensor -> step that made it, or -1, -2, ... for an input
        self._made_of: MutableMapping[torch.Tensor, list[int]] = (
            WeakIdKeyDictionary()
        )  # tensor made of weights alone -> identities of the weights
        self._base: MutableMapping[torch.Tensor, torch.Tensor] = (
            WeakIdKeyDictionary()
        )  # view -> the tensor whose memory it shows
        for at, tensor in enumerate(inputs):
            self._origin[tensor] = -1 - at

    def enter(self, path: str, module: nn.Module) -> None:
        """A module begins to run."""
        self._calls.append(_Call(path, module, _is_one_layer(module), len(self._steps)))

    def leave(self, inputs: Sequence[Any], output: Any) -> None:
        """The module that began last has run."""
        call = self._calls.pop()
        outer = any(each.whole for each in self._calls)
        source = next(
            (each for each in inputs if isinstance(each, torch.Tensor) and each in self._origin), None
        )
        if outer or not call.whole or source is None or not isinstance(output, torch.Tensor):
            return
        if isinstance(call.module, _DropoutNd):
            self._only(call, Dropout(rate=call.module.p), source, output)
        elif call.layer is None:
            shape = shape_of(source)
            self._only(call, Rearrange(source=shape, target=shape), source, output)

    def operation(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> str | None:
        """PyTorch has run an operator: name of the layer that it belongs to, or None before the first."""
        outputs = [each for each in _listed(result) if isinstance(each, torch.Tensor)]
        name = func._schema.name.split("::")[-1]
        if not outputs or name in FACTORIES or name in IN_PLACE_VIEWS:
            return self._running()
        call = Dispatched(
            name=name.rstrip("_") if not name.endswith("__") else name,
            in_place=name.endswith("_") and not name.endswith("__"),
            is_view=func.is_view or name in UNDECLARED_VIEWS,
            args=args,
            kwargs=kwargs,
            outputs=outputs,
            is_activation=lambda tensor: tensor in self._origin,
            is_weight=lambda tensor: bool(self._weights_in(tensor)),
        )
        self._take(call)
        return self._running()

    def finished(self, name: str, inputs: tuple[Shape, ...], element_size: int) -> Network:
        """Everything that ran, and the modules with parameters that did not."""
        self._idle_modules()
        return Network(
            name=name,
            inputs=inputs,
            layers=tuple(self._layers),
            steps=tuple(self._steps),
            element_size=element_size,
        )

    def _running(self) -> str | None:
        """Name of the layer that runs now: that of the module, or else the last."""
        whole = next((call for call in self._calls if call.whole), None)
        index = whole.layer if whole else len(self._layers) - 1
        return None if index is None or index < 0 else self._layers[index].name

    def _take(self, call: Dispatched) -> None:
        if call.is_view:
            self._view(call)
        elif call.activations and not _counts_integers_only(call):
            self._compute(call)
        elif call.activations:
            self._assign(call.outputs, self._origin[call.activations[0]])
        elif call.weights and not _counts_integers_only(call):
            self._prepare(call)

    def _view(self, call: Dispatched) -> None:
        source = call.tensors[0]
        for output in call.outputs:
            self._base[output] = self._base.get(source, source)
        if source not in self._origin:
            self._mark(call.outputs, self._weights_in(source))
        elif call.output == shape_of(source):
            self._assign(call.outputs, self._origin[source])
        else:
            whole = len(call.outputs) == 1 and call.output == (source.shape[0], source[0].numel())
            target = call.output if len(call.outputs) == 1 else shape_of(source)
            operation = Flatten() if whole else Rearrange(source=shape_of(source), target=target)
            step = self._step(call, operation, [source], (shape_of(source),), target)
            self._append(replace(step, writes=False), call.outputs)

    def _compute(self, call: Dispatched) -> None:
        found = meaning(call)
        inputs = found.inputs or tuple(shape_of(source) for source in found.sources)
        step = self._step(call, found.operation, found.sources, inputs, found.output or call.output)
        step = self._with_padding(step)
        self._append(step, call.outputs)
        if call.name == "constant_pad_nd" and call.argument(2, "value", 0) == 0:
            self._padded[len(self._steps) - 1] = call.args[1]

    def _prepare(self, call: Dispatched) -> None:
        """Arithmetic on weights and constants, as of weight normalisation or a first hidden state: each run does it."""
        constants = [tensor for tensor in call.tensors if not call.is_weight(tensor)]
        call = replace(call, is_activation=lambda tensor: any(tensor is each for each in constants))
        found = meaning(call)
        known = found.sources or isinstance(found.operation, Elementwise | Rearrange)
        operation = found.operation if known else Unknown(what=call.name, target=call.output)
        inputs = found.inputs or tuple(shape_of(source) for source in found.sources)
        step = self._step(call, operation, [], inputs, found.output or call.output)
        if constants:
            self._append(step, call.outputs)
            return
        self._append(step, [])
        self._mark(
            call.outputs, [identity for weight in call.weights for identity in self._weights_in(weight)]
        )

    def _step(
        self,
        call: Dispatched,
        operation: Operation,
        sources: Sequence[torch.Tensor],
        inputs: tuple[Shape, ...],
        output: Shape,
    ) -> Step:
        used = {identity for weight in call.weights for identity in self._weights_in(weight)}
        new = [self._weights[identity] for identity in sorted(used - self._seen)]
        old = [self._weights[identity] for identity in used & self._seen]
        self._seen |= used
        moved = call.name == "embedding"
        return Step(
            layer=self._layer_of(call),
            operation=operation,
            sources=tuple(self._origin[source] for source in sources),
            inputs=inputs,
            output=output,
            trainable=sum(weight.size for weight in new if weight.trainable),
            stored=sum(weight.size for weight in new if weight.stored),
            weights=0 if moved else sum(weight.numel() for weight in call.weights),
            again=sum(weight.size for weight in old if weight.trainable),
            trains=any(self._weights[identity].trainable for identity in used),
            writes=not call.in_place,
        )

    def _layer_of(self, call: Dispatched) -> int:
        whole = next((each for each in self._calls if each.whole), None)
        if whole is None:
            path = self._calls[-1].path if self._calls else ""
            kind = call.name.strip("_")
            name = f"{path}.{kind}" if path else kind
            self._layers.append(Layer(name=self._unique(name, " {}"), kind=kind, hidden=call.is_view))
            return len(self._layers) - 1
        if whole.layer is None:
            whole.layer = self._module_layer(whole)
        return whole.layer

    def _module_layer(self, call: _Call) -> int:
        kind = type(call.module).__name__
        name = self._unique(call.path or kind.lower(), " (run {})")
        self._layers.append(Layer(name=name, kind=kind))
        return len(self._layers) - 1

    def _unique(self, name: str, again: str) -> str:
        self._names[name] += 1
        return name + again.format(self._names[name]) if self._names[name] > 1 else name

    def _with_padding(self, step: Step) -> Step:
        """Zeros around, then a convolution, is how PyTorch runs an even kernel with "same" padding: one step again."""
        source = len(self._steps) - 1
        pads = self._padded.get(source)
        if not pads or not isinstance(step.operation, Convolution) or step.sources != (source,):
            return step
        before = self._steps[source]
        if before.layer != step.layer or len(pads) > 2 * len(step.operation.padding):
            return step
        self._steps.pop()
        del self._padded[source]
        extra = [(0, 0)] * (len(step.operation.padding) - len(pads) // 2)
        around = [*extra, *reversed(list(zip(pads[::2], pads[1::2], strict=True)))]
        both = [(p[0] + a[0], p[1] + a[1]) for p, a in zip(step.operation.padding, around, strict=True)]
        operation = replace(step.operation, padding=tuple(both))
        return replace(step, operation=operation, sources=before.sources, inputs=before.inputs)

    def _only(self, call: _Call, operation: Operation, source: torch.Tensor, output: torch.Tensor) -> None:
        """Put one step in the place of everything that a module's call has recorded."""
        del self._steps[call.first :]
        if call.layer is None:
            call.layer = self._module_layer(call)
        step = Step(
            layer=call.layer,
            operation=operation,
            sources=(self._origin[source],),
            inputs=(shape_of(source),),
            output=shape_of(output),
            writes=False,
        )
        self._append(step, [output])

    def _append(self, step: Step, outputs: Sequence[torch.Tensor]) -> None:
        self._steps.append(step)
        self._assign(outputs, len(self._steps) - 1)

    def _assign(self, tensors: Sequence[torch.Tensor], origin: int) -> None:
        for tensor in tensors:
            self._origin[tensor] = origin
            if tensor in self._base:
                self._origin[self._base[tensor]] = origin

    def _mark(self, tensors: Sequence[torch.Tensor], identities: list[int]) -> None:
        for tensor in tensors:
            if identities:
                self._made_of[tensor] = identities

    def _weights_in(self, tensor: torch.Tensor) -> list[int]:
        if id(tensor) in self._weights:
            return [id(tensor)]
        return self._made_of.get(tensor, [])

    def _idle_modules(self) -> None:
        idle: dict[str, list[_Weight]] = {}
        for identity, weight in self._weights.items():
            if identity not in self._seen and weight.stored:
                idle.setdefault(weight.owner, []).append(weight)
        for owner, weights in idle.items():
            self._layers.append(Layer(name=owner or "network", kind="never run"))
            self._steps.append(
                Step(
                    layer=len(self._layers) - 1,
                    operation=Rearrange(source=(), target=()),
                    sources=(),
                    inputs=(),
                    output=(),
                    trainable=sum(weight.size for weight in weights if weight.trainable),
                    stored=sum(weight.size for weight in weights),
                    writes=False,
                )
            )


def _weights_of(network: nn.Module) -> dict[int, _Weight]:
    """Parameters and buffers by identity; integer buffers (BatchNorm's counter of batches) hold no weights."""
    found = {}
    for owner, module in network.named_modules():
        for parameter in module.parameters(recurse=False):
            found[id(parameter)] = _Weight(owner, parameter.numel(), parameter.requires_grad, True)
        for buffer in module.buffers(recurse=False):
            found[id(buffer)] = _Weight(owner, buffer.numel(), False, buffer.is_floating_point())
    return found


def _is_one_layer(module: nn.Module) -> bool:
    """PyTorch's own layers without parts, attention, and dropout of any make."""
    own = type(module).__module__.startswith("torch.nn.")
    whole = not any(module.children()) or isinstance(module, nn.MultiheadAttention)
    return (own and whole) or isinstance(module, _DropoutNd)


def _counts_integers_only(call: Dispatched) -> bool:
    """Arithmetic on indices and counters is no arithmetic of the network."""
    return not any(
        tensor.is_floating_point() or tensor.is_complex() for tensor in (*call.tensors, *call.outputs)
    )


def _listed(result: Any) -> list[Any]:
    return list(result) if isinstance(result, tuple | list) else [result]
