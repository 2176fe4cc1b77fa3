"""The difference of two shares of different faces, with its interval."""

import math

from mien.analysis.metrics import wilson


def share_difference(hits: int, total: int, other_hits: int, other_total: int) -> tuple[float, float]:
    """95 % interval of hits / total - other_hits / other_total, of different faces, at least one each.

    Source: Newcombe 1998, Statistics in Medicine 17:873, method 10, from Wilson's intervals of both.

    >>> [round(end, 4) for end in share_difference(56, 70, 48, 80)]  # as printed there
    [0.0524, 0.3339]
    """
    share, other = hits / total, other_hits / other_total
    (low, high), (other_low, other_high) = wilson(hits, total), wilson(other_hits, other_total)
    return (
        share - other - math.hypot(share - low, other_high - other),
        share - other + math.hypot(high - share, other - other_low),
    )
