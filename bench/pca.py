"""Principal components beside scikit-learn's default, and the memory of one pass over 10 million rows.

    python bench/pca.py                     times on tables in memory: median and best of several runs
    python bench/pca.py --memory FOLDER     writes 10 million rows of 50 columns there (4 GB), analyses them in a
                                            process of its own, prints its peak memory, and deletes the file
    python bench/pca.py --precision         the largest variance of 100,000 rows about 1e8, by three libraries

Every figure is taken in this process with the threads that OMP_NUM_THREADS allows; the two sides take turns.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import sklearn
from sklearn.decomposition import PCA as ScikitPCA  # noqa: N811

import mien
from mien.analysis.pca import fit
from mien.core.rows import Rows

TALL = ((2_000_000, 10), (1_000_000, 50), (200_000, 200), (50_000, 500))
RUNS = 7
ROWS, COLUMNS = 10_000_000, 50
PROGRAM = """
import json, re, sys, time
from pathlib import Path
import mien.components as components
begun = time.perf_counter()
once = components.pca(sys.argv[1], 2, mean_norm=False)
passed = time.perf_counter()
found = components.pca(sys.argv[1], 2)
# not getrusage: its maximum also counts the process that started this one
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
print(json.dumps({
    "rows": found.rows,
    "seconds_one_pass": passed - begun,
    "seconds_with_mean_norm": time.perf_counter() - passed,
    "peak_megabytes": peak / 1024,
    "variances": found.variances.tolist(),
    "errors_one_pass": once.to_dict()["errors"],
    "errors": found.to_dict()["errors"],
    "method": found.method,
}))
"""


def table(rows: int, columns: int, seed: int = 0) -> np.ndarray:
    """Correlated columns off the origin."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, columns)) @ rng.normal(size=(columns, columns)) / 7 + 3


def by_scikit(x: np.ndarray) -> tuple[float, float, float]:
    """What scikit-learn needs for axes, variances and the three errors."""
    found = ScikitPCA(2).fit(x)
    norms = np.linalg.norm(x - found.inverse_transform(found.transform(x)), axis=1)
    return float((norms**2).mean()), float(norms.mean()), float(np.linalg.norm(norms))


def seconds(sides: dict[str, Callable[[], object]]) -> dict[str, list[float]]:
    """Sorted times of each side, which take turns, after one run that is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for run in range(RUNS + 1):
        for name, side in sides.items():
            begun = time.perf_counter()
            side()
            if run:
                taken[name].append(time.perf_counter() - begun)
    return {name: sorted(times) for name, times in taken.items()}


def print_times() -> None:
    """A table of medians for tall data, two axes of each."""
    print(f"{'rows x columns':>16}  {'what':<30} {'mien, median (best)':>20} {'sklearn':>16}  ratio")
    for rows, columns in TALL:
        x = table(rows, columns)
        times = seconds(
            {
                "axes": lambda x=x: fit(Rows.of(x), 2, mean_norm=False),
                "sklearn axes": lambda x=x: ScikitPCA(2).fit(x),
                "all": lambda x=x: fit(Rows.of(x), 2),
                "sklearn all": lambda x=x: by_scikit(x),
            }
        )
        for what, key in (("axes and variances", "axes"), ("the same, and the three errors", "all")):
            ours, theirs = times[key], times[f"sklearn {key}"]
            shown = [f"{statistics.median(side):.3f} ({side[0]:.3f}) s" for side in (ours, theirs)]
            ratios = f"{statistics.median(theirs) / statistics.median(ours):.2f} ({theirs[0] / ours[0]:.2f})"
            print(f"{rows:>8} x {columns:<5}  {what:<30} {shown[0]:>20} {shown[1]:>16}  {ratios}")


def write_table(path: Path) -> None:
    """10 million rows near 1e8 whose deviations are 1 to 50, made chunk by chunk."""
    rng = np.random.default_rng(1)
    header = {"descr": "<f8", "fortran_order": False, "shape": (ROWS, COLUMNS)}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for _ in range(0, ROWS, 100_000):
            (rng.normal(size=(100_000, COLUMNS)) * np.arange(1, COLUMNS + 1) + 1e8).tofile(file)


def print_memory(folder: Path) -> None:
    """Time and peak memory of one process over the large file."""
    path = folder / "ten-million-rows.npy"
    try:
        write_table(path)
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(path)], capture_output=True, text=True, check=True
        )
        print(json.dumps({"file_megabytes": path.stat().st_size / 2**20} | json.loads(done.stdout), indent=2))
    finally:
        path.unlink(missing_ok=True)


def print_precision() -> None:
    """The largest variance of normal numbers of variance 1 about 1e8, divided by n-1 by everyone."""
    x = np.random.default_rng(0).normal(size=(100_000, 5)) + 1e8
    sides = {
        "mien": fit(Rows.of(x), 2, divisor="n-1").variances[0],
        "numpy.cov": np.linalg.eigvalsh(np.cov(x.T))[-1],
        "sklearn, svd_solver='full'": ScikitPCA(2, svd_solver="full").fit(x).explained_variance_[0],
        "sklearn, its default": ScikitPCA(2).fit(x).explained_variance_[0],
    }
    for name, variance in sides.items():
        print(f"{name:<28}{variance:>19.13f}")


def main() -> None:
    """Times, the memory run, or the precision."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument(
        "--memory", type=Path, metavar="FOLDER", help="the run over 10 million rows, in this folder"
    )
    options.add_argument("--precision", action="store_true", help="variances of numbers about 1e8")
    asked = options.parse_args()
    print(f"mien {mien.__version__}, numpy {np.__version__}, scikit-learn {sklearn.__version__}")
    if asked.precision:
        print_precision()
    elif asked.memory:
        print_memory(asked.memory)
    else:
        print_times()


if __name__ == "__main__":
    main()
