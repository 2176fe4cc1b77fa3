"""YuNet's maps against hand-computed boxes, on networks with maps that are known, of free and of fixed size."""

import math

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from mien.core.errors import ConfigError, DataError
from mien.faces.registry import open_detector
from mien.faces.yunet import Yunet

NUMBERS = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
SHARES = {"cls": 1.0, "obj": 0.95}  # of a place that is all blue; its score is the root of their product
BOX = (0.25, 0.75, math.log(3), math.log(4))


def write_maps(path, *, seeing=16, size=(640, 640), fixed=False, without=(), shapes_within=False):
    """A network with the outputs of the file of 2023, in which only the maps of one stride see faces: what is blue.

    fixed          the sizes of its maps are written into it
    shapes_within  so are the sizes of all that is between
    """
    nodes, weights, ports = [], [], []
    for stride in (8, 16, 32):
        places = (size[0] // stride) * (size[1] // stride)
        for kind, count in NUMBERS.items():
            name = f"{kind}_{stride}"
            if name in without:
                continue
            kernel = np.zeros((count, 3, stride, stride), dtype=np.float32)
            kernel[:, 0] = SHARES.get(kind, 0) * (stride == seeing) / (255 * stride**2)  # blue comes first
            bias = np.array(BOX if kind == "bbox" else [0] * count, dtype=np.float32)
            shape = np.array([1, places if fixed else -1, count])
            weights += [
                numpy_helper.from_array(values, f"{letter}_{name}")
                for letter, values in (("w", kernel), ("b", bias), ("s", shape))
            ]
            nodes += [
                helper.make_node(
                    "Conv", ["input", f"w_{name}", f"b_{name}"], [f"c_{name}"], strides=[stride] * 2
                ),
                helper.make_node("Transpose", [f"c_{name}"], [f"t_{name}"], perm=[0, 2, 3, 1]),
                helper.make_node("Reshape", [f"t_{name}", f"s_{name}"], [name]),
            ]
            ports.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, places, count]))
    picture = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, *size])
    graph = helper.make_graph(nodes, "made", [picture], ports, weights)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(onnx.shape_inference.infer_shapes(made) if shapes_within else made, str(path))
    return path


def picture_with(*places, stride, height=480, width=640):
    """Black, with blue places (column, row) of a map; what is red is no face."""
    rgb = np.zeros((height, width, 3), dtype=np.uint8)
    rgb[:64, :64, 0] = 255
    for column, row in places:
        rgb[row * stride : (row + 1) * stride, column * stride : (column + 1) * stride, 2] = 255
    return rgb


@pytest.mark.parametrize("stride", [8, 16, 32])
@pytest.mark.parametrize("fixed", [False, True])
def test_boxes_lie_where_the_maps_of_each_stride_say(tmp_path, stride, fixed):
    detector = open_detector(f"yunet={write_maps(tmp_path / 'maps.onnx', seeing=stride, fixed=fixed)}")
    found = detector.find(picture_with((5, 10), (12, 7), stride=stride))
    assert [face.box.to_dict() for face in found] == [
        {
            "left": pytest.approx((column + 0.25 - 1.5) * stride),
            "top": pytest.approx((row + 0.75 - 2) * stride),
            "width": pytest.approx(3 * stride, rel=1e-5),
            "height": pytest.approx(4 * stride, rel=1e-5),
        }
        for column, row in ((5, 10), (12, 7))
    ]
    assert [face.score for face in found] == pytest.approx([math.sqrt(0.95)] * 2, abs=1e-5)


def freed(path):
    """The same network, its heights and widths declared as free."""
    made = onnx.load(str(path))
    for port in (*made.graph.input, *made.graph.output):
        for side in port.type.tensor_type.shape.dim:
            if side.dim_value > 10:
                side.dim_param = "free"
    onnx.save(made, str(path))
    return path


@pytest.mark.parametrize("options", [{}, {"shapes_within": True}, {"size": (320, 320)}, None])
def test_pictures_of_any_size_where_the_network_allows_it(tmp_path, options):
    path = write_maps(tmp_path / "maps.onnx", **(options or {}))
    find = open_detector(f"yunet={path if options is not None else freed(path)}").find
    assert find.__self__.size is None
    (face,) = find(picture_with((5, 7), stride=16, height=200, width=300))
    assert (face.box.left, face.box.top) == pytest.approx((60, 92))
    assert find(np.zeros((7, 1000, 3), dtype=np.uint8)) == []


