"""Counting rules for batch normalisation and for layer, group and instance normalisation.

Sergey Ioffe and Christian Szegedy, "Batch Normalization" (2015), algorithm 1 and the gradients of section 3.
"""

from math import prod

from mien.analysis.cost.expression import Expression, expression
from mien.analysis.cost.work import Counts, Setting, Work, counts, merged
from mien.core.layers import Step
from mien.core.operations import BatchNorm, Normalisation


def batch_norm(operation: BatchNorm, step: Step, setting: Setting) -> Work:
    """Training: statistics of the batch. Inference: a multiplication and an addition a number."""
    elements, channels = prod(step.output), step.output[1]
    if operation.frozen or (operation.tracked and not setting.training):
        return _fixed(elements, channels, operation.affine)
    running = _running(channels) if operation.tracked else {}
    return Work(
        forward=merged([_standardised(elements, channels, operation.affine), running]),
        to_inputs=merged(
            [_batch_back(elements, channels), {} if operation.affine else _sums_back(elements, channels)]
        ),
        to_weights=_affine_back(elements, channels) if operation.affine else {},
    )


def batch_norm_parameters(operation: BatchNorm, step: Step) -> Expression:
    """Scale, shift, running mean and running variance of each channel: 4*32."""
    return expression(2 * (operation.affine + operation.tracked)) * step.inputs[0][1]


def normalisation(operation: Normalisation, step: Step, _: Setting) -> Work:
    """Statistics within each sample; the same in training and inference."""
    elements, groups = prod(step.output), operation.statistics(step.inputs[0])
    size = operation.parameters(step.inputs[0])[0] // (1 + operation.shift)
    scaled = counts(multiplications=elements) if operation.affine else {}
    back = merged([scaled, _sums_back(elements, groups), _group_back(elements, groups)])
    return Work(
        forward=_standardised(elements, groups, operation.affine, operation.shift),
        to_inputs=back,
        to_weights=_affine_back(elements, size, operation.shift) if operation.affine else {},
    )


def normalisation_parameters(operation: Normalisation, step: Step) -> Expression:
    """Scale and shift: 2*32."""
    each = 1 + operation.shift
    return expression(each) * (operation.parameters(step.inputs[0])[0] // each)


def _standardised(elements: int, groups: int, affine: bool, shift: bool = True) -> Counts:
    """Mean, centre, variance, 1/sqrt(variance + epsilon), product; then scale and shift."""
    every, each = expression(elements), expression(groups)
    return counts(
        multiplications=expression(3 if affine else 2) * every,
        additions=(every - groups) + every + (every - groups) + each,
        bias_additions=elements * (affine and shift),
        divisions=expression(3) * each,
        square_roots=each,
    )


def _running(channels: int) -> Counts:
    """Running mean and variance each move by a share; the variance is first made unbiased."""
    return counts(multiplications=expression(5) * channels, additions=expression(2) * channels)


def _fixed(elements: int, channels: int, affine: bool) -> Work:
    """With running statistics; the gradient of the scale needs the standardised numbers, made on the way back."""
    standardised = counts(multiplications=elements, additions=elements)
    return Work(
        forward=_inference(elements, channels, affine),
        to_inputs=counts(multiplications=elements),
        to_weights=merged([_affine_back(elements, channels), standardised]) if affine else {},
    )


def _inference(elements: int, channels: int, affine: bool) -> Counts:
    """a = scale / sqrt(variance + epsilon), b = shift - mean * a, once a channel; then a * x + b."""
    each = expression(channels)
    return counts(
        multiplications=expression(elements) + expression(1 + affine) * each,
        additions=each + each if affine else each,
        bias_additions=elements,
        divisions=each,
        square_roots=each,
    )


def _affine_back(elements: int, size: int, shift: bool = True) -> Counts:
    """Gradients of scale (sum of g * x) and of shift (sum of g)."""
    sums = expression(elements) - size
    return counts(multiplications=elements, additions=sums, bias_additions=sums if shift else 0)


def _sums_back(elements: int, groups: int) -> Counts:
    """The two sums that the gradient of a standardised number needs."""
    sums = expression(elements) - groups
    return counts(multiplications=elements, additions=sums + sums)


def _group_back(elements: int, groups: int) -> Counts:
    """(g - mean(g) - x * mean(g * x)) / deviation."""
    twice = expression(2)
    return counts(multiplications=twice * elements, additions=twice * elements, divisions=twice * groups)


def _batch_back(elements: int, channels: int) -> Counts:
    """As for a group, with the scale drawn into 1 / deviation of the channel."""
    return merged([_group_back(elements, channels), counts(multiplications=channels)])
