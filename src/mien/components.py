"""Principal component analysis of whatever holds numbers: an array, a file, standard input, or faces."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mien.analysis.pca import Method, fit
from mien.core.errors import ConfigError
from mien.core.images import LabelledImages
from mien.core.pca import PCA, Divisor
from mien.core.rows import Rows
from mien.data import tables
from mien.data.load import load


def pca(
    data: Any,
    k: int | None = None,
    *,
    variance: float | None = None,
    centre: bool = True,
    scale: bool = False,
    divisor: Divisor = "n",
    method: Method = "auto",
    mean_norm: bool = True,
) -> PCA:
    """The first k principal axes of a table, or as many as have this share of its variance, or all of them.

    data  an array or data frame (n, d); the path of a CSV, TSV, npy, npz or Parquet file, "-" for standard
          input; faces: LabelledImages, "drawn", a folder, or a file of faces, each pixel a column
    The other choices, and the errors that are raised, are those of mien.analysis.pca.fit.

    >>> found = pca([[1, 2, 3], [4, 8, 5], [3, 12, 9], [1, 8, 5], [5, 14, 2]], 1)
    >>> found.variances.round(3).tolist()
    [18.791]
    """
    return fit(
        rows_of(data),
        k,
        variance=variance,
        centre=centre,
        scale=scale,
        divisor=divisor,
        method=method,
        mean_norm=mean_norm,
    )


def rows_of(
    data: Any, *, columns: Sequence[str] = (), labels: str | None = None, array: str | None = None
) -> Rows:
    """The rows of an array, a path, "-", "drawn" or faces.

    columns, labels and array choose from a file (mien.data.tables.read); ConfigError with anything else.
    """
    is_spec = isinstance(data, str | Path)
    if is_spec and not tables.holds_faces(data):
        return tables.read(data, columns=columns, labels=labels, array=array)
    if columns or labels or array:
        raise ConfigError("columns, labels and array choose from the file of a table; these are none")
    if isinstance(data, Rows):
        return data
    faces = load(data) if is_spec else data
    return rows_of_faces(faces) if isinstance(faces, LabelledImages) else Rows.of(faces)


def rows_of_faces(faces: LabelledImages) -> Rows:
    """One row a face, one column a pixel (0 to 255), line by line; the labels are class names."""
    height, width = faces.pixels.shape[1:]
    return Rows.of(
        faces.pixels.reshape(len(faces), -1),
        columns=[f"pixel {row},{column}" for row in range(height) for column in range(width)],
        labels=[faces.classes[label] for label in faces.labels.tolist()],
        source=faces.source,
        picture=(height, width),
    )


def check_again(rows: Rows) -> None:
    """ConfigError where the rows cannot be read again to be projected."""
    if not rows.again:
        raise ConfigError(f"{rows.source} is too long to be kept; to project its rows save it as a file")
