"""What many tests share: small sets of faces, and one thread for torch."""

import numpy as np
import pytest

from mien.core.images import LabelledImages


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    import torch

    torch.set_num_threads(1)


def small_faces(count: int = 240, *, seed: int = 0, side: int = 48, classes: int = 3) -> LabelledImages:
    """Faces that a network can tell apart at once: each class is bright in rows of its own, under noise."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    pixels = random.integers(0, 120, (count, side, side))
    for row, label in enumerate(labels):
        pixels[row, label * side // classes : (label + 1) * side // classes] += 60
    parts = np.array(["train", "train", "train", "val", "test"])
    return LabelledImages(
        pixels=pixels.astype(np.uint8),
        labels=labels,
        ids=np.array([f"{row:05d}" for row in range(count)]),
        classes=tuple(f"class {k}" for k in range(classes)),
        split=parts[np.arange(count) // classes % 5],
        source="small faces",
    )


@pytest.fixture
def faces() -> LabelledImages:
    return small_faces()
