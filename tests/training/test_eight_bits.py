"""Weights in eight bits: against plain Python, by their bounds, and to the last bit."""

import numpy as np
import pytest

from mien.training import eight_bits


def some_weights(*shape: int) -> np.ndarray:
    random = np.random.default_rng(0)
    scales = 10.0 ** random.uniform(
        -6, 1, (shape[0], *[1] * (len(shape) - 1))
    )  # outputs of very different size
    return (random.standard_normal(shape) * scales).astype(np.float32)


@pytest.mark.parametrize("shape", [(32, 4, 3, 3), (300, 7), (7, 300), (1, 1024), (600, 2)])
def test_the_nearest_is_held_and_within_half_a_scale(shape) -> None:
    weights = some_weights(*shape)
    rounded = eight_bits.nearest(weights)
    assert rounded.dtype == np.float32
    whole, scales = eight_bits.held(rounded)
    assert (whole.dtype, whole.shape, scales.shape) == (np.int8, shape, shape[:1])
    rows, rounded_rows = weights.reshape(shape[0], -1), rounded.reshape(shape[0], -1)
    for row, near, numbers, scale in zip(
        rows, rounded_rows, whole.reshape(shape[0], -1), scales, strict=True
    ):
        assert [np.float32(int(number) * float(scale)) for number in numbers] == list(near)
        assert max(abs(int(number)) for number in numbers) == 127
        assert np.abs(row - near).max() <= np.abs(row).max() / 254 * (1 + 1e-4)


def test_rounding_again_changes_nothing() -> None:
    once = eight_bits.nearest(some_weights(16, 8, 3, 3))
    assert np.array_equal(eight_bits.nearest(once), once)


def test_an_output_of_nothing_but_zeros_stays() -> None:
    weights = some_weights(16, 8, 3, 3)
    weights[3] = 0
    rounded = eight_bits.nearest(weights)
    assert not rounded[3].any()
    whole, _ = eight_bits.held(rounded)
    assert not whole[3].any()


def test_what_is_not_held() -> None:
    weights = some_weights(16, 8, 3, 3)
    assert eight_bits.held(weights) is None
    assert eight_bits.held(weights.astype(np.float16).astype(np.float32)) is None
    rounded = eight_bits.nearest(weights)
    rounded[0, 0, 0, 0] = np.nextafter(rounded[0, 0, 0, 0], np.float32(9))
    assert eight_bits.held(rounded) is None
    rounded[0, 0, 0, 0] = np.nan
    assert eight_bits.held(rounded) is None


@pytest.mark.parametrize("shape", [(2048,), (2048, 1), (7, 8, 3, 3)])
def test_vectors_and_few_weights_are_left_to_others(shape) -> None:
    assert not eight_bits.fits(np.ones(shape, dtype=np.float32))
    assert eight_bits.held(np.ones(shape, dtype=np.float32)) is None
