"""The recogniser: crops and answers against the parts that make them, channels, thresholds."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from mien.core import shipped
from mien.core.errors import ConfigError, DataError
from mien.core.expression import Box
from mien.data.pictures import face_in
from mien.faces._detector import Found, Geometry
from mien.faces.registry import Opened
from mien.inference import photo as photos
from mien.inference import recogniser as recognisers
from mien.inference.recogniser import Recogniser, predict
from tests.inference.made_network import expected


@pytest.fixture
def whole(model):
    return Recogniser(model, "whole", threads=1)


def test_a_face_that_is_the_picture_gets_the_network_s_probabilities(whole, drawn, tmp_path):
    Image.fromarray(drawn[0]).save(tmp_path / "face.png")
    (face,) = whole.predict(tmp_path / "face.png")
    assert face.probabilities == pytest.approx(expected(drawn[:1])[0], abs=1e-5)
    assert face.box.to_dict() == {"left": 0, "top": 0, "width": 48, "height": 48}
    assert face.score is None
    assert whole.predict(drawn[0])[0] == face
    assert predict(str(tmp_path / "face.png"), model=whole.network.path, detector="whole") == [face]


def test_photos_judged_together_get_what_each_gets_alone(whole, drawn):
    together = whole.judge([whole.look(face) for face in drawn])
    for one, face in zip(together, drawn, strict=True):
        assert one[0].probabilities == pytest.approx(whole.predict(face)[0].probabilities, abs=1e-6)
    assert whole.judge([]) == []


def with_boxes(model, monkeypatch, *boxes):
    found = [Found(box=Box(left=x, top=y, width=w, height=h), score=0.9) for x, y, w, h in boxes]
    opened = Opened(name="made", find=lambda _: found, geometry=Geometry(margin=2))
    monkeypatch.setattr(recognisers, "open_detector", lambda _: opened)
    return Recogniser(model, "made", threads=1)


def test_each_box_is_cut_out_by_the_detector_s_geometry(model, monkeypatch, drawn):
    photo = np.repeat(np.tile(drawn[0], (3, 4))[:, :, None], 3, axis=2)
    made = with_boxes(model, monkeypatch, (60, 60, 24, 20), (0, 0, 24, 24))
    seen = made.look(photo)
    crops = [face_in(Image.fromarray(photo), square) for square in ((48, 46, 48), (-12, -12, 48))]
    assert np.array_equal(seen.crops, crops)
    assert [face.score for face in made.judge([seen])[0]] == [0.9, 0.9]


def test_a_square_that_the_detector_knows_better_is_cut_out(model, monkeypatch, drawn):
    photo = np.repeat(np.tile(drawn[0], (3, 4))[:, :, None], 3, axis=2)
    box, square = Box(left=60, top=60, width=24, height=20), Box(left=40.4, top=50.6, width=50.2, height=50.2)
    opened = Opened(
        name="made", find=lambda _: [Found(box=box, score=0.9, square=square)], geometry=Geometry(margin=2)
    )
    monkeypatch.setattr(recognisers, "open_detector", lambda _: opened)
    made = Recogniser(model, "made", threads=1)
    assert np.array_equal(made.look(photo).crops[0], face_in(Image.fromarray(photo), (40, 51, 50)))
    assert made.predict(photo)[0].box == box


def test_a_photo_without_a_face_has_none(model, monkeypatch):
    assert with_boxes(model, monkeypatch).predict(np.zeros((9, 9, 3), dtype=np.uint8)) == []


def test_arrays_that_look_like_bgr_are_refused(whole, drawn):
    skin = np.clip(drawn[0][:, :, None] * np.array([1.0, 0.75, 0.6]) + [40, 10, 0], 0, 255).astype(np.uint8)
    assert len(whole.predict(skin)) == 1
    with pytest.raises(DataError, match="BGR"):
        whole.predict(skin[..., ::-1])


def test_the_threshold_decides_what_is_unsure(model, drawn):
    (face,) = Recogniser(model, "whole", threshold=1.0).predict(drawn[0])
    assert face.label == "unsure"
    (face,) = Recogniser(model, "whole", threshold=0.0).predict(drawn[0])
    assert face.label == face.expression
    with pytest.raises(ConfigError, match="from 0 to 1"):
        Recogniser(model, "whole", threshold=1.5)


def test_boxes_of_large_pictures_are_in_their_own_pixels(model, monkeypatch, drawn, tmp_path):
    monkeypatch.setattr(photos, "LEAST_SIDE", 48)
    Image.fromarray(drawn[0].repeat(4, axis=0).repeat(4, axis=1)).save(tmp_path / "large.png")
    seen = Recogniser(model, "whole", threads=1).look(tmp_path / "large.png")
    assert seen.found[0].box.to_dict() == {"left": 0, "top": 0, "width": 192, "height": 192}
    assert np.array_equal(seen.crops[0], drawn[0])


def test_meta_tells_files_of_detectors_apart(model, monkeypatch, tmp_path):
    opened = Opened(name="made", find=lambda _: [], geometry=Geometry())
    monkeypatch.setattr(recognisers, "open_detector", lambda _: opened)
    assert Recogniser(model, "made").meta["detector_sha256"] is None
    (tmp_path / "a.onnx").write_bytes(b"abc")
    told = Recogniser(model, f"made={tmp_path / 'a.onnx'}").meta["detector_sha256"]
    assert (
        told == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )  # FIPS 180-2, appendix B.1


def test_without_a_network_the_message_names_the_flag(monkeypatch, tmp_path):
    with pytest.raises(ConfigError, match=r"no network called 'nobody' comes with mien .* --model"):
        Recogniser("nobody")
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    with pytest.raises(ConfigError, match="there are: none"):
        Recogniser()


def test_meta_says_how_labels_are_to_be_read(whole):
    assert "annotators" in whole.meta["wording"]
    assert whole.meta["network"]["sha256"] == whole.network.digest
    assert whole.meta["faces"] == "whole"


def test_eight_threads_get_the_answers_that_one_gets(whole, drawn):
    alone = [whole.predict(face) for face in drawn]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda k: whole.predict(drawn[k % len(drawn)]), range(240)))
    assert together == alone * 20
