"""Recognising what lies at a path, and the cache: never stale, never in the way."""

import os
from pathlib import Path

import numpy as np
import pytest

from mien.core.errors import DataError
from mien.core.plugins import plugin_names
from mien.data import _cache, fer2013_csv
from mien.data.load import load, read


def written(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(["emotion,pixels,Usage", *rows]) + "\n")
    return path


GOOD = ("0,1 2 3 4,Training", "1,5 6 7 8,PublicTest")


@pytest.fixture
def everything_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small files are kept, too."""
    monkeypatch.setattr(_cache, "SMALLEST", 0)


def never_read(path: Path) -> None:
    raise AssertionError(f"{path} was read again")


def forbid_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on faces can only come from the cache."""
    monkeypatch.setattr(fer2013_csv, "read", never_read)
    monkeypatch.setattr(
        fer2013_csv,
        "PLUGIN",
        fer2013_csv.Format(recognised_by="", recognises=lambda *_: True, read=never_read, cached=True),
    )


@pytest.mark.parametrize(
    "content", [b"hello", b"PK\x03\x04 no archive", b"\x89PNG\r\n\x1a\n", b"0,1 2 3 4,Training\n"]
)
def test_what_is_not_recognised_lists_the_formats(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "faces.csv"
    path.write_bytes(content)
    with pytest.raises(DataError) as stopped:
        load(path)
    assert str(path) in str(stopped.value)
    for name in plugin_names("mien.data"):
        assert f"{name}: " in str(stopped.value)


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.csv: no such file or folder"):
        load(tmp_path / "gone.csv")


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "faces.csv").touch()
    with pytest.raises(DataError, match=r"faces\.csv: is empty"):
        load(tmp_path / "faces.csv")


def test_a_folder_without_pictures_is_named_with_the_file_that_may_be_meant(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a folder without pictures"):
        load(tmp_path)
    written(tmp_path / "fer2013.csv", *GOOD)
    with pytest.raises(DataError, match=r"it holds fer2013\.csv: give that file\?"):
        load(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="expected a file or a folder"):
        load(tmp_path / "pipe")


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may read everything"
)
def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    path = written(tmp_path / "faces.csv", *GOOD)
    path.chmod(0)
    with pytest.raises(DataError, match=r"faces\.csv: cannot be read \(Permission denied\)"):
        load(path)


def test_a_path_may_be_text_with_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path / "faces.csv", *GOOD)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert len(load("~/faces.csv")) == 2


@pytest.mark.usefixtures("everything_cached")
def test_the_second_reading_comes_from_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "faces.csv", *GOOD, "2,1 2 x 4,Training")
    first = read(path, skip_bad=True)
    forbid_reading(monkeypatch)
    again = read(path, skip_bad=True)
    assert again.faces.digest == first.faces.digest
    assert again.bad == first.bad
    assert again.faces.source == str(path)
    with pytest.raises(DataError, match="line 4"):
        load(path)


@pytest.mark.usefixtures("everything_cached")
def test_the_same_content_under_another_name_comes_from_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "faces.csv", *GOOD)
    first = load(path)
    path.rename(tmp_path / "moved.csv")
    forbid_reading(monkeypatch)
    assert load(tmp_path / "moved.csv").digest == first.digest
    assert load(tmp_path / "moved.csv").source == str(tmp_path / "moved.csv")


@pytest.mark.usefixtures("everything_cached")
def test_changed_content_is_never_stale_even_with_the_same_size_and_dates(tmp_path: Path) -> None:
    path = written(tmp_path / "faces.csv", *GOOD)
    load(path)
    before = path.stat()
    written(path, GOOD[0].replace("1 2 3 4", "1 2 3 9"), GOOD[1])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert load(path).pixels[0].tolist() == [[1, 2], [3, 9]]


def test_content_counts_in_every_segment_that_is_hashed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_cache, "_SEGMENT", 1000)
    monkeypatch.setattr(_cache, "_BLOCK", 250)
    content = np.random.default_rng(0).integers(0, 256, 3300, dtype=np.uint8)
    path = tmp_path / "file"
    keys = set()
    for place in (None, 0, 999, 1000, 2500, 3299):
        changed = content.copy()
        if place is not None:
            changed[place] ^= 1
        path.write_bytes(changed.tobytes())
        keys.add(_cache.content_key(path, "any"))
    assert len(keys) == 6


