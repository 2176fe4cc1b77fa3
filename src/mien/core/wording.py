"""Shares, intervals, times and names as people read them, the same on a page and in a terminal."""

from collections.abc import Sequence


def percent(share: float) -> str:
    """A share of 1 in percent with one decimal.

    >>> percent(0.61234)
    '61.2 %'
    """
    return f"{100 * share:.1f} %"


def interval(ends: tuple[float, float]) -> str:
    """Both ends in percent, without the sign.

    >>> interval((0.591, 0.63))
    '59.1 to 63.0'
    """
    return f"{100 * ends[0]:.1f} to {100 * ends[1]:.1f}"


def duration(seconds: float) -> str:
    """Seconds with one decimal below two minutes, above in minutes and hours.

    >>> duration(4.64), duration(400), duration(7260)
    ('4.6 s', '6 min 40 s', '2 h 1 min')
    """
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def listed(names: Sequence[str]) -> str:
    """Names as a sentence has them.

    >>> listed(["fear"]), listed(["fear", "sad", "angry"])
    ('fear', 'fear, sad and angry')
    """
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def shortened(name: str, longest: int = 28) -> str:
    """A name of at most so many characters, its end left out where it has more.

    >>> shortened("surprise", 8), shortened("surprised", 8)
    ('surprise', 'surpris…')
    """
    return name if len(name) <= longest else name[: longest - 1] + "…"
