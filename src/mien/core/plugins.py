"""Plug-ins: modules of a package that end in a constant PLUGIN; the file name is the name that users type."""

import importlib
import re
from functools import cache
from importlib.resources import files
from typing import TypeVar

from mien.core.errors import ConfigError

Plugin = TypeVar("Plugin")

_ENDS_IN_PLUGIN = re.compile(r"^PLUGIN\b", re.MULTILINE)


@cache
def plugin_names(package: str) -> tuple[str, ...]:
    """Names of the plug-ins in a package, sorted; their text is looked at, none of them is imported."""
    found = [file for file in files(package).iterdir() if file.name.endswith(".py") and file.name[0] != "_"]
    return tuple(
        sorted(file.name[:-3] for file in found if _ENDS_IN_PLUGIN.search(file.read_text(encoding="utf-8")))
    )


def plugin(package: str, name: str, kind: type[Plugin]) -> Plugin:
    """The PLUGIN of one module of a package, imported now.

    Raises ConfigError, with the known names, where the package has no plug-in of that name.
    """
    known = plugin_names(package)
    if name not in known:
        raise ConfigError(f"no {kind.__name__.lower()} is called '{name}'; there are {', '.join(known)}")
    found = importlib.import_module(f"{package}.{name}").PLUGIN
    if not isinstance(found, kind):
        raise TypeError(f"{package}.{name}.PLUGIN: expected {kind.__name__}, got {type(found).__name__}")
    return found
