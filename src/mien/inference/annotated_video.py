"""A video with its faces marked, written frame by frame: the same frames at the same times, without sound."""

from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from mien.core.errors import ConfigError
from mien.inference.video_overlay import VideoOverlay
from mien.inference.watching import Moment

TICK = Fraction(
    1, 60_000
)  # second: exact for 24, 25, 30, 50, 60 and 29.97 frames; MPEG-4 allows up to 1/65,535
ENCODERS = ("libx264", "libopenh264", "mpeg4")  # H.264 where this build of FFmpeg has it, or else MPEG-4
_THREADS = 2  # each holds frames in memory


class AnnotatedVideo:
    """The marked copy of a video, `path` with .mp4 added; made in a `with`, complete when that is left.

    Every frame of the video is in it. Those between analysed ones show the faces of the last of these, so with
    `--every 0.2s` a box lags by up to 0.2 s. ConfigError where it cannot be written.
    """

    def __init__(self, path: Path, classes: int) -> None:
        self.path = path.with_name(path.name + ".mp4")
        self._classes = classes
        self._overlay: VideoOverlay | None = None
        self._container: Any = None
        self._stream: Any = None
        self._last = -1

    def __enter__(self) -> Self:
        return self

    def add(self, moment: Moment) -> None:
        """The next frame."""
        rgb = moment.frame.read()
        try:
            overlay = self._overlay or self._begin(rgb.shape[:2])
            if moment.analysed:
                overlay.show(moment.faces)
            self._encode(overlay.marked(rgb), moment.frame.seconds)
        except OSError as error:
            raise ConfigError(f"{self.path}: cannot be written ({error.strerror or error})") from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Also of a video that was interrupted there is a file that plays."""
        if self._container is None:
            return
        try:
            self._container.mux(self._stream.encode(None))
            self._container.close()
        except OSError as failed:
            raise ConfigError(f"{self.path}: cannot be written ({failed.strerror or failed})") from failed

    def _begin(self, shape: tuple[int, int]) -> VideoOverlay:
        import av

        self._overlay = VideoOverlay(shape, self._classes)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._container = av.open(str(self.path), "w", format="mp4")
        self._stream = _stream(self._container, self._overlay.size)
        return self._overlay

    def _encode(self, picture: Any, seconds: float) -> None:
        import av

        frame = av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24")
        self._last = max(round(seconds / TICK), self._last + 1)
        frame.pts, frame.time_base = self._last, TICK
        self._container.mux(self._stream.encode(frame))


def _stream(container: Any, size: tuple[int, int]) -> Any:
    encoder = next(name for name in ENCODERS if _has(name))
    stream = container.add_stream(
        encoder, rate=25, options={"preset": "veryfast"} if encoder == "libx264" else {}
    )
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    context = stream.codec_context
    context.time_base = TICK  # the times that frames have; the rate above is only a hint
    context.thread_count = _THREADS
    if encoder != "libx264":  # that one keeps a quality; the others, a rate
        context.bit_rate = 4 * size[0] * size[1]
    return stream


def _has(encoder: str) -> bool:
    import av

    try:
        av.Codec(encoder, "w")
    except ValueError:  # UnknownCodecError
        return False
    return True
