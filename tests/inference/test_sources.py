"""What files, folders and globs name, and how shares split them."""

import os
import sys

import pytest

from mien.core.errors import ConfigError, MissingExtra
from mien.inference.sources import Shard, Source, expand, readable
from tests.inference.made_videos import rgb_faces, write_video


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in (
        "b.jpg",
        "a.PNG",
        "sub/c.webp",
        "sub/deep/d.bmp",
        "notes.txt",
        ".hidden.png",
        "__MACOSX/e.png",
    ):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "photos"


def names(*words, **options):
    return [source.name for source in expand(words, **options)]


def test_a_folder_is_read_with_all_below_it_and_each_picture_once(folder):
    below = ["photos/a.PNG", "photos/b.jpg", "photos/sub/c.webp", "photos/sub/deep/d.bmp"]
    assert names("photos") == below
    assert names("photos/sub", "photos") == [*below[2:], *below[:2]]
    assert names("photos", without=[folder / "sub"]) == below[:2]
    assert [source.key for source in expand(["photos"])] == [name.removeprefix("photos/") for name in below]


def test_a_folder_that_links_to_itself_ends(folder):
    (folder / "circle").symlink_to(folder)
    assert len(names("photos")) == 4


def test_globs_and_single_files(folder):
    assert names("photos/*.jpg") == ["photos/b.jpg"]
    assert names("photos/**/*.bmp") == ["photos/sub/deep/d.bmp"]
    assert names("photos/notes.txt", "missing.jpg") == ["photos/notes.txt", "missing.jpg"]
    (folder / "a[1].jpg").write_bytes(b"")
    assert names("photos/a[1].jpg") == ["photos/a[1].jpg"]


@pytest.mark.parametrize("word", ["photos/__MACOSX/.", "photos/*.gif"])
def test_where_nothing_is_found_it_says_so(folder, word):
    (folder / "__MACOSX" / "e.png").unlink()
    with pytest.raises(ConfigError, match=r"no pictures|nothing matches"):
        expand([word])
    with pytest.raises(ConfigError, match="got none"):
        expand([])


def test_shares_are_disjoint_whole_and_the_same_wherever_the_folder_lies(folder, tmp_path):
    for number in range(200):
        (folder / f"{number}.png").write_bytes(b"")
    shares = [[each.key for each in expand(["photos"]) if Shard(k, 3).has(each)] for k in (1, 2, 3)]
    assert sorted(key for share in shares for key in share) == sorted(each.key for each in expand(["photos"]))
    assert min(map(len, shares)) > 40
    elsewhere = expand([str(tmp_path / "photos")])
    assert [each.key for each in elsewhere if Shard(2, 3).has(each)] == shares[1]


def test_a_glob_takes_pictures_and_the_folders_that_it_matches(folder):
    assert names("photos/*") == ["photos/a.PNG", "photos/b.jpg", "photos/sub/c.webp", "photos/sub/deep/d.bmp"]
    assert names("photos/**/*", without=[folder / "sub"]) == ["photos/a.PNG", "photos/b.jpg"]
    with pytest.raises(ConfigError, match="no pictures"):
        expand(["photos/*.txt"])


def test_names_that_the_system_refuses_are_sources_that_cannot_be_read(folder):
    long = "a" * 5000
    assert names(long, f"{long}[1].png") == [long, f"{long}[1].png"]
    (folder / "circle.png").symlink_to(folder / "circle.png")
    assert "photos/circle.png" in names("photos")


def test_an_empty_name_is_refused(folder):
    with pytest.raises(ConfigError, match="empty name"):
        expand(["photos", ""])


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "a/b", "1/0", "-1/2", "", "1/" + "9" * 5000])
def test_what_is_no_share_is_refused(text):
    with pytest.raises(ConfigError, match="3/16"):
        Shard.parse(text)


def test_names_are_one_line_of_utf8_and_places_stay_below(folder):
    odd = Source(folder / os.fsdecode(b"a\xff\nb.png"), "x")
    assert "\n" not in odd.name
    odd.name.encode()
    assert not odd.place.is_absolute()
    assert Source(folder.__class__("../../x.png"), "x").place.parts == ("up", "up", "x.png")


def test_videos_are_named_by_their_endings_and_read_with_pictures(folder):
    for name in ("clip.MP4", "sub/b.mkv", "code.ts"):
        (folder / name).write_bytes(b"")
    found = expand(["photos"])
    assert [each.key for each in found if each.is_video] == ["clip.MP4", "sub/b.mkv"]
    assert len(found) == 6
    assert [each.is_video for each in expand(["photos/*.MP4", "photos/b.jpg", "missing.avi"])] == [
        True,
        False,
        True,
    ]


def test_a_file_named_as_neither_is_what_pyav_says(folder):
    path = folder / "recording"
    assert not expand([str(folder / "notes.txt")])[0].is_video
    write_video(folder / "a.mp4", rgb_faces(2)).rename(path)
    assert expand([str(path)])[0].is_video


def test_without_pyav_videos_are_left_out_and_counted(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    assert readable(expand(["photos"])) == (expand(["photos"]), "")
    (folder / "clip.mp4").write_bytes(b"")
    left, line = readable(expand(["photos"]))
    assert len(left) == 4
    assert line.startswith("1 video was left out: ")
    assert "pip install 'mien[video]'" in line
    with pytest.raises(MissingExtra):
        readable(expand(["photos/clip.mp4"]))
