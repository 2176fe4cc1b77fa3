"""Picture files as the world damages them; many by one command: python -m tests.inference.mutated_pictures 20000"""

import io
import struct
import sys
import time
import zlib
from collections import Counter

import numpy as np
from PIL import Image

from mien.core.errors import DataError
from mien.data.drawn import draw
from mien.inference.photo import read_photo


def written(picture: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header promises this size."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def mutated(drawn: np.ndarray, number: int) -> bytes:
    """Drawn faces as files, and what becomes of files: cut short, bits turned, mixed up, or made to promise much."""
    random = np.random.default_rng(number)
    kind = ("PNG", "JPEG", "WEBP", "BMP")[number % 4]
    picture = Image.fromarray(drawn[number % len(drawn)]).convert(("L", "RGB")[number // 4 % 2])
    content = bytearray(written(picture, kind))
    match number // 8 % 6:
        case 0:
            del content[random.integers(0, len(content)) :]
        case 1:
            for place in random.integers(0, len(content), random.integers(1, 20)):
                content[place] ^= 1 << random.integers(8)
        case 2:
            content = bytearray(
                png_that_claims(*random.choice([1, 48, 9_000, 100_000, 2**31 - 1], 2).tolist())
            )
        case 3:
            start = random.integers(0, len(content))
            content[start : start + 50] = random.bytes(random.integers(0, 100))
        case 4:
            content = bytearray(written(picture.resize(random.integers(1, 4, 2).tolist()), kind))
        case _:
            content = bytearray(random.choice([b"hello", b"", b"%PDF-1.4", b"GIF89a"])) + content[::2]
    return bytes(content)


def main(count: int) -> None:
    """Read so many; say how many were read and refused, the slowest, and how much memory came to be used."""
    import resource  # not on Windows

    drawn = draw(12, seed=3).faces.pixels
    ended: Counter[str] = Counter()
    slowest, before = 0.0, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(count):
        content = io.BytesIO(mutated(drawn, number))
        started = time.perf_counter()
        try:
            read_photo(content)
            ended["read"] += 1
        except DataError:
            ended["refused"] += 1
        slowest = max(slowest, time.perf_counter() - started)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{dict(ended)}, slowest {slowest:.2f} s, {grown:.0f} MiB more memory")  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]))
