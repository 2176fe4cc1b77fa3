"""Batch normalisation folded into the layer before it, as deployment tools do."""

from dataclasses import replace

from mien.core.layers import Network, Step
from mien.core.operations import BatchNorm, Folded, Linear
from mien.core.sliding import Convolution


def folded(network: Network) -> Network:
    """The network with every batch normalisation gone that follows a convolution or linear layer directly.

    Its scale goes into the weights and its shift into the bias, which that layer then has. Where the layer before is
    anything else, or serves other layers too, the normalisation stays, and a note says so.
    """
    steps = list(network.steps)
    readers = [source for step in steps for source in step.sources]
    stayed = []
    for at, step in enumerate(steps):
        if not isinstance(step.operation, BatchNorm):
            continue
        before = step.sources[0]
        host = steps[before] if before >= 0 else None
        if host is None or not _can_take(host) or readers.count(before) > 1 or not step.operation.tracked:
            stayed.append(network.layers[step.layer].name)
            continue
        steps[before], steps[at] = _with_bias(host), _emptied(step)
    notes = (
        [f"not folded, for no convolution or linear layer comes right before: {', '.join(stayed)}"]
        if stayed
        else []
    )
    return replace(network, steps=tuple(steps), notes=(*network.notes, *notes))


def _can_take(host: Step) -> bool:
    return isinstance(host.operation, Convolution | Linear)


def _with_bias(host: Step) -> Step:
    operation = host.operation
    if not isinstance(operation, Convolution | Linear) or operation.bias:
        return host
    size = operation.out_channels if isinstance(operation, Convolution) else operation.out_features
    return replace(
        host,
        operation=replace(operation, bias=True),
        trainable=host.trainable + size,
        stored=host.stored + size,
        weights=host.weights + size,
    )


def _emptied(step: Step) -> Step:
    return replace(step, operation=Folded(), trainable=0, stored=0, weights=0, trains=False, writes=False)
