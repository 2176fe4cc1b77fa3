"""CenterFace's maps against hand-computed boxes, on a network with maps that are known."""

import math

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from mien.core.errors import ConfigError, DataError
from mien.faces._boxes import fitted, one_each, padded
from mien.faces.centerface import find
from mien.faces.registry import open_detector


def write_maps(path, maps=(1, 2, 2, 10)):
    """A network with a map for each number of channels: the score is 0.9 of the mean of 4x4 pixels."""
    nodes, weights, ports = [], [], []
    for place, channels in enumerate(maps):
        kernel = np.full((channels, 3, 4, 4), 0.9 / (255 * 48) if place == 0 else 0, dtype=np.float32)
        bias = np.zeros(channels, dtype=np.float32)
        if place == 1:
            bias[:] = math.log(8), math.log(4)
        weights += [numpy_helper.from_array(kernel, f"w{place}"), numpy_helper.from_array(bias, f"b{place}")]
        nodes.append(
            helper.make_node("Conv", ["in", f"w{place}", f"b{place}"], [f"out{place}"], strides=[4, 4])
        )
        ports.append(helper.make_tensor_value_info(f"out{place}", TensorProto.FLOAT, [1, channels, 8, 8]))
    picture = helper.make_tensor_value_info("in", TensorProto.FLOAT, [1, 3, 32, 32])
    graph = helper.make_graph(nodes, "made", [picture], ports, weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))
    return path


def test_boxes_lie_where_the_maps_say_on_pictures_of_any_size(tmp_path):
    find = open_detector(f"centerface={write_maps(tmp_path / 'maps.onnx')}").find
    picture = np.zeros((200, 300, 3), dtype=np.uint8)
    picture[40:44, 80:84] = picture[160:164, 240:244] = 255
    found = find(picture)
    assert [face.box.to_dict() for face in found] == [
        {"left": 74.0, "top": 26.0, "width": 16.0, "height": 32.0},
        {"left": 234.0, "top": 146.0, "width": 16.0, "height": 32.0},
    ]
    assert [face.score for face in found] == pytest.approx([0.9, 0.9], abs=1e-5)
    assert find(np.zeros((7, 1000, 3), dtype=np.uint8)) == []


def test_other_networks_and_no_file_are_refused(tmp_path, model):
    with pytest.raises(ConfigError, match=r"centerface=FILE\.onnx"):
        open_detector("centerface")
    with pytest.raises(DataError, match="cannot be read"):
        open_detector(f"centerface={tmp_path / 'missing.onnx'}")
    for wrong in (model, write_maps(tmp_path / "other.onnx", (1, 2, 2, 4))):
        with pytest.raises(DataError, match="expected CenterFace") as told:
            open_detector(f"centerface={wrong}")
        assert str(wrong) in str(told.value)


def test_of_boxes_that_cover_one_another_the_best_stays():
    random = np.random.default_rng(0)
    corners = random.uniform(0, 60, (80, 2))
    edges = np.concatenate([corners, corners + random.uniform(5, 30, (80, 2))], axis=1).astype(np.float32)
    scores = random.random(80).astype(np.float32)

    def union_share(a, b):
        shared = max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))
        return shared / (sum((e[2] - e[0]) * (e[3] - e[1]) for e in (a, b)) - shared)

    expected = []
    for row in sorted(range(80), key=lambda row: -scores[row]):
        if all(union_share(edges[row], edges[kept]) <= 0.3 for kept in expected):
            expected.append(row)
    assert one_each(edges, scores, 0.3) == expected
    assert one_each(edges[:0], scores[:0], 0.3) == []


def test_pictures_are_fitted_and_padded():
    picture = np.ones((30, 100, 3), dtype=np.uint8)
    assert fitted(picture, 160, 640)[0].shape == (48, 160, 3)
    assert fitted(picture, 10, 50)[1] == 2.0
    assert fitted(picture, 10, 640)[0] is picture
    assert padded(picture, 32).shape == (32, 128, 3)
    assert padded(picture, 32).sum() == picture.sum()


class Maps:
    """A session that gives these maps."""

    def __init__(self, *maps):
        self.maps = [np.asarray(each, dtype=np.float32) for each in maps]

    def run(self, *_):
        return self.maps


def test_boxes_that_make_no_sense_are_dropped():
    scores, sizes, offsets = np.zeros((1, 1, 40, 40)), np.full((1, 2, 40, 40), 2.0), np.zeros((1, 2, 40, 40))
    scores[0, 0, [5, 10, 15, 20, 25, 30, 35], 5] = 0.9
    sizes[0, 0, 10, 5] = np.nan
    sizes[0, 1, 15, 5] = 5.0  # 594 pixels of 160
    offsets[0, 1, 20, 5] = np.inf
    offsets[0, 0, 25, 5] = 1e30
    scores[0, 0, 30, 5] = np.inf
    sizes[0, :, 35, 5] = -np.inf
    found = find(np.zeros((160, 160, 3), dtype=np.uint8), Maps(scores, sizes, offsets, scores), "in")
    assert [round(face.box.top) for face in found] == [round(5.5 * 4 - math.exp(2) * 2)]


def test_a_network_that_fails_or_gives_other_maps_is_one_line():
    picture = np.zeros((160, 160, 3), dtype=np.uint8)
    wrong = Maps(np.zeros((1, 1, 40, 40)), np.zeros((1, 2, 40, 39)), np.zeros((1, 2, 40, 40)), 0)
    with pytest.raises(DataError, match="expected maps"):
        find(picture, wrong, "in")
    with pytest.raises(DataError, match="fails on this picture"):
        find(picture, None, "in")
