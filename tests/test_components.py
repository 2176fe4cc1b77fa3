"""mien.pca of everything that it takes."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mien.components import pca, rows_of
from mien.core.errors import ConfigError, DataError
from mien.core.images import LabelledImages

X = np.random.default_rng(0).normal(size=(30, 4)) * [4, 3, 2, 1]


def faces() -> LabelledImages:
    return LabelledImages(
        pixels=np.random.default_rng(1).integers(0, 256, (20, 5, 5)).astype(np.uint8),
        labels=np.arange(20) % 2,
        ids=np.arange(20).astype(str),
        classes=("a", "b"),
        split=np.full(20, ""),
        source="some faces",
    )


@pytest.mark.parametrize("kind", ["array", "list", "frame", "csv", "tsv", "npy", "npz", "parquet", "Path"])
def test_the_same_axes_from_every_source(tmp_path: Path, kind: str) -> None:
    names = ["a", "b", "c", "d"]
    frame = pd.DataFrame(X, columns=names)
    frame.to_csv(tmp_path / "x.csv", index=False)
    frame.to_csv(tmp_path / "x.tsv", index=False, sep="\t")
    np.save(tmp_path / "x.npy", X)
    np.savez(tmp_path / "x.npz", X)
    if kind == "parquet":
        pytest.importorskip("pyarrow")
        frame.to_parquet(tmp_path / "x.parquet")
    sources = {"array": X, "list": X.tolist(), "frame": frame, "Path": tmp_path / "x.csv"}
    found = pca(sources.get(kind, str(tmp_path / f"x.{kind}")), 2)
    np.testing.assert_allclose(found.axes, pca(X, 2).axes, atol=1e-13)
    assert found.rows == 30
    if kind in ("frame", "csv", "tsv", "parquet"):
        assert found.columns == tuple(names)


def test_a_tensor_with_a_gradient() -> None:
    torch = pytest.importorskip("torch")
    found = pca(torch.tensor(X, requires_grad=True), 2)
    np.testing.assert_allclose(found.axes, pca(X, 2).axes, atol=1e-13)


def test_masked_values_are_not_used() -> None:
    masked = np.ma.masked_array(X, mask=np.zeros(X.shape, dtype=bool))
    np.testing.assert_array_equal(pca(masked, 2).axes, pca(X, 2).axes)
    masked[3, 1] = np.ma.masked
    with pytest.raises(DataError, match=r"^the array: a value is masked, the first at \(3, 1\)"):
        pca(masked, 2)


def test_faces_are_rows_of_pixels() -> None:
    rows = rows_of(faces())
    assert rows.picture == (5, 5)
    assert rows.columns[6] == "pixel 1,1"
    (block,) = rows.blocks()
    assert block.labels is not None
    assert block.labels[:3] == ("a", "b", "a")
    found = pca(faces(), 3)
    flat = faces().pixels.reshape(20, -1)
    np.testing.assert_allclose(found.mean, flat.mean(axis=0), rtol=1e-13)
    assert found.source == "some faces"


def test_drawn_faces() -> None:
    found = pca("drawn:count=14", 2)
    assert len(found.mean) == 48 * 48


def test_choosing_columns_of_what_has_none() -> None:
    with pytest.raises(ConfigError, match="these are none"):
        rows_of(X, columns=["a"])


def test_a_path_that_is_not_there() -> None:
    with pytest.raises(DataError, match=r"absent\.csv: no such file"):
        pca("absent.csv", 2)
