"""The parts of a run: without suspects, and of folds."""

from dataclasses import replace

import numpy as np
import pytest

from mien.core.config import TrainConfig
from mien.core.errors import ConfigError, DataError, RunError
from mien.core.rundir import ENVIRONMENT, FOLD_OF, WITHOUT, RunDir
from mien.data.fold_parts import fold_parts, foldable, folds_csv
from mien.data.of_run import parts_of, training_parts
from mien.data.splits import split
from tests.conftest import small_faces


@pytest.fixture
def file(tmp_path):
    """One suspect of the training part and one of the validation part."""
    path = tmp_path / "suspects.csv"
    path.write_text("id,reason\n00002,wrong label\n00009,not a face: blank\n")
    return path


def test_only_the_training_part_gets_smaller(file, faces):
    whole = split(faces)
    assert "00009" in whole.val.ids
    found = parts_of(TrainConfig(without=file), faces)
    assert found.parts.train.ids.tolist() == [one for one in whole.train.ids.tolist() if one != "00002"]
    assert (found.parts.val.digest, found.parts.test.digest) == (whole.val.digest, whole.test.digest)
    assert (found.missed, len(found.without.ids)) == (1, 2)
    strange = parts_of(TrainConfig(without=file, without_reasons="not a face"), faces)
    assert (strange.missed, len(strange.parts.train)) == (0, len(whole.train))


def test_who_is_left_out_must_be_there(file, faces):
    with pytest.raises(DataError, match="1 of the 2 ids"):
        parts_of(TrainConfig(without=file), faces.select(np.arange(9)))
    with pytest.raises(DataError, match="cannot be read"):
        parts_of(TrainConfig(without="none.csv"), faces)


def test_of_other_faces_nobody_is_left_out(file, tmp_path, faces):
    config = TrainConfig(without=file)
    run = RunDir.create(tmp_path / "run", config)
    run.write(WITHOUT, file.read_bytes())
    file.write_text("id\n00004\n")  # another audit has replaced it
    own = parts_of(config, faces, run.path).parts
    assert "00002" not in own.train.ids
    digests = {part: own[part].digest for part in ("train", "val", "test")}
    run.write_json(ENVIRONMENT, {"side": 48, "classes": list(faces.classes), "digest": digests})
    assert training_parts(run, faces).train.digest == own.train.digest
    other = small_faces(seed=1)
    assert training_parts(run, other).train.digest == split(other).train.digest


def test_parts_of_a_fold(tmp_path, faces):
    pool = foldable(faces)
    assert set(pool.split.tolist()) == {"train", "val"}
    assert foldable(replace(faces, split=np.full(len(faces), ""))).digest != pool.digest
    numbers = np.arange(len(pool)) % 3 + 1
    (tmp_path / FOLD_OF).write_text(folds_csv(pool.ids, numbers))
    parts = fold_parts(faces, "fold:2/3", tmp_path / "fold-2")
    assert parts.val.ids.tolist() == pool.ids[numbers == 2].tolist()
    assert parts.train.ids.tolist() == pool.ids[numbers != 2].tolist()
    assert parts.test is None
    with pytest.raises(DataError, match=r"lacks .* faces of"):
        fold_parts(pool.select(np.arange(9)), "fold:2/3", tmp_path / "fold-2")
    with pytest.raises(RunError, match="expected faces in fold 4"):
        fold_parts(faces, "fold:4/4", tmp_path / "fold-4")
    for how, run in (("fold:2/3", None), ("fold:2/3", tmp_path / "deeper" / "fold-2")):
        with pytest.raises(ConfigError, match=r"expected folds.csv beside the run"):
            fold_parts(faces, how, run)
