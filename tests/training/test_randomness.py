import numpy as np
import pytest

from mien.training import randomness

MASK = 2**64 - 1


def splitmix_finish(value):
    """SplitMix64's finaliser in Python's own integers."""
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & MASK
    return value ^ (value >> 31)


def test_the_mixer_is_splitmix64():
    # the first output of java.util.SplittableRandom's generator seeded with 0 is known
    assert splitmix_finish(0x9E3779B97F4A7C15) == 0xE220A8397B1DCDAF
    assert randomness.key(0) == 0xE220A8397B1DCDAF


def test_numbers_equal_python_integers():
    found = randomness.uniforms(3, 4, np.array([0, 7]), 2)
    for row, sample in enumerate((0, 7)):
        for draw in range(2):
            counter = sample * 2 + draw + 1
            start = (randomness.key(3, 4) + counter * 0x9E3779B97F4A7C15) & MASK
            assert found[row, draw] == (splitmix_finish(splitmix_finish(start)) >> 40) / 2**24


def test_a_sample_keeps_its_numbers_whatever_stands_beside_it():
    everyone = randomness.uniforms(1, 2, np.arange(100), 10)
    some = np.array([99, 3, 50])
    assert (randomness.uniforms(1, 2, some, 10) == everyone[some]).all()


def test_numbers_are_even_and_independent():
    found = randomness.uniforms(0, 1, np.arange(50_000), 4)
    assert found.min() >= 0
    assert found.max() < 1
    counts = np.histogram(found, bins=20, range=(0, 1))[0]
    assert ((counts - 10_000) ** 2 / 10_000).sum() < 43.8  # chi-squared, 19 degrees: 0.999 quantile
    correlation = np.corrcoef(found.T) - np.eye(4)
    assert np.abs(correlation).max() < 4 / np.sqrt(50_000)


@pytest.mark.parametrize("other", [(1, 2), (2, 1), (0, 0)])
def test_seed_and_epoch_change_everything(other):
    samples = np.arange(1000)
    one, two = randomness.uniforms(1, 1, samples, 3), randomness.uniforms(*other, samples, 3)
    assert (one == two).mean() < 0.01


def test_order_is_a_permutation_of_its_own_epoch():
    first, second = randomness.order(0, 1, 1000), randomness.order(0, 2, 1000)
    assert sorted(first) == list(range(1000))
    assert (first == second).mean() < 0.02
    assert (first == randomness.order(0, 1, 1000)).all()
