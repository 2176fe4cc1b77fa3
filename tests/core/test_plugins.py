"""Plug-ins are found by their file names, lazily, and an unknown name lists the known ones."""

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from mien.core.errors import ConfigError
from mien.core.plugins import plugin, plugin_names


@dataclass(frozen=True)
class Tool:
    """Another kind than the plug-ins of these tests are."""

    sides: int


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package with two plug-ins, a module that is none, one that fails on import, and a private one."""
    folder = tmp_path / "tools_of_a_test"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "hammer.py").write_text("PLUGIN = 2\n")
    (folder / "broken.py").write_text("raise RuntimeError('imported')\nPLUGIN: int = 3\n")
    (folder / "helper.py").write_text("# the PLUGIN of others\nNOT_PLUGIN = 1\n")
    (folder / "_private.py").write_text("PLUGIN = 4\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "tools_of_a_test"
    for name in [name for name in sys.modules if name.startswith("tools_of_a_test")]:
        del sys.modules[name]


def test_names_are_those_of_the_files_that_end_in_a_plugin(package: str) -> None:
    assert plugin_names(package) == ("broken", "hammer")


def test_nothing_is_imported_before_it_is_asked_for(package: str) -> None:
    plugin_names(package)
    assert plugin(package, "hammer", int) == 2
    assert f"{package}.broken" not in sys.modules


def test_an_unknown_name_lists_the_known_ones(package: str) -> None:
    with pytest.raises(ConfigError, match="no int is called 'saw'; there are broken, hammer"):
        plugin(package, "saw", int)


def test_a_plugin_of_another_kind_is_a_mistake_of_the_code(package: str) -> None:
    with pytest.raises(TypeError, match=r"hammer\.PLUGIN: expected Tool, got int"):
        plugin(package, "hammer", Tool)
