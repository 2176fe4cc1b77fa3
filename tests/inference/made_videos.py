"""Tiny videos that tests make themselves with PyAV, and footage that needs no file."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from mien.data.drawn import draw
from mien.inference.video import Frame

FRAMES_A_SECOND = 10


def rgb_faces(count: int, side: int = 64, seed: int = 3) -> np.ndarray:
    """Drawn faces as frames, uint8 (count, side, side, 3); each stands for four frames."""
    grey = draw(-(-count // 4), seed=seed).faces.pixels.repeat(4, axis=0)[:count]
    framed = np.pad(grey, ((0, 0), (0, side - 48), (0, side - 48)), mode="edge")
    return np.repeat(framed[..., None], 3, axis=3)


def write_video(
    path: Path,
    frames: np.ndarray,
    *,
    seconds: list[float] | None = None,
    codec: str = "mpeg4",
    turned: int = 0,
    mirrored: bool = False,
    ratio: Fraction | None = None,
    broken: tuple[int, ...] = (),
    options: dict[str, str] | None = None,
) -> Path:
    """Frames as a video of ten a second, or at these times; those in `broken` are rubbish in the file."""
    av = pytest.importorskip("av", reason="PyAV is not installed (extra video)")
    with av.open(str(path), "w", options=options or {}) as container:
        stream = container.add_stream(codec, rate=FRAMES_A_SECOND)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        stream.gop_size = 1
        stream.codec_context.time_base = Fraction(1, 1000)
        if codec == "mpeg4":
            stream.bit_rate = 8_000_000
        if ratio:
            stream.codec_context.sample_aspect_ratio = ratio
        if turned or mirrored:
            stream.set_display_rotation(turned, hflip=mirrored)
        for number, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            at = seconds[number] if seconds else number / FRAMES_A_SECOND
            frame.pts, frame.time_base = round(1000 * at), Fraction(1, 1000)
            for packet in stream.encode(frame):
                container.mux(_rubbish(av, packet) if number in broken else packet)
        container.mux(stream.encode(None))
    return path


def _rubbish(av, packet):
    """A packet of the same time that no decoder reads."""
    made = av.Packet(b"\x55" * 40)
    made.pts, made.dts, made.time_base, made.stream = packet.pts, packet.dts, packet.time_base, packet.stream
    made.is_keyframe = True
    return made


class MadeFootage:
    """Frames from an array, as many times over as wanted: what a camera or a file would give."""

    length = None

    def __init__(
        self, frames: np.ndarray, *, a_second: int = FRAMES_A_SECOND, until: BaseException | None = None
    ):
        self.pixels, self.a_second, self.until = frames, a_second, until
        self.broken = 0
        self.read = 0

    def frames(self) -> Iterator[Frame]:
        for number, pixels in enumerate(self.pixels):
            self.read += 1
            yield Frame(number=number, seconds=number / self.a_second, read=lambda pixels=pixels: pixels)
        if self.until:
            raise self.until
