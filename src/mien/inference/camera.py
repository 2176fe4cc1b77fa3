"""A camera as footage: FFmpeg's own device readers, by platform, through PyAV."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mien.core.errors import ConfigError
from mien.inference.video import Video, pyav

_READERS = {"linux": "v4l2", "darwin": "avfoundation", "win32": "dshow"}


@dataclass(frozen=True)
class Device:
    """What FFmpeg opens: its reader of devices, and the name that this reader knows a camera by."""

    reader: str
    name: str


@contextmanager
def open_camera(which: str) -> Iterator[Video]:
    """The camera of a number from 0, or of the system's own name; its time begins with its first frame.

    Raises ConfigError, with the cameras there are, where it cannot be opened; MissingExtra without PyAV.
    """
    av = pyav()
    device = device_of(which, sys.platform)
    try:
        container = av.open(device.name, format=device.reader)
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(
            f"camera {which}: {device.name} cannot be opened ({reason}); {_known(av, device.reader)}"
        ) from error
    with container:
        yield Video(container, f"camera {which}")


def device_of(which: str, platform: str) -> Device:
    """What a number or a name means on a platform (sys.platform); ConfigError where mien knows no way.

    >>> device_of("0", "linux"), device_of("/dev/video2", "linux")
    (Device(reader='v4l2', name='/dev/video0'), Device(reader='v4l2', name='/dev/video2'))
    """
    if platform not in _READERS:
        raise ConfigError(
            f"--camera: cameras can be read on Linux, macOS and Windows, and this is {platform}"
        )
    reader = _READERS[platform]
    if reader == "v4l2":
        return Device(reader, f"/dev/video{which}" if which.isdecimal() else which)
    if reader == "avfoundation":
        return Device(reader, f"{which}:none")  # without sound
    return Device(reader, f"video={_nth(which)}")


def _nth(which: str) -> str:
    """DirectShow knows cameras by name: the name of the one of this number."""
    names = _names(pyav(), "dshow") if which.isdecimal() else []
    return names[int(which)] if which.isdecimal() and int(which) < len(names) else which


def _known(av: Any, reader: str) -> str:
    names = _names(av, reader) or sorted(map(str, Path("/dev").glob("video*")) if reader == "v4l2" else [])
    return f"there are: {', '.join(names)}" if names else "no camera was found"


def _names(av: Any, reader: str) -> list[str]:
    try:
        return [each.name for each in av.enumerate_input_devices(reader) if "video" in each.media_types]
    except (av.FFmpegError, OSError, ValueError, AttributeError):  # not every build can list them
        return []
