"""What the docs promise: names, files and commands exist."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import mien
from mien.cli.main import COMMANDS

ROOT = Path(__file__).parent.parent


def test_every_public_name_can_be_had():
    for name in mien.__all__:
        assert getattr(mien, name) is not None
    assert set(mien.__all__) <= set(dir(mien))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        _ = mien.trian


def test_help_names_every_command_and_loads_next_to_nothing():
    code = "import sys; from mien.cli.main import main\ntry: main(['--help'])\nfinally: print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    told, _, modules = done.stdout.rstrip().rpartition("\n")
    assert not {"cyclopts", "rich", "numpy", "torch"} & set(modules.split())
    for name, (_, summary) in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(summary)}$", told, re.MULTILINE)


def test_every_command_of_the_readme_exists():
    named = set(re.findall(r"^mien (\w+)", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert named
    assert named <= set(COMMANDS)


@pytest.mark.parametrize("document", ["README.md", "ARCHITECTURE.md"])
def test_files_that_documents_name_exist(document):
    text = (ROOT / document).read_text()
    named = re.findall(
        r"`((?:mien|core|data|models|training|analysis|cli|docs|bench)/[\w/]+\.(?:py|md))`", text
    )
    named += re.findall(r"\b(docs/\w+\.md|ARCHITECTURE\.md)\b", text)
    assert named
    for name in named:
        assert any((base / name).is_file() for base in (ROOT, ROOT / "src", ROOT / "src/mien")), name


def test_every_source_file_says_what_it_is_and_stays_short():
    for file in (ROOT / "src").rglob("*.py"):
        lines = file.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 350, file
        assert lines, file
        assert lines[0].startswith('"""'), file
