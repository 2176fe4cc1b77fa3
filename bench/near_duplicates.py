"""Near duplicates: the proof on drawn faces, the time on a data set, and time and memory as data grows.

    python -m bench.near_duplicates   10,000 distinct drawn faces and 1,000 planted near duplicates
    python -m bench.near_duplicates --data fer2013.csv   time, processor time and pairs of a data set
    python -m bench.near_duplicates --grow 36000 72000   time and peak memory on so many made pictures, each in a
                                                         process of its own

Threads are those that OMP_NUM_THREADS allows.
"""

import argparse
import json
import subprocess
import sys
import time

import numpy as np

import mien
from mien.analysis.near_duplicates import ALIKE, NearPairs, near_duplicates
from mien.core.identical import picture_groups
from mien.data.drawn import draw
from tests.analysis.planted import KINDS, planted

LOWEST = 0.8  # pairs are listed from here on, to see how far the threshold is from them
PROGRAM = """
import json, re, sys, time
from pathlib import Path
import numpy as np
from mien.analysis.near_duplicates import near_duplicates
count = int(sys.argv[1])
random = np.random.default_rng(0)
lines = np.arange(48, dtype=np.float32)
pixels = np.empty((count, 48, 48), dtype=np.uint8)
for start in range(0, count, 4096):  # sums of waves, as varied as faces are and quickly made
    many = len(pixels[start : start + 4096])
    made = np.full((many, 48, 48), 128, dtype=np.float32)
    for _ in range(12):
        down, across = random.normal(0, 0.12, (2, many, 1, 1)).astype(np.float32)
        size, phase = (random.normal(0, 20, (2, many, 1, 1))).astype(np.float32)
        made += size * np.sin(down * lines[:, None] + across * lines + phase)
    pixels[start : start + many] = np.clip(made, 0, 255)
begun, worked = time.perf_counter(), time.process_time()
found = near_duplicates(pixels)
taken, work = time.perf_counter() - begun, time.process_time() - worked
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
print(json.dumps({"pictures": count, "seconds": round(taken, 1), "processor": round(work, 1),
                  "pairs": len(found), "candidates": found.candidates,
                  "peak_megabytes": peak // 1024, "of_which_pictures": pixels.nbytes >> 20}))
"""


def prove(distinct: int, copies: int, seed: int) -> None:
    """Share of planted pairs found of each kind, and false pairs, at several thresholds."""
    random = np.random.default_rng(seed)
    faces = draw(distinct, seed=seed).faces.pixels
    made = np.stack([planted(faces[row], KINDS[row % len(KINDS)], random) for row in range(copies)])
    begun, worked = time.perf_counter(), time.process_time()
    found = near_duplicates(np.concatenate([faces, made]), alike=LOWEST)
    print(f"{distinct:,} distinct faces, {copies:,} planted; {found.candidates:,} candidate pairs")
    print(f"{time.perf_counter() - begun:.1f} s, {time.process_time() - worked:.1f} s of processor time\n")
    true = found.second == found.first + distinct
    print(f"{'alike':>6}  {'found':>7}  {'false':>5}  " + "  ".join(f"{kind:>12}" for kind in KINDS))
    for alike in sorted({0.86, 0.88, 0.9, 0.92, 0.94, ALIKE}):
        print_at(found, true, alike, copies)
    print(f"\nmost alike of two distinct faces: {found.likeness[~true].max(initial=0):.4f}")


def print_at(found: NearPairs, true: np.ndarray, alike: float, copies: int) -> None:
    """One line of the table."""
    kept = found.likeness >= alike
    rows = found.first[kept & true]
    kinds = [f"{np.sum(rows % len(KINDS) == kind) / (copies / len(KINDS)):.1%}" for kind in range(len(KINDS))]
    share, false = len(rows) / copies, int((kept & ~true).sum())
    print(f"{alike:>6}  {share:>7.1%}  {false:>5}  " + "  ".join(f"{kind:>12}" for kind in kinds))


def measure(spec: str) -> None:
    """Pairs among the pictures of a data set, each picture once."""
    pixels = mien.load(spec).pixels
    begun, worked = time.perf_counter(), time.process_time()
    first = np.unique(picture_groups(pixels), return_index=True)[1]
    found = near_duplicates(pixels[first])
    print(f"{spec}: {len(pixels):,} pictures, {len(first):,} different ones")
    print(f"{time.perf_counter() - begun:.1f} s, {time.process_time() - worked:.1f} s of processor time")
    print(
        f"{found.candidates:,} candidates, {len(found):,} pairs, {int(found.mirrored.sum()):,} of them mirrored"
    )


def grow(counts: list[int]) -> None:
    """Time and peak memory of each number of pictures."""
    for count in counts:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(count)], capture_output=True, text=True, check=True
        )
        print(json.dumps(json.loads(done.stdout)))


def main() -> None:
    """The proof, a data set, or growth."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--data", help="a data set to search")
    options.add_argument("--grow", type=int, nargs="+", metavar="N", help="numbers of made pictures")
    options.add_argument("--distinct", type=int, default=10_000)
    options.add_argument("--planted", type=int, default=1000)
    options.add_argument("--seed", type=int, default=11, help="of the drawn faces and what is planted")
    asked = options.parse_args()
    if asked.grow:
        grow(asked.grow)
    elif asked.data:
        measure(asked.data)
    else:
        prove(asked.distinct, asked.planted, asked.seed)


if __name__ == "__main__":
    main()
