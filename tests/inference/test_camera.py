"""Cameras: what a number means on each platform, and one line where there is none."""

import sys
from types import SimpleNamespace

import pytest

from mien.core.errors import ConfigError
from mien.inference import camera
from mien.inference.camera import Device, device_of, open_camera


def test_a_number_means_what_the_platform_calls_it(monkeypatch):
    listed = [
        SimpleNamespace(name="Microphone", media_types=["audio"]),
        SimpleNamespace(name="Front", media_types=["video"]),
        SimpleNamespace(name="Back", media_types=["video"]),
    ]
    monkeypatch.setattr(
        camera, "pyav", lambda: SimpleNamespace(enumerate_input_devices=lambda _: listed, FFmpegError=OSError)
    )
    assert device_of("1", "linux") == Device("v4l2", "/dev/video1")
    assert device_of("/dev/v4l/by-id/x", "linux") == Device("v4l2", "/dev/v4l/by-id/x")
    assert device_of("0", "darwin") == Device("avfoundation", "0:none")
    assert device_of("1", "win32") == Device("dshow", "video=Back")
    assert device_of("Front", "win32") == Device("dshow", "video=Front")
    assert device_of("7", "win32") == Device("dshow", "video=7")
    with pytest.raises(ConfigError, match="this is emscripten"):
        device_of("0", "emscripten")


@pytest.mark.skipif(sys.platform != "linux", reason="other platforms may ask for permission")
def test_a_missing_camera_is_one_line():
    pytest.importorskip("av", reason="PyAV is not installed (extra video)")
    with (
        pytest.raises(
            ConfigError, match=r"camera 987: /dev/video987 cannot be opened \(No such file"
        ) as told,
        open_camera("987"),
    ):
        pass
    assert "\n" not in str(told.value)


def test_a_camera_s_clock_begins_with_its_first_frame(tmp_path, monkeypatch):
    from tests.inference.made_videos import rgb_faces, write_video

    path = write_video(tmp_path / "a.mkv", rgb_faces(3), seconds=[5.0, 5.1, 5.2])
    monkeypatch.setattr(camera, "device_of", lambda *_: Device("matroska", str(path)))
    with open_camera("0") as footage:
        assert [frame.seconds for frame in footage.frames()] == pytest.approx([0, 0.1, 0.2], abs=0.0011)
