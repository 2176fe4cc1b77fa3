"""What `pip install mien` brings and how soon it answers, in an empty environment made for it.

    python bench/install.py

Downloads what the base install needs, so it takes a network and a minute or two.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROUNDS = 5
COMMANDS = {
    "python -c pass": ["{python}", "-c", "pass"],
    "import mien": ["{python}", "-c", "import mien"],
    "mien --help": ["{bin}/mien", "--help"],
    "mien predict face.png --faces whole": ["{bin}/mien", "predict", "face.png", "--faces", "whole"],
    "mien predict photo.png": ["{bin}/mien", "predict", "photo.png"],
}
PICTURES = """
from PIL import Image
from mien.data.drawn import draw

face = Image.fromarray(draw(1).faces.pixels[0])
face.save("face.png")
photo = Image.new("RGB", (512, 512), (90, 120, 90))
photo.paste(face.resize((200, 200)), (150, 150))
photo.save("photo.png")
"""


def main() -> None:
    """Make the environment, then print sizes and times."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel = built(folder)
        told = downloaded(folder, wheel)
        print(
            f"download       {told['bytes'] / 1e6:.1f} MB in {told['count']} distributions, mien's own included"
        )
        python = installed(folder, wheel)
        print(f"on disk        {on_disk(python) / 1e6:.0f} MB")
        subprocess.run([python, "-c", PICTURES], check=True, cwd=folder)
        for title, words in COMMANDS.items():
            seconds = timed(words, python, folder)
            print(f"{title:<36} {statistics.median(seconds):.3f} s (best {min(seconds):.3f})")


def built(folder: Path) -> Path:
    """The wheel of this checkout."""
    words = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder / "wheel", ROOT]
    subprocess.run(words, check=True)
    return next((folder / "wheel").glob("*.whl"))


def downloaded(folder: Path, wheel: Path) -> dict[str, int]:
    """How much pip fetches for it."""
    subprocess.run([sys.executable, "-m", "pip", "download", "-q", "-d", folder / "all", wheel], check=True)
    files = list((folder / "all").iterdir())
    return {"bytes": sum(file.stat().st_size for file in files), "count": len(files)}


def installed(folder: Path, wheel: Path) -> Path:
    """The interpreter of an empty environment with the wheel and what it needs."""
    venv.create(folder / "empty", with_pip=True)
    python = folder / "empty" / "bin" / "python"
    options = ["--no-index", "--find-links", folder / "all"]
    subprocess.run([python, "-m", "pip", "install", "-q", *options, wheel], check=True)
    return python


def on_disk(python: Path) -> int:
    """Bytes of the installed packages, pip and setuptools left out."""
    listed = subprocess.run([python, "-m", "pip", "list", "--format=json"], capture_output=True, check=True)
    names = [one["name"] for one in json.loads(listed.stdout) if one["name"] not in ("pip", "setuptools")]
    code = (
        "import importlib.metadata as m, sys; "
        "print(sum(f.locate().stat().st_size for n in sys.argv[1:] for f in m.files(n) or () if f.locate().is_file()))"
    )
    told = subprocess.run([python, "-c", code, *names], capture_output=True, check=True)
    return int(told.stdout)


def timed(words: list[str], python: Path, folder: Path) -> list[float]:
    """Seconds of the whole process, several times after one that is not counted."""
    command = [word.format(python=python, bin=python.parent) for word in words]
    seconds = []
    for _ in range(ROUNDS + 1):
        started = time.perf_counter()
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, env=dict(os.environ))
        seconds.append(time.perf_counter() - started)
    return seconds[1:]


if __name__ == "__main__":
    main()
