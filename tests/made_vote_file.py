"""A file of FER+ votes for given faces, whose ids are the rows of the file."""

from pathlib import Path

import numpy as np

from mien.core.images import LabelledImages

HEADER = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
_COLUMNS = ("neutral", "happy", "surprise", "sad", "angry", "disgust", "fear")


def vote_file(path: Path, faces: LabelledImages, seen: np.ndarray) -> Path:
    """Ten votes a face for one class: `seen` (n,), in the classes of the faces."""
    lines = [HEADER]
    for part, label in zip(faces.split.tolist(), seen.tolist(), strict=True):
        votes = [0] * 10
        votes[_COLUMNS.index(faces.classes[label])] = 10
        lines.append(f"{part},,{','.join(map(str, votes))}")
    path.write_text("\n".join(lines) + "\n")
    return path
