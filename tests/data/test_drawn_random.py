"""Counter-based numbers: SplitMix64's known outputs, ranges, moments and independence of the asker."""

import numpy as np
import pytest

from mien.data._drawn_random import Stream, mixed
from mien.data._drawn_shapes import waves


def stream(count=20000, seed=0):
    return Stream(seed=seed, index=np.arange(count, dtype=np.uint64))


def test_mixed_is_splitmix64():
    # The first outputs of SplitMix64 with seed 1234567 (Rosetta Code, "Pseudo-random numbers/Splitmix64").
    states = np.uint64(1234567) + np.arange(1, 6, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    assert mixed(states).tolist() == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_uniform_numbers_are_even():
    values = stream().uniform("skin", 2, 4)
    assert values.dtype == np.float32
    assert values.min() >= 2
    assert values.max() < 4
    assert np.histogram(values, bins=10, range=(2, 4))[0] == pytest.approx(2000, abs=200)


def test_names_seeds_and_faces_are_independent():
    numbers = [stream().uniform("skin"), stream().uniform("hair"), stream(seed=1).uniform("skin")]
    numbers.append(np.roll(numbers[0], 1))
    correlation = np.corrcoef(numbers) - np.eye(4)
    assert np.abs(correlation).max() < 0.03


def test_a_number_of_a_face_does_not_depend_on_the_others():
    late = Stream(seed=0, index=np.array([77, 3], dtype=np.uint64))
    assert np.array_equal(late.bits("hair", 5), stream(100).bits("hair", 5)[[77, 3]])
    assert np.array_equal(late.uniforms(["a", "b"])[:, 1], late.uniform("b"))
    assert np.array_equal(late.grain("noise", (3, 3)), stream(100).grain("noise", (3, 3))[[77, 3]])


def test_grain_is_nearly_normal():
    values = stream(200).grain("noise", (47, 47)).ravel().astype(float)
    assert values.mean() == pytest.approx(0, abs=0.01)
    assert values.std() == pytest.approx(1, abs=0.01)
    assert (np.abs(values) < 1.96).mean() == pytest.approx(0.95, abs=0.01)
    grid = values.reshape(200, 47, 47)
    assert abs(np.corrcoef(grid[:, :, 1:].ravel(), grid[:, :, :-1].ravel())[0, 1]) < 0.01


def test_waves_are_nearly_a_cosine():
    distance = np.linspace(-3, 3, 999, dtype=np.float32)
    assert waves(distance, 0.7) == pytest.approx(np.cos(2 * np.pi * distance / 0.7), abs=0.021)
