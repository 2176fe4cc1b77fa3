"""PCA: the principal axes of a table, what they keep of it, and what is lost."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mien.core.errors import DataError
from mien.core.rows import finite_rows
from mien.core.text_tables import TextTable, bar

Float64s = NDArray[np.float64]
Divisor = Literal["n", "n-1"]

_ORTHONORMAL = 1e-8  # largest error of a product of two axes
_ROUNDING, _TOO_LONG = 1e-12, 1e12  # beside the largest number of a shown column; as a shown number
_SHOWN_AXES, _SHOWN_ACROSS, _SHOWN_COLUMNS = 12, 6, 20  # of a table in a terminal
_NAMES = {
    "mean_of_squared_l2_norms": "mean of squared L2 norms",
    "mean_l2_norm": "mean L2 norm",
    "total_l2_norm": "total L2 norm (Frobenius: root of the sum of all squares)",
}


@dataclass(frozen=True, kw_only=True)
class ReconstructionErrors:
    """How far the rows lie from what their projections give back, each row's error e taken as a vector (d,).

    mean_of_squared_l2_norms  sum of |e|^2 over the rows, divided by n
    mean_l2_norm              sum of |e| over the rows, divided by n; None where rows could be read only once
    total_l2_norm             square root of the sum of |e|^2: the Frobenius norm of all errors
    """

    mean_of_squared_l2_norms: float
    mean_l2_norm: float | None
    total_l2_norm: float

    def lines(self) -> tuple[str, ...]:
        """Each of the three with its name."""
        return tuple(f"{shown(value):>12}  {_NAMES[name]}" for name, value in asdict(self).items())


@dataclass(frozen=True, kw_only=True, eq=False)
class PCA:
    """Principal component analysis of n rows of d columns, checked on creation; arrays are made read-only.

    mean            (d,), subtracted from every row; zeros where the rows were not centred
    scale           (d,), divides every centred row; None where the columns were not scaled
    axes            (k, d), orthonormal, the largest variance first; each is turned so that the first row of
                    the data projects on its positive side, as in the founding report
    spectrum        (m,), m >= k: every variance that was computed, descending; the axes have the first k
    total_variance  of all d columns together
    divisor         "n" or "n-1": what the sums of squares are divided by to give the variances
    errors          of reconstruction from k axes, in the units of the columns (of the scaled ones with scale)
    method          how it was computed, for people
    """

    source: str
    rows: int
    columns: tuple[str, ...]
    mean: Float64s
    scale: Float64s | None
    axes: Float64s
    spectrum: Float64s
    total_variance: float
    centred: bool
    divisor: Divisor
    errors: ReconstructionErrors
    method: str
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        k, d = self.axes.shape if self.axes.ndim == 2 else (0, 0)
        scale = self.mean if self.scale is None else self.scale
        if not (
            0 < k <= len(self.spectrum) and self.mean.shape == scale.shape == (d,) == (len(self.columns),)
        ):
            raise DataError(
                f"PCA of {self.source}: expected axes (k, d), mean and scale (d,), as many columns, and a "
                f"spectrum of at least k, got {self.axes.shape}, {self.mean.shape}, {scale.shape}, "
                f"{len(self.columns)} and {self.spectrum.shape}"
            )
        if np.abs(self.axes @ self.axes.T - np.eye(k)).max() > _ORTHONORMAL:
            raise DataError(f"PCA of {self.source}: expected orthonormal axes")
        if (np.diff(self.spectrum) > 0).any() or self.spectrum[-1] < 0:
            raise DataError(f"PCA of {self.source}: expected variances that descend and are not negative")
        for array in (self.mean, scale, self.axes, self.spectrum):
            array.setflags(write=False)

    @property
    def k(self) -> int:
        """Number of axes."""
        return len(self.axes)

    @property
    def variances(self) -> Float64s:
        """Variance along each axis, (k,)."""
        return self.spectrum[: self.k]

    @property
    def shares(self) -> Float64s:
        """Part of the total variance that each axis has, (k,); zeros where all rows are the same."""
        return self.variances / self.total_variance if self.total_variance else np.zeros(self.k)

    @property
    def cumulative(self) -> Float64s:
        """Part of the total variance that the first 1, 2 ... k axes have together, (k,)."""
        return np.cumsum(self.shares)

    def project(self, rows: ArrayLike) -> Float64s:
        """Coordinates of rows (n, d) on the axes, (n, k); DataError where they are no such rows."""
        return self.prepared(rows) @ self.axes.T

    def prepared(self, rows: ArrayLike) -> Float64s:
        """Rows (n, d) centred and scaled as those that were analysed."""
        centred = finite_rows(rows, self.columns, "the given rows") - self.mean
        return centred if self.scale is None else centred / self.scale

    def reconstruct(self, points: ArrayLike) -> Float64s:
        """Rows (n, d) in the units of the data from coordinates (n, j) on the first j axes."""
        given = np.asarray(points, dtype=np.float64)
        if given.ndim != 2 or given.shape[1] > self.k:
            raise DataError(f"expected coordinates on at most {self.k} axes (n, {self.k}), got {given.shape}")
        rows = given @ self.axes[: given.shape[1]]
        return (rows if self.scale is None else rows * self.scale) + self.mean

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON has it, with the shares."""
        arrays = {
            name: getattr(self, name).tolist()
            for name in ("mean", "axes", "variances", "shares", "cumulative")
        }
        return {
            "source": self.source,
            "rows": self.rows,
            "columns": list(self.columns),
            "k": self.k,
            "centred": self.centred,
            "divisor": self.divisor,
            "method": self.method,
            "notes": list(self.notes),
            **arrays,
            "scale": None if self.scale is None else self.scale.tolist(),
            "spectrum": self.spectrum.tolist(),
            "total_variance": self.total_variance,
            "errors": asdict(self.errors),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The value that to_dict gave."""
        plain = ("source", "rows", "total_variance", "centred", "divisor", "method")
        arrays: dict[str, Any] = {
            name: np.array(values[name], dtype=np.float64) for name in ("mean", "axes", "spectrum")
        }
        return cls(
            **{name: values[name] for name in plain},
            **arrays,
            scale=None if values["scale"] is None else np.array(values["scale"], dtype=np.float64),
            columns=tuple(values["columns"]),
            notes=tuple(values["notes"]),
            errors=ReconstructionErrors(**values["errors"]),
        )

    def heading(self) -> str:
        """Two lines: the data and how it was prepared, how it was analysed."""
        centred = "centred" if self.centred else "not centred"
        scaled = "not scaled" if self.scale is None else "scaled to deviation 1"
        return (
            f"{self.source}: {self.rows:,} rows of {len(self.columns):,} columns, {centred}, {scaled}\n"
            f"variances divided by {self.divisor}; {self.method}"
        )

    def variance_table(self) -> TextTable:
        """One row an axis: its variance, share, and the share of all axes up to it; the errors below."""
        variances = shown_alike(self.variances[:_SHOWN_AXES])
        rows = [
            (f"axis {number}", variance, f"{share:.2%}", f"{together:.2%}", bar(share, 20))
            for number, variance, share, together in zip(
                range(1, _SHOWN_AXES + 1), variances, self.shares, self.cumulative, strict=False
            )
        ]
        left_out = self.k - len(rows)
        more = [f"... and {left_out:,} axes more, to {self.cumulative[-1]:.2%}"] if left_out else []
        lost = f"reconstruction error from {self.k} of {min(self.rows, len(self.columns))} axes:"
        return TextTable(
            title=self.heading(),
            headers=("axis", "variance", "share", "cumulative", ""),
            rows=tuple(rows),
            footer=(*more, "", lost, *self.errors.lines(), *self.notes),
            left=(0, 4),
        )

    def axis_table(self) -> TextTable:
        """One row a column of the data: its mean, its scale, and its part in each axis."""
        across = min(self.k, _SHOWN_ACROSS)
        scale = [] if self.scale is None else [("scale", self.scale)]
        sides = [("mean", self.mean), *scale, *((f"axis {row + 1}", self.axes[row]) for row in range(across))]
        cells = zip(*(shown_alike(side[:_SHOWN_COLUMNS]) for _, side in sides), strict=True)
        left_out = (
            [f"{len(self.columns) - _SHOWN_COLUMNS:,} columns"] if len(self.columns) > _SHOWN_COLUMNS else []
        )
        left_out += [f"{self.k - across:,} axes"] if self.k > across else []
        return TextTable(
            title="axes (unit vectors)",
            headers=("column", *(name for name, _ in sides)),
            rows=tuple((name, *values) for name, values in zip(self.columns, cells, strict=False)),
            footer=(f"... and {' and '.join(left_out)} more in to_dict() and --json",) if left_out else (),
        )

    def tables(self) -> tuple[TextTable, ...]:
        """What a person sees."""
        return self.variance_table(), self.axis_table()

    def __str__(self) -> str:
        return "\n\n".join(table.as_text() for table in self.tables())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return "".join(table.as_html() for table in self.tables())


def shown(value: float | None, decimals: int = 4) -> str:
    """A number with so many decimals; with an exponent where that hides it or is too long, "-" for None.

    >>> shown(5.472032912651864), shown(1e-9), shown(123456789.0), shown(0), shown(None)
    ('5.4720', '1.0000e-09', '1.2346e+08', '0.0000', '-')
    """
    if value is None:
        return "-"
    plain = value == 0 or 10.0**-decimals <= abs(value) < 1e8
    return f"{value:.{decimals}f}" if plain else f"{value:.{decimals}e}"


def shown_alike(values: ArrayLike, decimals: int = 4) -> list[str]:
    """The numbers of one column (m,), all with an exponent where the decimals hide one of them or one is too long.

    What is nothing but rounding beside the largest is shown as 0 and does not decide.

    >>> shown_alike([1e8, 99999990.0757]), shown_alike([0.8, -1e-17]), shown_alike([0.8, 1e-5])
    (['100000000.0000', '99999990.0757'], ['0.8000', '0.0000'], ['8.0000e-01', '1.0000e-05'])
    """
    numbers = np.asarray(values, dtype=np.float64)
    sizes = np.abs(numbers)
    largest = sizes.max(initial=0.0)
    notation = "f"
    is_hidden = sizes < 10.0**-decimals
    numbers = np.where(is_hidden & (sizes <= _ROUNDING * largest), 0.0, numbers)
    if largest >= _TOO_LONG or (is_hidden & (numbers != 0)).any():
        notation = "e"
    return [f"{value:.{decimals}{notation}}" for value in numbers.tolist()]
