"""The wheel as a user gets it, where nothing but the base install's packages can be imported."""

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image

from mien.core import shipped
from mien.data.drawn import draw

ROOT = Path(__file__).parents[1]
HEAVY = {
    "torch", "safetensors", "onnx", "matplotlib", "jinja2", "pyarrow", "pandas", "scipy", "sklearn", "av", "cv2"
}  # fmt: skip
RUN = """
import sys

class Missing:
    def find_spec(self, name, *_):
        if name.partition(".")[0] in sys.argv[2].split(","):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
sys.path.insert(0, sys.argv[1])
from mien.cli.main import main

assert sys.modules["mien"].__file__.startswith(sys.argv[1])
main(sys.argv[3:])
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The folder that the wheel of this checkout is unpacked to."""
    pytest.importorskip("setuptools", minversion="77", reason="building a wheel needs setuptools 77 or newer")
    source, out = tmp_path_factory.mktemp("source") / "mien", tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT / "src", source / "src", ignore=shutil.ignore_patterns("*.egg-info", "__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    words = [
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "-w",
        str(out / "made"),
        str(source),
    ]
    subprocess.run([sys.executable, "-m", "pip", *words], check=True)
    with ZipFile(next((out / "made").glob("*.whl"))) as wheel:
        wheel.extractall(out / "installed")
    return out / "installed"


def test_it_holds_what_is_needed_and_nothing_else(installed) -> None:
    assert (installed / "mien/py.typed").is_file()
    assert (installed / "mien/report/templates/page.html").is_file()
    compiled = {path.name for path in (ROOT / "src/mien/training").glob("*.[ch]")}
    assert {"winograd.c", "lanes.h"} <= compiled
    assert {path.name for path in (installed / "mien/training").glob("*.[ch]")} == compiled
    for name in shipped.names():
        assert (installed / "mien/weights" / name / "network.onnx").is_file()
        assert (installed / "mien/weights" / name / "card.md").is_file()
    assert (installed / "mien/weights/trunk/int8.onnx").is_file()
    assert {path.name for path in installed.iterdir() if not path.name.endswith(".dist-info")} == {"mien"}


def test_the_base_install_names_no_heavy_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {line.partition(">=")[0].lower() for line in project["dependencies"]}
    assert not names & HEAVY


@pytest.mark.skipif(shipped.DEFAULT not in shipped.names(), reason="no network comes with mien yet")
def test_it_predicts_at_once(installed, tmp_path) -> None:
    face = draw(1, seed=4).faces.pixels[0]
    Image.fromarray(np.kron(face, np.ones((4, 4), dtype=np.uint8))).save(tmp_path / "face.png")
    words = ["predict", str(tmp_path / "face.png"), "--faces", "whole", "--json"]
    command = [sys.executable, "-c", RUN, str(installed), ",".join(HEAVY), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    answer = json.loads(done.stdout.splitlines()[-1])
    assert sum(answer["faces"][0]["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert answer["faces"][0]["label"]
