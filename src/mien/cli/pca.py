"""`mien pca`: principal component analysis of a table or of faces."""

import csv as csv_format
import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from mien import components
from mien.analysis.pca import Method, projected
from mien.cli._figures import print_json
from mien.core.errors import ConfigError
from mien.core.pca import PCA, Divisor, shown_alike
from mien.core.rows import Rows
from mien.core.text_tables import TextTable

_SHOWN_ROWS, _SHOWN_ACROSS = 20, 6
_MOST_IN_JSON = 1000
_DECIMALS = 8

Columns = Annotated[
    str, Parameter(help="Columns to read as numbers, names or numbers from 1, with commas between.")
]
Labels = Annotated[
    str | None,
    Parameter(help="The column that names the rows; where it is not given, a first column of text."),
]
Array = Annotated[str | None, Parameter(help="The array of an npz file that holds several.")]


def pca(
    data: Annotated[str, Parameter(allow_leading_hyphen=True)],
    /,
    *,
    k: Annotated[int | None, Parameter(name=("--k", "-k"))] = None,
    variance: float | None = None,
    centre: bool = True,
    scale: bool = False,
    divisor: Divisor = "n",
    method: Method = "auto",
    mean_norm: bool = True,
    columns: Columns = "",
    labels: Labels = None,
    array: Array = None,
    json: bool = False,
    csv: bool = False,
    figures: Path | None = None,
) -> None:
    """Principal axes, variances and shares, projections, and the reconstruction error three ways.

    Parameters
    ----------
    data
        A CSV, TSV, npy, npz or Parquet file, - for standard input, or faces: drawn, a folder, a file.
    k
        Number of axes; all where neither this nor --variance is given.
    variance
        Take as many axes as have this share of the variance together, such as 0.95.
    centre
        Subtract the mean of each column.
    scale
        Divide each column by its standard deviation.
    divisor
        What sums of squares are divided by to give variances: n, or n-1.
    method
        exact, randomised (a few of many axes), or auto, which is exact unless that takes long.
    mean_norm
        Read the rows once more for the mean L2 norm of the error.
    json
        Print JSON instead of tables; with the projections up to 1,000 rows.
    csv
        Print the projection of every row as CSV instead of tables.
    figures
        Write figures into this folder: scree, projection, and for faces the axes and faces made of them.
    """
    if json and csv:
        raise ConfigError("--json and --csv exclude each other: give one of them")
    rows = components.rows_of(
        data, columns=tuple(filter(None, columns.split(","))), labels=labels, array=array
    )
    found = components.pca(
        rows,
        k,
        variance=variance,
        centre=centre,
        scale=scale,
        divisor=divisor,
        method=method,
        mean_norm=mean_norm,
    )
    _show(rows, found, json, csv, figures)


def _show(rows: Rows, found: PCA, json: bool, csv: bool, figures: Path | None) -> None:
    if json:
        print_json(found.to_dict() | {"projections": _few_projections(rows, found)})
    elif csv:
        _print_csv(rows, found)
    else:
        _print_tables(rows, found)
    if figures:
        _write_figures(figures, rows, found, sys.stderr if json or csv else sys.stdout)


def _few_projections(rows: Rows, found: PCA) -> list[list[float]] | None:
    if not rows.again or found.rows > _MOST_IN_JSON:
        return None
    return [point for block in projected(rows, found) for point in block.points.tolist()]


def _print_csv(rows: Rows, found: PCA) -> None:
    """One line a row: its label or number, its coordinates, and the L2 norm of its reconstruction error."""
    components.check_again(rows)
    writer = csv_format.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["row", *(f"axis {number + 1}" for number in range(found.k)), "error"])
    number = 0
    for block in projected(rows, found):
        names = block.labels or range(number + 1, number + 1 + len(block.points))
        points, norms = block.points.tolist(), block.norms.tolist()
        writer.writerows([name, *point, norm] for name, point, norm in zip(names, points, norms, strict=True))
        number += len(points)


def _print_tables(rows: Rows, found: PCA) -> None:
    _print(found.variance_table())
    print()
    if rows.picture:
        print("axes: each is a picture; --figures FOLDER draws them, --json has their numbers")
    else:
        _print(found.axis_table())
    if rows.again:
        print()
        _print(_projection_table(rows, found))


def _projection_table(rows: Rows, found: PCA) -> TextTable:
    """The first rows on the first axes."""
    across = min(found.k, _SHOWN_ACROSS)
    block = next(projected(rows, found))
    names = block.labels or tuple(str(number + 1) for number in range(_SHOWN_ROWS))
    points = [shown_alike(along, _DECIMALS) for along in block.points[:_SHOWN_ROWS, :across].T]
    cells = list(zip(names, *points, shown_alike(block.norms[:_SHOWN_ROWS]), strict=False))
    more = [f"{found.rows - len(cells):,} rows"] if found.rows > len(cells) else []
    more += [f"{found.k - across:,} axes"] if found.k > across else []
    return TextTable(
        title="projections",
        headers=("row", *(f"axis {number + 1}" for number in range(across)), "L2 norm of the error"),
        rows=tuple(cells),
        footer=(f"... and {' and '.join(more)} more with --csv",) if more else (),
    )


def _print(table: TextTable) -> None:
    """A table at its own width: numbers are never broken, also where the output is piped."""
    shown_table = Table(box=None, pad_edge=False)
    for place, header in enumerate(table.headers):
        shown_table.add_column(header, justify="left" if place in table.left else "right", no_wrap=True)
    for row in table.rows:
        shown_table.add_row(*row)
    width = sum(max(map(len, column)) + 2 for column in zip(table.headers, *table.rows, strict=True))
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    console.print(table.title)
    Console(highlight=False, markup=False, emoji=False, width=max(width, console.width)).print(shown_table)
    for line in table.footer:
        console.print(line)


def _write_figures(folder: Path, rows: Rows, found: PCA, told: Any) -> None:
    from mien.diagnostics.pca_figures import write_figures

    for path in write_figures(folder, found, rows, projected(rows, found) if rows.again else ()):
        print(f"written: {path}", file=told)
