"""What a training run is between two epochs, to bytes and back: safetensors with JSON in the header, never pickle."""

import json
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import nn

from mien.core.errors import RunError
from mien.training.onnx_graph import weights_of

_META = "mien"


def weights_to_bytes(network: nn.Module, about: dict[str, Any]) -> bytes:
    """A network's weights and running statistics, and what is known about them."""
    return _pack(network.state_dict(), about)


def weights_into(network: nn.Module, content: bytes, name: str) -> dict[str, Any]:
    """Put saved weights into a network; returns what is known about them. RunError where they do not fit it."""
    tensors, about = _unpack(content, name)
    _fill(network.state_dict(), tensors, name)
    return about


def onnx_into(network: nn.Module, content: bytes, name: str) -> None:
    """Put the weights of an exported network (mien.training.onnx_graph) into it; RunError where they do not fit it."""
    state = network.state_dict()
    counts = {
        key: value for key, value in state.items() if key.endswith("num_batches_tracked")
    }  # told by no file
    found = {key: value for key, value in weights_of(content).items() if key in state}
    _fill(state, found | counts, name)


def state_to_bytes(
    parts: dict[str, nn.Module], optimizer: torch.optim.Optimizer, about: dict[str, Any]
) -> bytes:
    """Networks by name, an optimiser, and whatever else JSON can say."""
    tensors = {
        f"{part}/{name}": value for part, net in parts.items() for name, value in net.state_dict().items()
    }
    state = optimizer.state_dict()["state"]
    tensors |= {
        f"optimizer/{index}/{name}": value
        for index, values in state.items()
        for name, value in values.items()
        if value is not None
    }
    return _pack(tensors, about)


def state_into(
    parts: dict[str, nn.Module], optimizer: torch.optim.Optimizer, content: bytes, name: str
) -> dict[str, Any]:
    """Put back what state_to_bytes kept; returns its JSON part. RunError where it does not fit."""
    tensors, about = _unpack(content, name)
    for part, network in parts.items():
        mine = {
            key.removeprefix(f"{part}/"): value
            for key, value in tensors.items()
            if key.startswith(f"{part}/")
        }
        _fill(network.state_dict(), mine, name)
    _fill_optimizer(optimizer, tensors)
    return about


def _fill_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, torch.Tensor]) -> None:
    weights = [value for group in optimizer.param_groups for value in group["params"]]
    for key, value in tensors.items():
        if key.startswith("optimizer/"):
            _, index, name = key.split("/")
            mine = weights[int(index)]
            # in the weights' own memory layout, so that a resumed step rounds as an unbroken one
            kept = torch.empty_like(mine).copy_(value) if value.shape == mine.shape else value.to(mine.device)
            optimizer.state[mine][name] = kept


def _fill(into: dict[str, torch.Tensor], tensors: dict[str, torch.Tensor], name: str) -> None:
    wrong = sorted(set(into) ^ set(tensors)) or [
        key for key, value in into.items() if value.shape != tensors[key].shape
    ]
    if wrong:
        raise RunError(f"{name}: made for another network: {wrong[0]} differs ({len(wrong)} in all)")
    with torch.no_grad():
        for key, value in into.items():
            value.copy_(tensors[key])


def _pack(tensors: dict[str, torch.Tensor], about: dict[str, Any]) -> bytes:
    plain = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    return save(plain, metadata={_META: json.dumps(about)})


def _unpack(content: bytes, name: str) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    try:
        tensors = load(content)
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        return tensors, json.loads(header["__metadata__"][_META])
    except (SafetensorError, KeyError, ValueError) as error:
        raise RunError(f"{name}: damaged or not written by mien ({error})") from error
