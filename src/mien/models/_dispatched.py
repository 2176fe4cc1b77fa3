"""One operation as PyTorch dispatched it, and what it means."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils._pytree import tree_leaves

from mien.core.operations import Operation
from mien.core.sliding import Shape


@dataclass(frozen=True, kw_only=True)
class Dispatched:
    """A call of an aten operator with its result.

    name           without overload and without the underscore of in-place variants
    is_activation  whether a tensor depends on the input of the network
    is_weight      whether a tensor is a parameter or buffer of the network, or made of nothing else
    """

    name: str
    in_place: bool
    is_view: bool
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outputs: list[torch.Tensor]
    is_activation: Callable[[torch.Tensor], bool]
    is_weight: Callable[[torch.Tensor], bool]

    @property
    def tensors(self) -> list[torch.Tensor]:
        """Every tensor among the arguments, in their order."""
        leaves = tree_leaves((self.args, self.kwargs))
        return [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]

    @property
    def activations(self) -> list[torch.Tensor]:
        """Arguments that depend on the input of the network."""
        return [tensor for tensor in self.tensors if self.is_activation(tensor)]

    @property
    def weights(self) -> list[torch.Tensor]:
        """Arguments that are parameters or buffers, or made of nothing else."""
        return [tensor for tensor in self.tensors if self.is_weight(tensor)]

    @property
    def output(self) -> Shape:
        """Shape of the first result."""
        return shape_of(self.outputs[0])

    def argument(self, position: int, name: str, default: Any = None) -> Any:
        """An argument by position or by name."""
        return self.args[position] if len(self.args) > position else self.kwargs.get(name, default)


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """The operation, the tensors that it takes, and their shapes where they are to be seen otherwise than they came."""

    operation: Operation
    sources: list[torch.Tensor]
    inputs: tuple[Shape, ...] | None = None
    output: Shape | None = None


def shape_of(tensor: torch.Tensor) -> Shape:
    """Sizes as plain integers."""
    return tuple(int(size) for size in tensor.shape)
