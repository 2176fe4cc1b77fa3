"""Memory and traffic of a network's activations."""

from math import prod

from mien.core.layers import Network, Step
from mien.core.operations import Dropout, Flatten, Folded, Rearrange

_VIEWS = (Dropout, Flatten, Folded, Rearrange)


def bytes_moved(step: Step, element_size: int) -> int:
    """Inputs and parameters read once, outputs written once, nothing kept in a cache; a view moves nothing."""
    if not step.writes and isinstance(step.operation, _VIEWS):
        return 0
    return (sum(prod(shape) for shape in step.inputs) + step.weights + prod(step.output)) * element_size


def live_bytes(network: Network) -> list[int]:
    """For each step, the inputs and outputs in memory while it runs: each stays until its last reader has run."""
    if not network.steps:
        return []
    roots = _roots(network.steps)
    last = _last_readers(network, roots)
    shapes = {-1 - at: shape for at, shape in enumerate(network.inputs)}
    shapes |= {at: step.output for at, step in enumerate(network.steps) if step.writes}
    sizes = {root: prod(shape) * network.element_size for root, shape in shapes.items()}
    changes = [0] * (len(network.steps) + 1)
    for root, count in sizes.items():
        changes[max(root, 0)] += count
        changes[last.get(root, max(root, 0)) + 1] -= count
    live, now = [], 0
    for change in changes[:-1]:
        now += change
        live.append(now)
    return live


def _roots(steps: tuple[Step, ...]) -> list[int]:
    """For each step, the step (or input) whose memory holds its output: that of another for views and in place."""
    roots: list[int] = []
    for at, step in enumerate(steps):
        source = step.sources[0] if step.sources and not step.writes else at
        roots.append(roots[source] if 0 <= source < at else source)
    return roots


def _last_readers(network: Network, roots: list[int]) -> dict[int, int]:
    last: dict[int, int] = {}
    for at, step in enumerate(network.steps):
        for source in step.sources:
            last[source if source < 0 else roots[source]] = at
    if roots:
        last[roots[-1]] = len(network.steps) - 1
    return last
