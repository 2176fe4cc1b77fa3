"""Weights as whole numbers of eight bits and a scale for each output, computed with in float32 all the same.

Half of float16's room in a file. Symmetric, one scale a channel: Krishnamoorthi 2018, "Quantizing deep convolutional
networks for efficient inference", arXiv 1806.08342, section 2.2.
"""

import numpy as np
from numpy.typing import NDArray

Float32s = NDArray[np.float32]
Whole = tuple[NDArray[np.int8], Float32s]

WORTH_IT = 1024  # numbers; in fewer, scales and the nodes that multiply take what is won
_LARGEST = 127
_SCALE_BITS = 16  # so few that products with whole numbers are exact in float32, and give the scale back


def fits(weights: Float32s) -> bool:
    """Whether weights (outputs, ...) are many enough."""
    return weights.ndim > 1 and weights.size >= WORTH_IT and weights[0].size > 1


def nearest(weights: Float32s) -> Float32s:
    """The weights of the same shape that eight bits hold, each within half a scale, 1/254 of its output's largest."""
    scales = _few_bits(_scales(weights))
    return _product(np.rint(weights / beside(scales, weights)), scales)


def held(weights: Float32s) -> Whole | None:
    """Whole numbers of the weights' shape and scales (outputs,) whose products they are, to the last bit, or None."""
    if not fits(weights) or not np.isfinite(weights).all():
        return None
    scales = _scales(weights)
    whole = np.rint(weights / beside(scales, weights))
    return (whole.astype(np.int8), scales) if np.array_equal(_product(whole, scales), weights) else None


def _scales(weights: Float32s) -> Float32s:
    """Of each output: its largest weight by 127; of nothing but zeros, 1."""
    largest = np.abs(weights).reshape(len(weights), -1).max(axis=1)
    return np.where(largest > 0, largest / np.float32(_LARGEST), np.float32(1)).astype(np.float32)


def _few_bits(scales: Float32s) -> Float32s:
    fractions, exponents = np.frexp(scales)
    return np.ldexp(np.rint(np.ldexp(fractions, _SCALE_BITS)), exponents - _SCALE_BITS).astype(np.float32)


def _product(whole: NDArray[np.floating], scales: Float32s) -> Float32s:
    return (whole.astype(np.float32) * beside(scales, whole)).astype(np.float32)


def beside(scales: Float32s, weights: NDArray[np.floating]) -> Float32s:
    """The scales (outputs,) in the shape that multiplies such weights (outputs, ...)."""
    return scales.reshape(-1, *[1] * (weights.ndim - 1))
