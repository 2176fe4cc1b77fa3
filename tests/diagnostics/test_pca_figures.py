"""Figures of principal components: the numbers behind them, and that they draw what they say."""

import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from mien.analysis.pca import fit, projected
from mien.core.errors import MissingExtra, RunError
from mien.core.rows import Rows
from mien.diagnostics._canvas import canvas
from mien.diagnostics.pca_figures import (
    cloud,
    draw_cloud,
    draw_scree,
    mean_figure,
    reconstructions,
    reconstructions_figure,
    scree,
    write_figures,
)

matplotlib_figure = pytest.importorskip("matplotlib.figure")

RNG = np.random.default_rng(0)
TABLE = RNG.normal(size=(40, 5)) * [5, 3, 2, 1, 0.5]
PICTURES = RNG.integers(0, 256, size=(12, 6, 4)).astype(np.uint8)


def of_faces() -> Rows:
    return Rows.of(PICTURES.reshape(12, -1), labels=list("abcabcabcabc"), picture=(6, 4))


def new_axes() -> "matplotlib_figure.Axes":
    return matplotlib_figure.Figure().subplots()


def test_scree_numbers() -> None:
    pca = fit(Rows.of(TABLE), 2)
    found = scree(pca)
    variances = np.linalg.eigvalsh(np.cov(TABLE.T, bias=True))[::-1]
    np.testing.assert_allclose(found.shares, variances / variances.sum(), rtol=1e-10)
    assert found.cumulative[-1] == pytest.approx(1)
    assert (found.kept, found.known) == (2, 5)


def test_scree_is_drawn() -> None:
    axes = new_axes()
    found = scree(fit(Rows.of(TABLE), 2))
    draw_scree(found, axes)
    heights = [bar.get_height() for bar in axes.patches]
    np.testing.assert_allclose(heights, 100 * found.shares)
    np.testing.assert_allclose(axes.lines[0].get_ydata(), 100 * found.cumulative)
    assert len({bar.get_facecolor() for bar in axes.patches}) == 2


def test_cloud_takes_rows_evenly_over_block_borders(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = Rows.of(TABLE, labels=[str(number) for number in range(40)])
    pca = fit(rows, 2)
    blocks = list(projected(rows, pca))
    parts = [
        type(blocks[0])(blocks[0].labels[a:b], blocks[0].points[a:b], blocks[0].norms[a:b])
        for a, b in ((0, 7), (7, 8), (8, 31), (31, 40))
    ]
    monkeypatch.setattr("mien.diagnostics.pca_figures._MOST_POINTS", 15)
    found = cloud(parts, 40)
    assert found.labels == tuple(str(number) for number in range(0, 40, 3))
    np.testing.assert_allclose(found.points, pca.project(TABLE)[::3])
    assert found.rows == 40


def test_few_rows_are_named_and_groups_are_coloured() -> None:
    rows = Rows.of(TABLE, labels=["even", "odd"] * 20)
    pca = fit(rows, 2)
    axes = new_axes()
    draw_cloud(cloud(projected(rows, pca), 40), pca.shares, axes)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["even", "odd"]
    assert [len(group.get_offsets()) for group in axes.collections] == [20, 20]
    assert len(axes.texts) == 40
    assert "axis 1 (" in axes.get_xlabel()


def test_wide_numbers_below_the_cloud_stand_apart() -> None:
    rows = Rows.of(TABLE * [400, 700, 1, 1, 1], labels=["a long name of a class", "b"] * 20)
    pca = fit(rows, 2)
    figure = canvas(6, 5, "a test")
    axes = figure.subplots()
    draw_cloud(cloud(projected(rows, pca), 40), pca.shares, axes)
    figure.canvas.draw()
    boxes = [label.get_window_extent() for label in axes.get_xticklabels()]
    assert len(boxes) <= 6 + 2  # MaxNLocator gives one tick beyond either end
    assert all(left.x1 + 4 < right.x0 for left, right in pairwise(boxes))


def test_one_axis_is_drawn_along_a_line() -> None:
    pca = fit(Rows.of(TABLE), 1)
    axes = new_axes()
    draw_cloud(cloud(projected(Rows.of(TABLE), pca), 40), pca.shares, axes)
    assert (axes.collections[0].get_offsets()[:, 1] == 0).all()


def test_reconstructions_come_nearer_with_every_axis() -> None:
    rows = of_faces()
    found = reconstructions(fit(rows), rows, (6, 4))
    assert found.labels == ("a", "b", "c")
    assert found.axes == (1, 2, 4, 8, 12)
    np.testing.assert_array_equal(found.originals, PICTURES[:3])
    misses = np.linalg.norm(found.pictures - found.originals, axis=(2, 3))
    assert (np.diff(misses, axis=0) < 1e-9).all()
    np.testing.assert_allclose(found.pictures[-1], PICTURES[:3], atol=1e-9)


def test_pictures_are_drawn_the_right_way_up() -> None:
    rows = of_faces()
    pca = fit(rows, 2)
    figure = mean_figure(pca, (6, 4))
    np.testing.assert_allclose(figure.axes[0].images[0].get_array(), PICTURES.mean(axis=0))
    grid = reconstructions_figure(reconstructions(pca, rows, (6, 4)))
    assert [axes.get_title() for axes in grid.axes[:3]] == ["a", "1 axis", "2 axes"]


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        (Rows.of(TABLE), ["projection.png", "scree.png"]),
        (of_faces(), ["axes.png", "mean_face.png", "projection.png", "reconstructions.png", "scree.png"]),
    ],
)
def test_files(tmp_path: Path, rows: Rows, names: list[str]) -> None:
    pca = fit(rows, 2)
    written = write_figures(tmp_path / "new" / "folder", pca, rows, projected(rows, pca))
    assert sorted(path.name for path in written) == names
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    rows = Rows.of(TABLE)
    pca = fit(rows, 2)
    with pytest.raises(RunError, match=r"scree\.png: cannot be written"):
        write_figures(tmp_path / "file", pca, rows, projected(rows, pca))


def test_without_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtra, match=r"needs matplotlib.*mien\[lab\]"):
        write_figures(tmp_path, fit(Rows.of(TABLE), 1), Rows.of(TABLE), ())
