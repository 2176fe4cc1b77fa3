"""From a network's layers and steps to its CostTable."""

from collections.abc import Iterable
from dataclasses import replace
from math import prod

from mien.analysis.cost.expression import Expression
from mien.analysis.cost.folding import folded
from mien.analysis.cost.memory import bytes_moved, live_bytes
from mien.analysis.cost.receptive import receptive_fields
from mien.analysis.cost.rules import parameters, work
from mien.analysis.cost.work import Counts, Padding, Setting, Work, counts, merged
from mien.core.costs import CostTable
from mien.core.errors import ConfigError
from mien.core.layer_costs import Formula, LayerCost
from mien.core.layers import Network, Step
from mien.core.operations import Dropout, Rearrange, Unknown
from mien.core.sliding import Shape
from mien.core.tallies import Tally

_PHASES = ("forward", "backward to inputs", "backward to weights")


def count(
    network: Network, *, training: bool = False, fold: bool = False, padding: Padding = "counted"
) -> CostTable:
    """Every operation of a network, one row a layer.

    training  also the way back: gradients of the inputs of each layer, and of its weights, apart
    fold      batch normalisations go into the convolution or linear layer right before them, as at deployment
    padding   "counted": a product with a padded zero is an operation, as in the usual formula; "skipped": it is not

    Raises ConfigError for training with folded layers.
    """
    if training and fold:
        raise ConfigError(
            "batch normalisation is folded for inference only: choose training or fold, not both"
        )
    laid = _with_dropout(folded(network) if fold else network, training)
    works = _works(laid, training, padding)
    return CostTable(
        network=laid.name,
        inputs=tuple(laid.shown(shape) for shape in laid.inputs),
        batch=laid.batch,
        layout=laid.layout,
        rows=tuple(_rows(laid, works, training)),
        mode="training" if training else "folded" if fold else "inference",
        padding=padding,
        element_size=laid.element_size,
        notes=laid.notes,
    )


def _with_dropout(network: Network, training: bool) -> Network:
    """Dropout has an output of its own in training; at inference its input goes through."""
    steps = (
        replace(step, writes=training) if isinstance(step.operation, Dropout) else step
        for step in network.steps
    )
    return replace(network, steps=tuple(steps))


def _works(network: Network, training: bool, padding: Padding) -> list[Work]:
    """The work of each step; on the way back only what some trained layer before it asks for."""
    trained: list[bool] = []
    works = []
    for step in network.steps:
        wanted = tuple(at >= 0 and trained[at] for at in step.sources)
        trained.append(step.trains or any(wanted))
        done = work(step, Setting(training=training, padding=padding, wanted=wanted))
        to_inputs = done.to_inputs if any(wanted) else {}
        to_weights = _added_up(done.to_weights, step.again) if step.trains else {}
        works.append(Work(forward=done.forward, to_inputs=to_inputs, to_weights=to_weights))
    return works


def _added_up(to_weights: Counts | None, again: int) -> Counts | None:
    """Shared weights: their gradient from this step is added to that from the steps before."""
    return None if to_weights is None else merged([to_weights, counts(additions=again)])


def _forks(network: Network) -> list[int]:
    """For each step, additions of the gradients that come back from several readers of its output."""
    trained: list[bool] = []
    readers = [0] * len(network.steps)
    for step in network.steps:
        trained.append(step.trains or any(at >= 0 and trained[at] for at in step.sources))
        for at, shape in zip(step.sources, step.inputs, strict=False):
            if (
                at >= 0
                and trained[at]
                and prod(shape) == prod(network.steps[at].output)
                and not _cuts(step, shape)
            ):
                readers[at] += 1
    sizes = (prod(step.output) for step in network.steps)
    return [max(0, count - 1) * size for count, size in zip(readers, sizes, strict=True)]


def _cuts(step: Step, shape: Shape) -> bool:
    """Whether a step only looks at a part of its input: parts are put side by side on the way back, not added."""
    return isinstance(step.operation, Rearrange) and prod(step.output) < prod(shape)


def _rows(network: Network, works: list[Work], training: bool) -> Iterable[LayerCost]:
    fields, live, forks = receptive_fields(network), live_bytes(network), _forks(network)
    for index, layer in enumerate(network.layers):
        own = [at for at, step in enumerate(network.steps) if step.layer == index]
        steps = [network.steps[at] for at in own]
        if layer.hidden or not steps:
            continue
        formulas = [formula for at in own for formula in _formulas(network.steps[at], works[at], training)]
        if training:
            formulas += [_forked(forks[at]) for at in own if forks[at]]
        tallies = [_tally(formulas, phase) for phase in _PHASES]
        yield LayerCost(
            name=layer.name,
            kind=layer.kind,
            output_shape=network.shown(steps[-1].output),
            trainable=sum(step.trainable for step in steps),
            with_buffers=sum(step.stored for step in steps),
            forward=tallies[0],
            backward_inputs=tallies[1] if training else None,
            backward_weights=tallies[2] if training else None,
            bytes_moved=sum(bytes_moved(step, network.element_size) for step in steps),
            activation_bytes=sum(prod(step.output) for step in steps if step.writes) * network.element_size,
            live_bytes=max(live[at] for at in own),
            receptive_field=fields[own[-1]],
            formulas=tuple(formulas),
            uncounted=tuple(
                dict.fromkeys(
                    what for at in own for what in _uncounted(network.steps[at], works[at], training)
                )
            ),
        )


def _formulas(step: Step, done: Work, training: bool) -> Iterable[Formula]:
    if step.stored:
        yield _formula("parameters", "parameters", parameters(step))
    phases: tuple[Counts | None, ...] = (done.forward, done.to_inputs, done.to_weights)
    for phase, named in zip(_PHASES, phases if training else phases[:1], strict=False):
        for quantity, expression in (named or {}).items():
            yield _formula(phase, quantity, expression)


def _formula(phase: str, quantity: str, expression: Expression) -> Formula:
    return Formula(phase=phase, quantity=quantity, text=expression.text, value=expression.value)


def _forked(additions: int) -> Formula:
    return Formula(phase=_PHASES[1], quantity="additions", text=str(additions), value=additions)


def _tally(formulas: Iterable[Formula], phase: str) -> Tally:
    return Tally.summed(Tally({each.quantity: each.value}) for each in formulas if each.phase == phase)


def _uncounted(step: Step, done: Work, training: bool) -> Iterable[str]:
    what = (
        step.operation.what if isinstance(step.operation, Unknown) else type(step.operation).__name__.lower()
    )
    what = getattr(step.operation, "function", what)
    if done.forward is None:
        yield what
    elif training and (done.to_inputs is None or done.to_weights is None):
        yield f"the way back through {what}"
