"""Faces drawn per second on one core: OMP_NUM_THREADS=1 python bench/draw_faces.py [faces] [runs]."""

import sys
import time

from mien.data.drawn import draw


def main() -> None:
    """Print the faces per second of each run, by the clock and by processor time, and the best."""
    faces, runs = (int(given) for given in (sys.argv[1:] + ["2048", "5"][len(sys.argv) - 1 :]))
    best = 0.0
    for run in range(1, runs + 1):
        clock, processor = time.perf_counter(), time.process_time()
        draw(faces)
        by_clock, by_processor = (
            faces / (time.perf_counter() - clock),
            faces / (time.process_time() - processor),
        )
        best = max(best, by_processor)
        print(f"run {run}: {by_clock:.0f} faces a second, {by_processor:.0f} per processor second")
    print(f"best: {best:.0f} faces per processor second")


if __name__ == "__main__":
    main()
