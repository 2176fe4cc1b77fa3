"""Turn a finished run into a network that comes with mien: src/mien/weights/<name>, weights and model card.

python scripts/ship_weights.py runs/trunk-0 trunk --data fer2013.csv
python scripts/ship_weights.py runs/pocket-0 pocket --data fer2013.csv --numbers int8 --most-bytes 225000

A network that reads as well in int8 throughout predicts so, from a second file; shipping removes it, for it is of
the weights before:

mien export trunk src/mien/weights/trunk/int8.onnx --int8 --data fer2013.csv
"""

import argparse
import subprocess
from pathlib import Path

from pieces import ROOT, ended, read_faces

from mien.core.rundir import INT8
from mien.core.shipped import FOLDER
from mien.training.shipping import NUMBERS, ship


def main() -> int:
    """Ship one network and print its accuracies."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", help="directory of the finished run, or a network that comes with mien")
    parser.add_argument("name", help="by which it is called, such as trunk")
    parser.add_argument("--data", required=True, help="the data that it was trained with")
    parser.add_argument(
        "--numbers", choices=NUMBERS, default="float16", help="int8: of large weights, the others in float16"
    )
    parser.add_argument("--most-bytes", type=int, help="that the weights may take")
    parser.add_argument("--commit", help="of the code that ships it; by default the one checked out")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    asked = parser.parse_args()
    predicts_in_int8 = (asked.folder / asked.name / INT8).exists()
    card = ship(
        asked.run,
        asked.folder / asked.name,
        commit=asked.commit or _commit(),
        faces=read_faces(asked.data),
        numbers=asked.numbers,
        most_bytes=asked.most_bytes,
    )
    if predicts_in_int8:
        print(
            f"{INT8}, of the weights before, is removed: mien export {asked.name} FILE --int8 makes it anew"
        )
    print(f"{card.name}: {card.parameters:,} parameters, {card.file.bytes:,} bytes, {card.file.sha256}")
    for one in card.measured:
        rest = one.figures.leak_free
        leak_free = f", leak-free {100 * rest.accuracy:.2f} %" if rest else ""
        print(
            f"{one.tta:<11} {100 * one.figures.accuracy:.2f} %{leak_free}, temperature {one.temperature:.3f}"
        )
    return 0


def _commit() -> str:
    command = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


if __name__ == "__main__":
    ended(main)
