"""Haar behind a stand-in for OpenCV, and with the real one where an OpenCV below 5 is installed."""

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from mien.core.errors import ConfigError
from mien.faces import haar
from mien.faces.registry import open_detector


def test_boxes_come_back_in_pixels_of_the_picture_from_left_to_right():
    seen = []

    class Cascade:
        def __init__(self, path):
            assert path == "cascade.xml"

        def detectMultiScale(self, grey, **options):  # noqa: N802, as OpenCV spells it
            seen.append(grey.shape)
            return np.array([[100, 20, 40, 40], [10, 30, 24, 24]])

    opencv = SimpleNamespace(
        CascadeClassifier=Cascade,
        COLOR_RGB2GRAY=7,
        cvtColor=lambda rgb, code: rgb[..., 0] if code == 7 else None,
    )
    found = haar.find(np.zeros((640, 1280, 3), dtype=np.uint8), opencv, Path("cascade.xml"))
    assert seen == [(320, 640)]
    assert [(face.box.left, face.box.width, face.score) for face in found] == [
        (20, 48, None),
        (200, 80, None),
    ]


@pytest.mark.parametrize("opencv", [None, SimpleNamespace(__version__="5.0.0")])
def test_without_an_opencv_below_5_the_message_says_so(monkeypatch, opencv):
    monkeypatch.setitem(sys.modules, "cv2", opencv)
    with pytest.raises(ConfigError, match="below 5"):
        open_detector("haar")


def test_the_real_cascade_runs_on_any_size():
    cv2 = pytest.importorskip("cv2", reason="no OpenCV is installed")
    if not hasattr(cv2, "CascadeClassifier"):
        pytest.skip("this OpenCV is not below 5")
    find = open_detector("haar").find
    for shape in ((1, 1, 3), (48, 48, 3), (1000, 30, 3)):
        assert find(np.zeros(shape, dtype=np.uint8)) == []
