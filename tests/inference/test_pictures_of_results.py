"""Annotated pictures on disk: large ones come shrunk, their boxes with them."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from mien.core.expression import Box, FaceExpression
from mien.core.labels import EXPRESSIONS
from mien.inference import photo as photos
from mien.inference.answer import Answer
from mien.inference.overlay import BRIGHT
from mien.inference.pictures_of_results import save_annotated
from mien.inference.sources import Source


@pytest.fixture
def answer(tmp_path) -> Answer:
    path = tmp_path / "large.png"
    Image.new("RGB", (900, 801), (90, 90, 90)).save(path)
    face = FaceExpression(
        box=Box(left=100, top=200, width=300, height=400), probabilities=(1 / 7,) * 7, classes=EXPRESSIONS
    )
    return Answer(source=Source(path, path.name), faces=(face,))


@pytest.mark.parametrize(("least", "times"), [(400, 2), (2048, 1)])
def test_of_a_large_picture_a_shrunk_one_is_annotated(answer, tmp_path, monkeypatch, least, times):
    monkeypatch.setattr(photos, "LEAST_SIDE", least)
    save_annotated(tmp_path / "out", answer)
    made = np.asarray(Image.open(tmp_path / "out" / answer.source.place.with_name("large.png.png")))
    assert made.shape == (-(-801 // times), 900 // times, 3)
    top, left, right = 200 // times, 100 // times, 400 // times
    assert (made[top + 1, left:right] == BRIGHT).all()
    assert not (made[top + 1, : left - 20] == BRIGHT).all(axis=1).any()


def test_what_could_not_be_read_and_videos_leave_nothing(answer, tmp_path):
    save_annotated(tmp_path / "out", replace(answer, error="damaged"))
    save_annotated(tmp_path / "out", replace(answer, source=replace(answer.source, is_video=True)))
    assert not (tmp_path / "out").exists()
