"""The real FER2013, where it lies beside the checkout: every layout gives the same faces."""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from mien.data.ferplus_csv import join, read_votes
from mien.data.load import load

SCRIPT = Path(__file__).parents[3] / "shared" / "data" / "fer2013" / "expand.py"
FROM_TRAINING, FROM_PUBLIC_TEST = 150, 50
Writer = Callable[[str, Path], Path]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script that writes the layouts; skips where it is not there."""
    if not SCRIPT.exists():
        pytest.skip(f"needs FER2013: {SCRIPT} is not there")
    spec = importlib.util.spec_from_file_location("expand", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    rows = module.load(("Training", "PublicTest"), None)
    module.load = lambda usages, limit: (
        rows[:FROM_TRAINING] + rows[-FROM_PUBLIC_TEST:]
    )  # decodes the sheets once
    return module


@pytest.fixture
def write(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Writer:
    """Write one layout of the same two hundred faces."""

    def written(layout: str, path: Path) -> Path:
        monkeypatch.setattr(sys, "argv", ["expand.py", layout, str(path)])
        script.main()
        return path

    return written


def test_csv_icml_npz_and_folder_hold_the_same_faces(write: Writer, tmp_path: Path) -> None:
    from_csv = load(write("csv", tmp_path / "fer2013.csv"))
    assert len(from_csv) == FROM_TRAINING + FROM_PUBLIC_TEST
    assert from_csv.side == 48
    assert load(write("icml", tmp_path / "icml.csv")).digest == from_csv.digest
    from_npz = load(write("npz", tmp_path / "fer2013.npz"))
    assert np.array_equal(from_npz.pixels, from_csv.pixels)
    assert np.array_equal(from_npz.labels, from_csv.labels)
    assert np.array_equal(from_npz.split, from_csv.split)
    from_folder = load(write("folder", tmp_path / "folder"))
    rows = [int(Path(name).stem.split("_")[1]) for name in from_folder.ids.tolist()]
    in_order = from_folder.select(np.argsort(rows))
    assert np.array_equal(in_order.pixels, from_csv.pixels)
    assert np.array_equal(in_order.labels, from_csv.labels)


def test_ferplus_agrees_about_the_first_faces(write: Writer, tmp_path: Path) -> None:
    faces = load(write("csv", tmp_path / "fer2013.csv"))
    votes = join(read_votes(write("ferplus", tmp_path / "fer2013new.csv")), faces)
    assert len(votes) == len(faces)
    assert set(votes.counts.sum(axis=1).tolist()) <= {9, 10}  # ten people voted, one vote is missing in FER+
