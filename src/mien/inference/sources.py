"""Which pictures and videos a job reads: files, folders with all below them, and globs; and its share of them."""

import glob
import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from mien.core.errors import ConfigError, MissingExtra
from mien.data.pictures import SUFFIXES
from mien.inference import video

_GLOB = frozenset("*?[")
_ARCHIVER_S = "__MACOSX"  # where macOS keeps what is no picture under the names of pictures
_LONGEST_SHARE = 40  # characters


@dataclass(frozen=True)
class Source:
    """A picture or a video to read.

    path      where it lies
    key       its path below the folder that was named: the same on every machine that has the folder somewhere
    is_video  whether it is watched, or else looked at
    """

    path: Path
    key: str
    is_video: bool = False

    @property
    def name(self) -> str:
        """The path as results spell it: forward slashes, one line, valid UTF-8."""
        plain = self.path.as_posix().encode("utf-8", "backslashreplace").decode()
        return plain.replace("\n", "\\n").replace("\r", "\\r").replace("\0", "\\0")

    @property
    def place(self) -> PurePath:
        """Where below a folder of results something of this picture goes: its path, without what leads upwards."""
        parts = PurePath(self.name).parts[bool(self.path.anchor) :]
        return PurePath(*("up" if part == ".." else part for part in parts))


@dataclass(frozen=True)
class Shard:
    """One share of a job that is split over machines: `number` of `total`, from 1.

    A picture's share follows from its path below the folder, so it stays the same when pictures are added.
    """

    number: int = 1
    total: int = 1

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Read "3/16"; ConfigError where it is something else.

        >>> Shard.parse("3/16")
        Shard(number=3, total=16)
        """
        number, _, total = text.partition("/")
        plain = len(text) <= _LONGEST_SHARE and number.isdecimal() and total.isdecimal()
        if not (plain and 1 <= int(number) <= int(total)):
            shown = text[:_LONGEST_SHARE]
            raise ConfigError(f"shard: expected a share such as 3/16, the first being 1/16, got '{shown}'")
        return cls(int(number), int(total))

    def has(self, source: Source) -> bool:
        """Whether a picture is part of this share."""
        return zlib.crc32(source.key.encode("utf-8", "surrogateescape")) % self.total == self.number - 1


def expand(words: Sequence[str], *, without: Sequence[Path] = ()) -> list[Source]:
    """The pictures and videos that words name, each once, in the order of the words, sorted within a folder or a glob.

    Of folders and globs, hidden files and files named as neither are passed over, and the folders in `without`.
    A single file is taken whatever its name; whether it can be read shows when it is. It is a video where its name ends
    as one, or ends as neither and PyAV reads it.

    Raises ConfigError where nothing is found.
    """
    if not all(words):
        raise ConfigError("expected photos, videos, folders or globs to read, got an empty name")
    if not words:
        raise ConfigError("expected photos, videos, folders or globs to read, got none")
    hidden = {path.resolve() for path in without}
    named = (source for word in words for source in _named(word, hidden))
    unique = list({source.name: source for source in named}.values())
    if not unique:
        known = ", ".join(SUFFIXES + video.SUFFIXES)
        raise ConfigError(f"no pictures or videos ({known}) in {', '.join(words)}")
    return unique


def readable(sources: Sequence[Source]) -> tuple[list[Source], str]:
    """The sources that can be read with what is installed, and a line about the others; empty where there are none.

    Raises MissingExtra where all are videos and PyAV is not installed.
    """
    videos = sum(source.is_video for source in sources)
    if not videos:
        return list(sources), ""
    try:
        video.pyav()
    except MissingExtra as error:
        if videos == len(sources):
            raise
        left_out = "1 video was" if videos == 1 else f"{videos:,} videos were"
        return [source for source in sources if not source.is_video], f"{left_out} left out: {error}"
    return list(sources), ""


def _named(word: str, hidden: set[Path]) -> list[Source]:
    path = Path(word)
    if _is_folder(path):
        return list(_below(path, path, hidden))
    if not _GLOB & set(word) or _exists(path):
        return [Source(path, path.name, _is_video(path))]
    matches = [Path(match) for match in sorted(glob.glob(word, recursive=True))]  # noqa: PTH207, it may be absolute
    if not matches:
        raise ConfigError(f"nothing matches {word}")
    return [source for match in matches for source in _matched(match, hidden)]


def _matched(match: Path, hidden: set[Path]) -> Iterator[Source]:
    """What a match of a glob stands for: all below a folder, a picture or video, or nothing."""
    if _ARCHIVER_S in match.parts or hidden & set(match.resolve().parents):
        return
    if _is_folder(match):
        yield from _below(match, match, hidden)
    elif _is_wanted(match.name):
        yield Source(match, match.as_posix(), video.named_as_video(match.name))


def _is_video(path: Path) -> bool:
    """Of a file that was named itself, whatever its ending."""
    return video.named_as_video(path.name) or (not _named_as_picture(path.name) and video.is_video(path))


def _named_as_picture(name: str) -> bool:
    return name.lower().endswith(SUFFIXES)


def _is_wanted(name: str) -> bool:
    return _named_as_picture(name) or video.named_as_video(name)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that is too long, or no permission: reading it will say so
        return False


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return True


def _below(folder: Path, root: Path, hidden: set[Path]) -> Iterator[Source]:
    """Pictures and videos below a folder; links to folders are not followed, as they may lead in circles."""
    if folder.resolve() in hidden:
        return
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be listed ({error.strerror})") from error
    for entry in entries:
        if entry.name.startswith((".", _ARCHIVER_S)):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _below(folder / entry.name, root, hidden)
        elif _is_wanted(entry.name) and _is_file(entry):
            path = folder / entry.name
            yield Source(path, path.relative_to(root).as_posix(), video.named_as_video(entry.name))


def _is_file(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_file()
    except OSError:  # such as a link to itself: reading it will say so
        return True