def test_a_picture_for_a_network_of_one_size_is_fitted_into_it(tmp_path):
    find = open_detector(f"yunet={write_maps(tmp_path / 'maps.onnx', fixed=True, size=(320, 448))}").find
    assert find.__self__.size == (320, 448)
    (face,) = find(
        picture_with((10, 8), stride=32, height=480, width=640)
    )  # a place of 32 pixels becomes one of 16
    assert face.box.width == pytest.approx(96)
    assert (face.box.left, face.box.top) == pytest.approx(((10 - 1.25) * 32, (8 - 1.25) * 32))
    assert find(np.zeros((10, 10, 3), dtype=np.uint8)) == []
    with pytest.raises(DataError, match=r"multiples of 32, got 100x320"):
        open_detector(f"yunet={write_maps(tmp_path / 'odd.onnx', fixed=True, size=(320, 100))}")


def test_other_networks_and_no_file_are_refused(tmp_path, model):
    with pytest.raises(ConfigError, match=r"yunet=FILE\.onnx"):
        open_detector("yunet")
    with pytest.raises(DataError, match="cannot be read"):
        open_detector(f"yunet={tmp_path / 'missing.onnx'}")
    other = write_maps(tmp_path / "other.onnx", without=("obj_16",))
    for wrong, reason in ((model, "cls_8, cls_16"), (other, "got no obj_16")):
        with pytest.raises(DataError, match=reason) as told:
            open_detector(f"yunet={wrong}")
        assert str(told.value).startswith(f"{wrong}: expected YuNet")
    write_maps(tmp_path / "without.onnx", without=("kps_8", "kps_16", "kps_32"))
    assert open_detector(f"yunet={tmp_path / 'without.onnx'}").name == "yunet"  # landmarks are not read


class Maps:
    """A session that gives these maps, however large the picture is."""

    def __init__(self, **maps):
        self.maps = maps

    def run(self, outputs, _):
        return [self.maps[name] for name in outputs]


def plain(side=160):
    """Maps without a face, by name."""
    return {
        f"{kind}_{stride}": np.zeros((1, (side // stride) ** 2, count), dtype=np.float32)
        for stride in (8, 16, 32)
        for kind, count in NUMBERS.items()
    }


def test_boxes_that_make_no_sense_are_dropped_and_scores_stay_between_0_and_1():
    maps = plain()
    maps["cls_8"][0, :6] = maps["obj_8"][0, :6] = 5.0
    maps["bbox_8"][0, :, :] = (0.5, 0.5, 0, 0)
    maps["bbox_8"][0, 1, 2] = np.nan
    maps["bbox_8"][0, 2, 3] = 100.0
    maps["bbox_8"][0, 3, 0] = 1e30
    maps["bbox_8"][0, 4, 1] = -np.inf
    maps["cls_8"][0, 5] = np.nan
    maps["cls_16"][0, 0], maps["obj_16"][0, 0] = 1.0, 0.8  # a score of 0.894
    found = Yunet(session=Maps(**maps), name="input").find(np.zeros((160, 160, 3), dtype=np.uint8))
    assert [(face.box.left, face.box.width, face.score) for face in found] == [(0.0, 8.0, 1.0)]


def test_of_places_and_strides_that_see_one_face_the_best_stays():
    maps = plain()
    for name, place, share, sides in (("8", 63, 0.96, 4), ("16", 11, 1.0, 2), ("16", 99, 0.98, 1)):
        maps[f"cls_{name}"][0, place] = maps[f"obj_{name}"][0, place] = share
        maps[f"bbox_{name}"][0, place] = (0.5, 0.5, math.log(sides), math.log(sides))
    found = Yunet(session=Maps(**maps), name="input").find(np.zeros((160, 160, 3), dtype=np.uint8))
    assert [face.score for face in found] == pytest.approx([1.0, 0.98])


def test_a_network_that_fails_or_gives_other_maps_is_one_line():
    picture = np.zeros((160, 160, 3), dtype=np.uint8)
    maps = plain() | {"bbox_16": np.zeros((1, 99, 4), dtype=np.float32)}
    with pytest.raises(DataError, match="yunet: expected maps"):
        Yunet(session=Maps(**maps), name="input").find(picture)
    with pytest.raises(DataError, match="yunet: onnxruntime fails on this picture"):
        Yunet(session=None, name="input").find(picture)
