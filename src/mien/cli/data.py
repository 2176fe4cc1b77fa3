"""`mien data`: read a data set and say what is in it."""

from mien.cli._figures import print_json, print_table
from mien.data.load import DRAWN, read
from mien.data.summary import DataSummary, summarise


def data(spec: str = DRAWN, /, *, skip_bad: bool = False, cache: bool = True, json: bool = False) -> None:
    """Read a data set and say what is in it: faces of each part and class, side, pixels, bad places, digest.

    Parameters
    ----------
    spec
        A CSV, Parquet or npz file, a folder of pictures, or drawn.
    skip_bad
        Leave bad rows and files out instead of stopping at them.
    cache
        Keep what was read from a large file, and use it while the file's content is the same.
    json
        Print JSON instead of a table.
    """
    loaded = read(spec, skip_bad=skip_bad, cache=cache)
    summary = summarise(loaded)
    if json:
        print_json(summary.to_dict())
        return
    _print(summary)
    print(f"left out: {loaded.bad.describe() if loaded.bad.total else 'nothing, every place is good'}")


def _print(summary: DataSummary) -> None:
    print(f"{summary.source} ({summary.format}): {summary.faces:,} faces of {summary.side}x{summary.side}\n")
    columns = ("class", *(part.name or "faces" for part in summary.parts))
    rows = [
        (name, *(f"{part.counts[place]:,}" for part in summary.parts))
        for place, name in enumerate(summary.classes)
    ]
    print_table("", columns, [*rows, ("all", *(f"{sum(part.counts):,}" for part in summary.parts))])
    moments = f"mean {summary.pixel_mean:.4f}, deviation {summary.pixel_deviation:.4f}"
    print(f"\npixels of {summary.pixels_of}, as 0 to 1: {moments}")
    print(f"digest: {summary.digest}")
