"""Memory of watching a video, however long: peak resident memory of `mien predict`, one process a row.

    python bench/video_memory.py MODEL.onnx [FRAMES ...]

Made videos of 320x240, 25 frames a second, a drawn face in each frame, H.264 where this FFmpeg has it; --faces whole.
The peak of a process that only imports what is needed and opens the network comes first.
"""

import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

WIDTH, HEIGHT, A_SECOND = 320, 240, 25
ROWS = {
    "0.2 s": ("--every", "0.2"),
    "every frame": ("--every", "0"),
    "0.2 s, annotated": ("--annotate", "{folder}"),
}
# Linux counts the peak of the process that started this one in, too, in ru_maxrss; VmHWM is the process's own.
CHILD = """
import sys
from pathlib import Path
from mien.cli.predict import predict
model, out, *words = sys.argv[1:]
options = dict(zip(words[1::2], words[2::2]))
if words:
    predict(words[0], model=Path(model), faces="whole", threads=1, out=Path(out), every=options.get("--every", "0.2"),
            annotate=Path(options["--annotate"]) if "--annotate" in options else None)
else:
    import av
    from mien.inference.recogniser import Recogniser
    Recogniser(model, "whole", threads=1)
status = Path("/proc/self/status").read_text()
print(int(status.partition("VmHWM:")[2].split()[0]) // 1024, file=sys.stderr)
"""


def write_video(path: Path, frames: int) -> None:
    """A drawn face that wanders from left to right."""
    import av
    import numpy as np
    from PIL import Image

    from mien.data.drawn import draw

    faces = [Image.fromarray(face).resize((200, 200)) for face in draw(20).faces.pixels]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("h264" if "libx264" in av.codecs_available else "mpeg4", rate=A_SECOND)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(frames):
            picture = Image.new("RGB", (WIDTH, HEIGHT), (90, 100, 110))
            picture.paste(faces[number // 50 % len(faces)], (number % (WIDTH - 200), 20))
            frame = av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, A_SECOND)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def peak(model: str, out: Path, *words: str) -> tuple[int, float]:
    """MiB at most, and seconds, of a process of its own."""
    started = time.perf_counter()
    command = [sys.executable, "-c", CHILD, model, str(out), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stderr.split()[-1]), time.perf_counter() - started


def main(model: str, *counts: str) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"opened, nothing read: {peak(model, folder / 'none')[0]} MiB\n")
        print("| frames | analysed | peak MiB | seconds |\n|---|---|---|---|")
        for count in map(int, counts or ("200", "2000")):
            video = folder / f"{count}.mp4"
            write_video(video, count)
            for row, words in ROWS.items():
                spelled = [word.format(folder=folder / "kept") for word in words]
                mebibytes, seconds = peak(model, folder / f"{count}-{row}.jsonl", str(video), *spelled)
                print(f"| {count:,} | {row} | {mebibytes} | {seconds:.1f} |", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
