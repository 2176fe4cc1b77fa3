"""Display matrices: all eight ways to hold a telephone, against the definition pixel by pixel and against Pillow."""

import itertools

import numpy as np
import pytest
from PIL import Image

from mien.inference.upright import upright

ONE = 65536
EIGHT = [(a * ONE, 0, 0, d * ONE) for a, d in itertools.product((1, -1), repeat=2)] + [
    (0, b * ONE, c * ONE, 0) for b, c in itertools.product((1, -1), repeat=2)
]
PIXELS = np.arange(3 * 4 * 3, dtype=np.uint8).reshape(3, 4, 3)


def matrix(a, b, c, d):
    return np.array([a, b, 0, c, d, 0, 0, 0, 1 << 30], dtype=np.int32)


@pytest.mark.parametrize("numbers", EIGHT)
def test_every_pixel_goes_where_the_matrix_sends_it(numbers):
    a, b, c, d = (number // ONE for number in numbers)
    placed = {
        (a * x + c * y, b * x + d * y): tuple(PIXELS[y, x]) for y, x in itertools.product(range(3), range(4))
    }
    left, top = min(x for x, _ in placed), min(y for _, y in placed)
    turned = upright(PIXELS, matrix(*numbers))
    assert turned.shape[:2] == ((3, 4) if a else (4, 3))
    for (x, y), pixel in placed.items():
        assert tuple(turned[y - top, x - left]) == pixel


@pytest.mark.parametrize(
    ("numbers", "way"),
    [
        ((0, -ONE, ONE, 0), "ROTATE_90"),
        ((-ONE, 0, 0, -ONE), "ROTATE_180"),
        ((-ONE, 0, 0, ONE), "FLIP_LEFT_RIGHT"),
    ],
)
def test_turns_are_those_of_pillow(numbers, way):
    expected = Image.fromarray(PIXELS).transpose(Image.Transpose[way])
    assert np.array_equal(upright(PIXELS, matrix(*numbers)), np.asarray(expected))


def test_without_a_matrix_nothing_is_turned():
    assert upright(PIXELS, None) is PIXELS
