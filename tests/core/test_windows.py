"""Sliding windows against a walk over every tap."""

from hypothesis import given, settings
from hypothesis import strategies as st

from mien.core.sliding import Pooling, same_padding
from mien.core.windows import Window

windows = st.builds(
    Window,
    length=st.integers(1, 9),
    positions=st.integers(1, 7),
    kernel=st.integers(1, 4),
    stride=st.integers(1, 4),
    before=st.integers(0, 5),
    dilation=st.integers(1, 3),
)


@settings(max_examples=400, derandomize=True, deadline=None, database=None)
@given(windows)
def test_counts_are_those_of_a_walk(window: Window) -> None:
    taps = [
        (position, tap, position * window.stride + tap * window.dilation)
        for position in range(window.positions)
        for tap in range(window.kernel)
    ]
    inside = [each for each in taps if window.before <= each[2] < window.before + window.length]
    assert window.pairs_inside == len(inside)
    assert window.positions_inside == len({position for position, _, _ in inside})
    assert window.taps_inside == len({tap for _, tap, _ in inside})
    assert window.covered == len({place for _, _, place in taps})
    assert window.covered_inside == len({place for _, _, place in inside})


@settings(max_examples=200, derandomize=True, deadline=None, database=None)
@given(st.integers(1, 30), st.integers(1, 6), st.integers(1, 4), st.integers(1, 3))
def test_same_padding_gives_the_length_over_the_stride_rounded_up(
    length: int, kernel: int, stride: int, dilation: int
) -> None:
    before, after = same_padding(length, kernel, stride, dilation)
    pooling = Pooling(
        function="max", kernel=(kernel,), stride=(stride,), padding=((before, after),), dilation=(dilation,)
    )
    assert pooling.output((1, 1, length))[2] == -(-length // stride)
    assert after - before in (0, 1)
