"""Measuring with and without the pictures that stand in the training part too."""

import numpy as np
import pytest

import mien
from mien.core.config import TrainConfig
from mien.core.images import LabelledImages


def leaky(faces: LabelledImages) -> LabelledImages:
    """The faces, of which the first five of the validation part have the pictures of five that train."""
    pixels = faces.pixels.copy()
    pixels[np.flatnonzero(faces.split == "val")[:5]] = pixels[np.flatnonzero(faces.split == "train")[:5]]
    return LabelledImages(
        pixels=pixels,
        labels=faces.labels,
        ids=faces.ids,
        classes=faces.classes,
        split=faces.split,
        source="leaky",
    )


def test_accuracy_is_given_without_pictures_of_the_training_part(tmp_path, faces) -> None:
    data = leaky(faces)
    config = TrainConfig(model="dnn", options={"hidden": (8,)}, epochs=1, batch_size=32, learning_rate=1e-3)
    run = mien.train(config, data, out=tmp_path / "run")
    parts = mien.split(data)
    found = mien.evaluate(run, parts)
    assert found == mien.evaluate(run, mien.training_parts(run, data), part="val")
    right = run.predictions("val").predicted == parts.val.labels
    assert found.accuracy == right.mean()
    assert 0 < right.mean() < 1  # else the next lines could not fail
    assert found.leak_free.accuracy == right[5:].mean()
    assert (found.leak_free.left_out, found.leak_free.faces) == (5, 43)
    low, high = found.leak_free.interval
    assert low < found.leak_free.accuracy < high
    assert found.to_dict()["leak_free"]["left_out"] == 5


def test_it_is_not_given_where_the_training_part_is_unknown_or_measured(tmp_path, faces) -> None:
    config = TrainConfig(model="dnn", options={"hidden": (8,)}, epochs=1, batch_size=32)
    run = mien.train(config, faces, out=tmp_path / "run")
    parts = mien.split(faces)
    assert mien.evaluate(run, parts.val).leak_free is None
    assert mien.evaluate(run, parts, part="train").leak_free is None
    assert mien.evaluate(run, parts, part="test").leak_free.left_out == 0


def test_views_are_kept_under_names_of_their_own(tmp_path, faces) -> None:
    config = TrainConfig(model="dnn", options={"hidden": (8,)}, epochs=1, batch_size=32)
    run = mien.train(config, faces, out=tmp_path / "run")
    mien.evaluate(run, mien.split(faces), tta="flip+shift")
    assert run.predictions("val-flip+shift").probs.shape == (48, 3)
    with pytest.raises(mien.ConfigError, match="tta: expected none, flip"):
        mien.evaluate(run, mien.split(faces), tta="shift")
