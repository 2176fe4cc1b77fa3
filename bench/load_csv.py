"""How fast fer2013.csv is read, against the usual pandas.read_csv and a split per row.

    python bench/load_csv.py fer2013.csv [--repeat 3]

Each reading runs in a process of its own; the table shows the quickest of each kind: seconds, processor
seconds, and peak memory. Imports count in memory, not in seconds. "cold" starts with an empty cache,
"again" finds the entry that "cold" wrote; the file is in the system's page cache each time.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Pixels = Any  # uint8 (n, side, side)


def with_pandas(path: Path) -> Callable[[], Pixels]:
    """The usual way: read_csv, then np.array of the split text of each row."""
    import numpy as np
    import pandas as pd

    def read() -> Pixels:
        table = pd.read_csv(path)
        table.columns = [name.strip() for name in table.columns]
        return np.stack([np.array(text.split(), dtype=np.uint8).reshape(48, 48) for text in table["pixels"]])

    return read


def with_mien(path: Path) -> Callable[[], Pixels]:
    """mien.data.load, which looks into the cache first."""
    from mien.data.load import load

    return lambda: load(path).pixels


READERS = {"pandas": with_pandas, "mien": with_mien}


def measure(reader: str, path: Path) -> None:
    """Read once in this process and print what it took as JSON."""
    import resource

    read = READERS[reader](path)
    seconds, processor = time.perf_counter(), time.process_time()
    pixels = read()
    seconds, processor = time.perf_counter() - seconds, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    checksum = int(pixels.sum(dtype="int64"))
    print(json.dumps({"seconds": seconds, "processor": processor, "peak": peak, "checksum": checksum}))


def in_fresh_process(reader: str, path: Path, cache: Path) -> dict[str, float]:
    """What `measure` prints, from a process of its own."""
    command = [sys.executable, __file__, str(path), "--reader", reader]
    environment = {**os.environ, "MIEN_CACHE": str(cache)}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def warm(path: Path) -> None:
    """Bring the file into the system's page cache, by blocks: a child's peak starts at its parent's."""
    with path.open("rb") as file:
        while file.read(1 << 20):
            pass


def runs_of(path: Path, repeat: int) -> dict[str, list[dict[str, float]]]:
    """The measurements of each way."""
    warm(path)
    runs: dict[str, list[dict[str, float]]] = {"pandas and split": [], "mien, cold": [], "mien, again": []}
    for _ in range(repeat):
        runs["pandas and split"].append(in_fresh_process("pandas", path, Path()))
        with tempfile.TemporaryDirectory() as cache:
            runs["mien, cold"].append(in_fresh_process("mien", path, Path(cache)))
            runs["mien, again"].append(in_fresh_process("mien", path, Path(cache)))
    return runs


def main() -> None:
    """Parse the arguments, measure, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("csv", type=Path)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--reader", choices=READERS, help="read once in this process, and print JSON")
    given = parser.parse_args()
    if given.reader:
        measure(given.reader, given.csv)
        return
    print(f"{'':18} {'seconds':>8} {'processor s':>12} {'peak MB':>8} {'checksum':>12}")
    for name, runs in runs_of(given.csv, given.repeat).items():
        best = min(runs, key=lambda run: run["seconds"])
        print(
            f"{name:18} {best['seconds']:8.2f} {best['processor']:12.2f} {best['peak'] / 1e6:8.0f} "
            f"{int(best['checksum']):12}"
        )


if __name__ == "__main__":
    main()
