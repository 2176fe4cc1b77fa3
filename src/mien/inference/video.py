"""A video as frames, decoded one at a time, each with its own time; broken ones are counted and left out."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import numpy as np

from mien.core.errors import DataError, MissingExtra
from mien.core.images import Uint8
from mien.data._bad import BadPlaceError
from mien.data.pictures import MOST_PIXELS
from mien.inference.frame_times import Clock
from mien.inference.photo import existing
from mien.inference.upright import Matrix, upright

SUFFIXES = (
    ".mp4", ".m4v", ".mov", ".3gp", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".mts", ".m2ts", ".wmv",
    ".flv", ".ogv", ".gif",
)  # fmt: skip
# FFmpeg's readers of containers, and no others: some of the rest read text as video, or open what a playlist names.
_READERS = "mov,matroska,avi,mpeg,mpegts,asf,flv,ogg,gif,mxf,dv"
_MOST_FAILURES = 100  # of reading on after damage: then the rest is given up
_WIDEST = 4  # times: what claims pixels wider or narrower than this is damaged


@dataclass(frozen=True, kw_only=True, eq=False)
class Frame:
    """One frame: its number from 0, seconds since the start, and what reads its pixels, upright RGB (h, w, 3)."""

    number: int
    seconds: float
    read: Callable[[], Uint8]


class Footage(Protocol):
    """Anything that is watched: a video file, a camera, made frames.

    length  seconds; None where they are not known beforehand
    broken  frames that were left out so far
    """

    @property
    def length(self) -> float | None: ...

    @property
    def broken(self) -> int: ...

    def frames(self) -> Iterator[Frame]:
        """Every frame that can be decoded, in order of time."""
        ...


class Video:
    """Footage that FFmpeg reads, through PyAV; made by open_video or open_camera."""

    def __init__(self, container: Any, name: str) -> None:
        self.broken = 0
        self._container = container
        self._stream = _moving_pictures(container, name)
        self._stream.thread_type = "SLICE"  # frame threads would hold frames back, and lose them at damage
        step = 1 / Fraction(self._stream.average_rate or 25)
        self._clock = Clock(start=_start(container, self._stream), step=step)
        self._name = name
        self._shape: _Shape | None = None

    @property
    def length(self) -> float | None:
        """Seconds that the file says it lasts; None where it does not say."""
        duration: int | None = self._container.duration
        return duration / 1e6 if duration and duration > 0 else None

    def frames(self) -> Iterator[Frame]:
        """Every frame that can be decoded, in order of time; numbers count the broken ones in."""
        number = 0
        for packet in self._packets():
            for decoded in self._decoded(packet):
                stamp = None if decoded.pts is None else decoded.pts * decoded.time_base
                seconds = self._clock.seconds(stamp)
                read = partial(self._pixels, self._shape_of(decoded), decoded)
                yield Frame(number=number + self.broken, seconds=seconds, read=read)
                number += 1

    def _shape_of(self, decoded: Any) -> "_Shape":
        self._shape = self._shape or _Shape.of(decoded, self._stream.sample_aspect_ratio)
        return self._shape

    def _pixels(self, shape: "_Shape", decoded: Any) -> Uint8:
        try:
            return shape.pixels(decoded)
        except (pyav().FFmpegError, ValueError, MemoryError) as error:
            raise DataError(f"{self._name}: its pixels cannot be turned into RGB ({error})") from error

    def _packets(self) -> Iterator[Any]:
        """What the decoder reads, past damage in the file as far as can be."""
        for _ in range(_MOST_FAILURES):
            read_on = False
            try:
                for packet in self._container.demux(self._stream):
                    read_on = True
                    yield packet
                return
            except (pyav().FFmpegError, OSError):
                self.broken += read_on  # once for one place, however often it is tried

    def _decoded(self, packet: Any) -> list[Any]:
        try:
            frames = packet.decode()
        except (pyav().FFmpegError, OSError):
            self.broken += 1
            return []
        whole = [
            frame for frame in frames if not frame.is_corrupt and frame.width * frame.height <= MOST_PIXELS
        ]
        self.broken += len(frames) - len(whole)
        return whole


@dataclass(frozen=True)
class _Shape:
    """How decoded frames become upright pictures of one size, that of the first: some streams change theirs."""

    width: int
    height: int
    matrix: Matrix | None

    @classmethod
    def of(cls, decoded: Any, ratio: Fraction | None) -> "_Shape":
        """Of the first frame; where its pixels are not square it is stretched to what players show."""
        from av.sidedata.sidedata import Type

        held = decoded.side_data.get(Type.DISPLAYMATRIX)
        matrix = None if held is None else np.frombuffer(bytes(held), dtype=np.int32)
        return cls(_square_width(decoded.width, ratio), decoded.height, matrix)

    def pixels(self, decoded: Any) -> Uint8:
        return upright(decoded.to_ndarray(format="rgb24", width=self.width, height=self.height), self.matrix)


def _square_width(width: int, ratio: Fraction | None) -> int:
    """As many square pixels as show what pixels of this ratio of width to height show."""
    return round(width * ratio) if ratio and 1 / _WIDEST <= ratio <= _WIDEST else width


@contextmanager
def open_video(path: Path) -> Iterator[Video]:
    """The video of a file; DataError where it is none, MissingExtra where PyAV is not installed."""
    with ExitStack() as held:
        yield _opened(path, held)


def _opened(path: Path, held: ExitStack) -> Video:
    av = pyav()
    try:
        file = held.enter_context(existing(path).open("rb"))
        container = held.enter_context(av.open(file, options={"format_whitelist": _READERS}))
        return Video(container, str(path))
    except BadPlaceError as error:
        raise DataError(f"{path}: {error}") from error
    except (av.FFmpegError, OSError) as error:
        raise DataError(
            f"{path}: expected a video ({_kinds()}), got something else or only a part"
        ) from error


def is_video(path: Path) -> bool:
    """Whether a file named as neither a picture nor a video is a video; False where PyAV is not there to tell."""
    try:
        with open_video(path):
            return True
    except (DataError, MissingExtra):
        return False


def named_as_video(name: str) -> bool:
    """Whether a file's name ends as that of a video.

    >>> named_as_video("a/clip.MP4"), named_as_video("photo.jpg")
    (True, False)
    """
    return name.lower().endswith(SUFFIXES)


def _kinds() -> str:
    return ", ".join(ending.removeprefix(".") for ending in SUFFIXES)


def _moving_pictures(container: Any, name: str) -> Any:
    """The first stream of moving pictures; the cover of a song is a picture, too, but does not move."""
    from av.stream import Disposition

    streams = [each for each in container.streams.video if not each.disposition & Disposition.attached_pic]
    if not streams:
        raise DataError(f"{name}: expected a video, got a file without moving pictures")
    width, height = streams[0].codec_context.width, streams[0].codec_context.height
    if width * height > MOST_PIXELS:
        raise DataError(f"{name}: expected frames of at most {MOST_PIXELS:,} pixels, got {width}x{height}")
    return streams[0]


def _start(container: Any, stream: Any) -> Fraction | None:
    """When players begin to count, by the file's own clock: where the first of its streams begins."""
    begins = []
    if stream.start_time is not None:
        begins.append(stream.start_time * stream.time_base)
    if container.start_time is not None and container.streams.audio:
        begins.append(Fraction(container.start_time, 1_000_000))
    return min(begins, default=None)


def pyav() -> ModuleType:
    """PyAV; MissingExtra where it is not installed."""
    try:
        import av
    except ImportError as error:
        raise MissingExtra("av", "video", "reading videos and cameras") from error
    return av