@pytest.mark.usefixtures("everything_cached")
@pytest.mark.parametrize("damage", ["truncated", "one bit", "empty", "text", "a folder"])
def test_a_damaged_entry_is_ignored_and_written_anew(
    tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    path = written(tmp_path / "faces.csv", *GOOD)
    expected = load(path).digest
    (entry,) = own_cache.iterdir()
    whole = entry.read_bytes()
    if damage == "a folder":
        entry.unlink()
        entry.mkdir()
        assert load(path).digest == expected
        return
    first_pixel = whole.index(bytes([1, 2, 3, 4, 5, 6, 7, 8]))
    flipped = whole[:first_pixel] + b"\x00" + whole[first_pixel + 1 :]
    entry.write_bytes({"truncated": whole[:-40], "one bit": flipped, "empty": b"", "text": b"text"}[damage])
    assert load(path).digest == expected
    forbid_reading(monkeypatch)
    assert load(path).digest == expected


@pytest.mark.usefixtures("everything_cached")
def test_the_cache_may_be_deleted_and_nothing_lies_beside_the_file(tmp_path: Path, own_cache: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    path = written(folder / "faces.csv", *GOOD)
    expected = load(path).digest
    for entry in own_cache.iterdir():
        entry.unlink()
    own_cache.rmdir()
    assert load(path).digest == expected
    assert list(folder.iterdir()) == [path]
    assert [entry.suffix for entry in own_cache.iterdir()] == [".npz"]


@pytest.mark.usefixtures("everything_cached")
def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a file").touch()
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path / "a file" / "cache"))
    assert len(load(written(tmp_path / "faces.csv", *GOOD))) == 2


@pytest.mark.skipif(os.name == "nt", reason="Windows users always have a folder")
@pytest.mark.usefixtures("everything_cached")
def test_a_user_without_a_home_reads_without_a_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("MIEN_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    assert len(load(written(tmp_path / "faces.csv", *GOOD))) == 2


def test_the_folder_of_an_unknown_user_does_not_exist() -> None:
    with pytest.raises(DataError, match=r"faces\.csv: no such file or folder"):
        load("~nobody-of-this-name/faces.csv")


@pytest.mark.usefixtures("everything_cached")
def test_what_a_killed_process_left_in_the_cache_goes(tmp_path: Path, own_cache: Path) -> None:
    own_cache.mkdir()
    (own_cache / "old.part").touch()
    os.utime(own_cache / "old.part", (0, 0))
    (own_cache / "new.part").touch()
    load(written(tmp_path / "faces.csv", *GOOD))
    assert sorted(entry.suffix for entry in own_cache.iterdir()) == [".npz", ".part"]
    assert (own_cache / "new.part").exists()


@pytest.mark.usefixtures("everything_cached")
def test_without_cache_nothing_is_written(tmp_path: Path, own_cache: Path) -> None:
    load(written(tmp_path / "faces.csv", *GOOD), cache=False)
    assert not own_cache.exists()


def test_small_files_are_not_kept(tmp_path: Path, own_cache: Path) -> None:
    load(written(tmp_path / "faces.csv", *GOOD))
    assert not own_cache.exists()


@pytest.mark.usefixtures("everything_cached")
def test_the_cache_keeps_only_the_latest_entries(tmp_path: Path, own_cache: Path) -> None:
    for number in range(_cache.KEPT + 3):
        load(written(tmp_path / "faces.csv", f"0,1 2 3 {number},Training"))
    assert len(list(own_cache.iterdir())) == _cache.KEPT


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {"XDG_CACHE_HOME": "/x"}, "/x/mien"),
        ("linux", {}, "/home/me/.cache/mien"),
        ("darwin", {}, "/home/me/Library/Caches/mien"),
        ("linux", {"MIEN_CACHE": "/mine", "XDG_CACHE_HOME": "/x"}, "/mine"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="paths as POSIX writes them")
def test_the_cache_lies_where_the_platform_has_caches(
    monkeypatch: pytest.MonkeyPatch, platform: str, environment: dict[str, str], expected: str
) -> None:
    for name in ("MIEN_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setattr("sys.platform", platform)
    assert str(_cache.folder()) == expected
