"""From boxes to squares, and detectors by name."""

import pytest

from mien.core.errors import ConfigError
from mien.core.expression import Box
from mien.core.plugins import plugin
from mien.faces._detector import Detector, Geometry
from mien.faces.registry import choices, names, open_detector


def test_a_square_keeps_the_centre_of_the_box_unless_it_is_told_to_move():
    box = Box(left=100, top=50, width=40, height=60)
    assert Geometry().square(box) == (90, 50, 60)
    assert Geometry(margin=2, right=0.25, down=-0.5).square(box) == (90, -40, 120)
    assert Geometry().square(Box(left=3, top=4, width=0.1, height=0.2))[2] == 1


@pytest.mark.parametrize("name", names())
def test_every_detector_is_a_plug_in_with_a_plausible_geometry(name):
    found = plugin("mien.faces", name, Detector)
    assert found.summary
    assert 0.5 < found.geometry.margin < 3
    assert name in choices()


@pytest.mark.parametrize(("spec", "reason"), [("nobody", "there are"), ("whole=file.onnx", "takes no file")])
def test_what_names_no_detector_is_refused(spec, reason):
    with pytest.raises(ConfigError, match=reason):
        open_detector(spec)
