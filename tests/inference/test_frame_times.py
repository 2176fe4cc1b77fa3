"""Times of frames: clocks that start late, stop and jump; the frames that are analysed."""

from fractions import Fraction

import pytest

from mien.core.errors import ConfigError
from mien.inference.frame_times import Chooser, Clock, parse_seconds


def times(stamps, *, start=Fraction(0), step=Fraction(1, 10)):
    clock = Clock(start=start, step=step)
    return [clock.seconds(None if stamp is None else Fraction(stamp)) for stamp in stamps]


def test_stamps_are_kept_as_they_are():
    assert times(["0", "1/30", "2/30", "1"]) == [0.0, 0.033333, 0.066667, 1.0]
    assert times(["7", "15/2"], start=Fraction(7)) == [0.0, 0.5]
    assert times(["7", "15/2"], start=None) == [0.0, 0.5]


def test_a_video_that_begins_after_its_sound_begins_late():
    assert times(["3/2", "2"], start=Fraction(1)) == [0.5, 1.0]


def test_frames_without_stamps_come_one_step_later():
    assert times([None, None, "5", None]) == [0.0, 0.1, 5.0, 5.1]


def test_time_never_goes_back():
    assert times(["0", "3", "1", "2", "2"]) == [0.0, 3.0, 3.1, 4.1, 4.2]
    assert times(["-1", "0"]) == [0.0, 1.0]


@pytest.mark.parametrize("a_second", [5, 24, 25, 30, 60, 1000])
def test_five_frames_a_second_are_taken_whatever_the_rate(a_second):
    chooser = Chooser(0.2)
    taken = [number for number in range(4 * a_second) if chooser.takes(round(number / a_second, 6))]
    assert len(taken) == 20
    for place, number in enumerate(taken):  # the first frame at or after its multiple
        assert number == -(-place * a_second // 5)


def test_gaps_and_frames_that_come_seldom_are_taken_once():
    chooser = Chooser(0.2)
    assert [chooser.takes(at) for at in (0, 1.0, 1.19, 1.2, 9, 9.1)] == [True, True, False, True, True, False]
    assert all(Chooser(0).takes(at) for at in (0.0, 0.0, 0.001))


@pytest.mark.parametrize("text", ["", "s", "-1", "nan", "inf", "fast", "0.2ms", "1 2"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ConfigError, match=r"--every: expected seconds from 0 on, such as 0.2s"):
        parse_seconds(text, "--every")
