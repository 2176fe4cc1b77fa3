"""The cache of these tests lies in a folder of their own."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder, not yet made."""
    folder = tmp_path / "own-cache"
    monkeypatch.setenv("MIEN_CACHE", str(folder))
    return folder
