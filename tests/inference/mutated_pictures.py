"""Picture files as the world damages them. 2,000 are in the suite; as many as you like, by one command:

    python -m tests.inference.mutated_pictures 20000

prints how many of each kind were read and refused, the slowest, and how much memory came to be used, and ends with exit
code 1 where one took over 2 s, memory grew by 64 MiB or more, or a picture was read wrongly.
"""

import io
import struct
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from mien.core.errors import DataError
from mien.data.drawn import draw
from mien.inference.recogniser import Recogniser

MOST_SECONDS, MOST_MEBIBYTES = 2.0, 64
SUFFIXES = ("png", "jpg", "txt")
FURTHEST = 12  # grey values, on average, that a lossy file may be off
_KINDS = ("PNG", "JPEG", "WEBP", "BMP")


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


def cut_short(picture: Image.Image, kind: str, random: np.random.Generator) -> bytes:
    content = written(picture, kind)
    return content[: random.integers(0, len(content))]


def bits_turned(picture: Image.Image, kind: str, random: np.random.Generator) -> bytes:
    content = bytearray(written(picture, kind))
    for place in random.integers(0, len(content), random.integers(1, 20)):
        content[place] ^= 1 << random.integers(8)
    return bytes(content)


def promising_much(_picture: Image.Image, _kind: str, random: np.random.Generator) -> bytes:
    return png_that_claims(*random.choice([1, 48, 9_000, 100_000, 2**31 - 1], 2).tolist())


def mixed_up(picture: Image.Image, kind: str, random: np.random.Generator) -> bytes:
    content = bytearray(written(picture, kind))
    start = random.integers(0, len(content))
    content[start : start + 50] = random.bytes(random.integers(0, 100))
    return bytes(content)


def tiny(picture: Image.Image, kind: str, random: np.random.Generator) -> bytes:
    return written(picture.resize(random.integers(1, 4, 2).tolist()), kind)


def something_else(picture: Image.Image, kind: str, random: np.random.Generator) -> bytes:
    return bytes(random.choice([b"hello", b"", b"%PDF-1.4", b"GIF89a"])) + written(picture, kind)[::2]


def whole(picture: Image.Image, kind: str, _random: np.random.Generator) -> bytes:
    return written(picture, kind)


def animated(picture: Image.Image, kind: str, random: np.random.Generator) -> bytes:
    others = [picture.rotate(90 * turn) for turn in range(1, random.integers(2, 5))]
    kind = kind if kind in ("PNG", "WEBP") else "PNG"
    return written(picture, kind, save_all=True, append_images=others, duration=40)


def cmyk(picture: Image.Image, _kind: str, _random: np.random.Generator) -> bytes:
    return written(picture.convert("CMYK"), "JPEG", quality=95)


def sixteen_bits(picture: Image.Image, _kind: str, _random: np.random.Generator) -> bytes:
    grey = np.asarray(picture.convert("L")).astype(np.uint16)
    return written(Image.fromarray(grey * 257), "PNG")


def huge_exif(picture: Image.Image, kind: str, random: np.random.Generator) -> bytes:
    """As much as the format allows, or 1 MB."""
    exif = Image.Exif()
    exif[0x010E] = "x" * (60_000 if kind == "JPEG" else 1_000_000)  # a description
    exif[0x0112] = int(random.choice([0, 1, 9, 77]))  # upright, or an orientation that there is not
    return written(picture, "PNG" if kind == "BMP" else kind, exif=exif.tobytes())


def polyglot(picture: Image.Image, kind: str, random: np.random.Generator) -> bytes:
    """A picture that is something else, too, to who reads files from their end or looks for a mark in them."""
    marks = [
        b"PK\x05\x06" + bytes(18),
        b"%PDF-1.4\n%%EOF",
        b"<script>alert(1)</script>",
        b"GIF89a" + bytes(20),
    ]
    return written(picture, kind) + bytes(random.choice(np.array(marks, dtype=object)))


Mutation = Callable[[Image.Image, str, np.random.Generator], bytes]
DAMAGED: tuple[Mutation, ...] = (cut_short, bits_turned, promising_much, mixed_up, tiny, something_else)
INTACT: tuple[Mutation, ...] = (whole, animated, cmyk, sixteen_bits, huge_exif, polyglot)
MUTATIONS = (*DAMAGED, *INTACT)


def mutation(number: int) -> Mutation:
    """What happens to this one."""
    return MUTATIONS[number // 8 % len(MUTATIONS)]


def mutated(drawn: np.ndarray, number: int) -> bytes:
    """Drawn faces as files, and what becomes of files: damaged, made to promise much, or odd but whole."""
    random = np.random.default_rng(number)
    picture = Image.fromarray(drawn[number % len(drawn)]).convert(("L", "RGB")[number // 4 % 2])
    return mutation(number)(picture, _KINDS[number % 4], random)


def is_right(drawn: np.ndarray, number: int, grey: np.ndarray) -> bool:
    """Whether grey values (h, w) are the drawn face, where the file is whole; of damaged ones any picture is right."""
    if mutation(number) in DAMAGED:
        return True
    face = drawn[number % len(drawn)].astype(int)
    return grey.shape == face.shape and bool(np.abs(grey - face).mean() < FURTHEST)


def main(count: int) -> None:
    """Predict so many, each as a file that may have the wrong ending; tell what came of them."""
    import resource  # not on Windows

    drawn = draw(12, seed=3).faces.pixels
    recogniser = Recogniser(detector="whole", threads=1)
    recogniser.predict(drawn[0])  # what is loaded at the first face is no growth
    ended: Counter[str] = Counter()
    slowest, before = 0.0, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            path = Path(folder) / f"picture.{SUFFIXES[number % 3]}"
            path.write_bytes(mutated(drawn, number))
            started = time.perf_counter()
            said = outcome(recogniser, path, drawn, number)
            slowest = max(slowest, time.perf_counter() - started)
            ended[f"{mutation(number).__name__} {said}"] += 1
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    lines = [f"{name.replace('_', ' '):<28} {times:>7,}" for name, times in sorted(ended.items())]
    print("\n".join(lines), f"\n{count:,} pictures, slowest {slowest:.2f} s, {grown:.0f} MiB more memory")  # noqa: T201
    wrong = sum(times for name, times in ended.items() if name.endswith("wrong"))
    sys.exit(int(wrong > 0 or slowest > MOST_SECONDS or grown >= MOST_MEBIBYTES))


def outcome(recogniser: Recogniser, path: Path, drawn: np.ndarray, number: int) -> str:
    """What came of a file; anything but an answer or a DataError of one line that names it goes up."""
    try:
        seen = recogniser.look(path)
        (faces,) = recogniser.judge([seen])
    except DataError as error:
        named = str(path) in str(error) and "\n" not in str(error)
        return "refused" if named and mutation(number) in DAMAGED else "wrong"
    return "read" if len(faces) == 1 and is_right(drawn, number, seen.crops[0]) else "wrong"


if __name__ == "__main__":
    main(int(sys.argv[1]))
