"""Pictures of principal components: what each axis holds, where the rows lie, faces made of a few axes."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mien.analysis.pca import Projected
from mien.core.pca import PCA
from mien.core.rows import Rows
from mien.diagnostics._canvas import COLOURS, canvas, save

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Float64s = NDArray[np.float64]

_PURPOSE = "drawing principal components"
_MOST_BARS, _MOST_POINTS, _MOST_NAMED = 40, 4000, 60
_MOST_AXES, _MOST_FACES, _MOST_STEPS = 24, 7, 7
_GREY = "#888888"


@dataclass(frozen=True, kw_only=True)
class Scree:
    """Shares of the total variance (m,) of the first axes, their running sums, and how many are kept."""

    shares: Float64s
    cumulative: Float64s
    kept: int
    known: int


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """Some rows on the first two axes (m, 2), with their labels if any, and how many rows there are."""

    points: Float64s
    labels: tuple[str, ...] | None
    rows: int


@dataclass(frozen=True, kw_only=True)
class Reconstructions:
    """Faces (m, h, w) with their labels, and what each number of axes gives back of them (steps, m, h, w)."""

    originals: Float64s
    labels: tuple[str, ...]
    axes: tuple[int, ...]
    pictures: Float64s


def scree(pca: PCA) -> Scree:
    """The shares of all variances that were computed, at most the first forty."""
    shares = pca.spectrum[:_MOST_BARS] / (pca.total_variance or 1.0)
    return Scree(shares=shares, cumulative=np.cumsum(shares), kept=pca.k, known=len(pca.spectrum))


def cloud(blocks: Iterable[Projected], count: int) -> Cloud:
    """Every row on the first two axes, or as many as can be told apart, evenly chosen."""
    every = max(-(-count // _MOST_POINTS), 1)
    points: list[Float64s] = []
    labels: list[str] = []
    row = 0
    for block in blocks:
        chosen = slice(-row % every, None, every)
        points.append(block.points[chosen, :2])
        labels += (block.labels or ())[chosen]
        row += len(block.points)
    return Cloud(points=np.concatenate(points), labels=tuple(labels) or None, rows=row)


def reconstructions(pca: PCA, rows: Rows, picture: tuple[int, int]) -> Reconstructions:
    """The first face of each label, rebuilt from 1, 2, 4 ... axes, and from all that there are."""
    block = next(rows.blocks())
    labels = block.labels or ("",) * len(block.values)
    chosen = [labels.index(name) for name in dict.fromkeys(labels)][:_MOST_FACES]
    faces = np.asarray(block.values[chosen], dtype=np.float64)
    points = pca.project(faces)
    steps = _growing(pca.k)
    return Reconstructions(
        originals=faces.reshape(-1, *picture),
        labels=tuple(labels[row] for row in chosen),
        axes=steps,
        pictures=np.array([pca.reconstruct(points[:, :k]).reshape(-1, *picture) for k in steps]),
    )


def _growing(k: int) -> tuple[int, ...]:
    """1, 2, 4 ... k, the first ones left out where that is too many.

    >>> _growing(16), _growing(20), _growing(1)
    ((1, 2, 4, 8, 16), (1, 2, 4, 8, 16, 20), (1,))
    """
    powers = {2**power for power in range(k.bit_length())} | {k}
    return tuple(sorted(powers)[-_MOST_STEPS:])


def draw_scree(found: Scree, axes: "Axes") -> None:
    """A bar an axis, those kept in colour, and the cumulative share as a line."""
    numbers = np.arange(1, len(found.shares) + 1)
    colours = [COLOURS[0] if number <= found.kept else _GREY for number in numbers]
    axes.bar(numbers, 100 * found.shares, color=colours, label=f"share ({found.kept} of {found.known} kept)")
    axes.plot(numbers, 100 * found.cumulative, color=COLOURS[3], marker="o", markersize=3, label="cumulative")
    axes.set(xlabel="axis", ylabel="share of the variance, %", xlim=(0.3, numbers[-1] + 0.7), ylim=(0, 105))
    axes.locator_params(axis="x", integer=True)
    axes.legend(frameon=False, loc="center right")


def draw_cloud(found: Cloud, shares: Float64s, axes: "Axes") -> None:
    """The rows on the first two axes; few rows with their names, labels that repeat by colour."""
    points = found.points if found.points.shape[1] == 2 else np.pad(found.points, ((0, 0), (0, 1)))
    names = found.labels or ()
    groups = list(dict.fromkeys(names))
    if names and len(groups) < len(names) and len(groups) <= len(COLOURS):
        for colour, group in zip(COLOURS, groups, strict=False):
            members = points[[name == group for name in names]]
            axes.scatter(
                members[:, 0], members[:, 1], s=9, color=colour, label=group, alpha=0.7, linewidths=0
            )
        axes.legend(frameon=False, markerscale=2, loc="upper left", bbox_to_anchor=(1, 1))
    else:
        axes.scatter(points[:, 0], points[:, 1], s=12, color=COLOURS[0], alpha=0.7, linewidths=0)
    if len(points) <= _MOST_NAMED:
        for place, (x, y) in enumerate(points):
            name = names[place] if names else str(place + 1)
            axes.annotate(name, (x, y), xytext=(4, 4), textcoords="offset points", fontsize=7)
    axes.axhline(0, color=_GREY, linewidth=0.5)
    axes.axvline(0, color=_GREY, linewidth=0.5)
    _name_axes(shares, axes)
    if len(points) < found.rows:
        axes.set_title(f"{len(points):,} of {found.rows:,} rows", fontsize=9)


def _name_axes(shares: Float64s, axes: "Axes") -> None:
    names = [
        f"axis {number} ({share:.1%} of the variance)" for number, share in enumerate(shares[:2], start=1)
    ]
    axes.set(xlabel=names[0], ylabel=names[1] if len(names) > 1 else "")
    axes.set_aspect("equal", adjustable="datalim")
    axes.locator_params(axis="x", nbins=5)  # wide numbers would run into each other


def draw_picture(picture: Float64s, axes: "Axes", title: str, limits: tuple[float, float]) -> None:
    """One picture in grey between two limits."""
    axes.imshow(picture, cmap="gray", vmin=limits[0], vmax=limits[1])
    axes.set_title(title, fontsize=8)
    axes.set_axis_off()


def mean_figure(pca: PCA, picture: tuple[int, int]) -> "Figure":
    """The mean face."""
    figure = canvas(3, 3.2, _PURPOSE)
    draw_picture(pca.mean.reshape(picture), figure.subplots(), f"mean of {pca.rows:,} faces", (0, 255))
    return figure


def axes_figure(pca: PCA, picture: tuple[int, int]) -> "Figure":
    """The axes as pictures (eigenfaces): mid-grey is zero, each with limits of its own."""
    count = min(pca.k, _MOST_AXES)
    across = min(count, 6)
    down = -(-count // across)
    figure = canvas(1.5 * across, 1.75 * down, _PURPOSE)
    grid = _grid(figure, down, across)
    for place, axes in enumerate(grid.flat):
        if place >= count:
            axes.set_axis_off()
            continue
        size = float(np.abs(pca.axes[place]).max())
        title = f"axis {place + 1}, {pca.shares[place]:.1%}"
        draw_picture(pca.axes[place].reshape(picture), axes, title, (-size, size))
    return figure


def reconstructions_figure(found: Reconstructions) -> "Figure":
    """One line a face: the original, then what more and more axes give back of it."""
    down, across = len(found.originals), len(found.axes) + 1
    figure = canvas(1.3 * across, 1.5 * down, _PURPOSE)
    grid = _grid(figure, down, across)
    for row in range(down):
        draw_picture(found.originals[row], grid[row, 0], found.labels[row] or "original", (0, 255))
        for step, k in enumerate(found.axes):
            title = f"{k} {'axis' if k == 1 else 'axes'}"
            draw_picture(found.pictures[step, row], grid[row, step + 1], title, (0, 255))
    return figure


def _grid(figure: "Figure", down: int, across: int) -> NDArray[Any]:
    grid: NDArray[Any] = figure.subplots(down, across, squeeze=False)
    return grid


def write_figures(folder: Path, pca: PCA, rows: Rows, blocks: Iterable[Projected]) -> list[Path]:
    """All figures of an analysis as PNG files in a folder: two for any table, three more for faces.

    blocks  the projected rows (mien.analysis.pca.projected), or nothing where the rows cannot be read again

    Raises MissingExtra without matplotlib; RunError where the folder cannot be written.
    """
    figures = {"scree": _scree_figure(pca)}
    if rows.again:
        figures["projection"] = _cloud_figure(pca, blocks)
    if rows.picture:
        figures["mean_face"] = mean_figure(pca, rows.picture)
        figures["axes"] = axes_figure(pca, rows.picture)
        figures["reconstructions"] = reconstructions_figure(reconstructions(pca, rows, rows.picture))
    return [save(figure, folder / f"{name}.png") for name, figure in figures.items()]


def _scree_figure(pca: PCA) -> "Figure":
    figure = canvas(6, 4, _PURPOSE)
    draw_scree(scree(pca), figure.subplots())
    return figure


def _cloud_figure(pca: PCA, blocks: Iterable[Projected]) -> "Figure":
    figure = canvas(6, 5, _PURPOSE)
    draw_cloud(cloud(blocks, pca.rows), pca.shares, figure.subplots())
    return figure
