"""Pixels written as text: "70 80 82 72 ..." to uint8, fast where the text is plain and exact everywhere."""

import numpy as np

from mien.core.images import Uint8
from mien.data._bad import BadPlaceError

_ZERO, _SPACE = ord("0"), ord(" ")


def parse_rows(texts: list[bytes]) -> list[Uint8 | str]:
    """The pixels of each row, uint8 (n,): whole numbers from 0 to 255 between blanks; or what is wrong there.

    >>> numbers, wrong = parse_rows([b"0 70 255", b"12 256"])
    >>> numbers.tolist(), wrong
    ([0, 70, 255], "pixel 2: expected a whole number from 0 to 255, got '256'")
    """
    plain = _parse_plain(texts)
    if plain is not None:
        return list(plain)
    if len(texts) > 1:
        return [pixels for text in texts for pixels in parse_rows([text])]
    try:
        return [_parse_carefully(text) for text in texts]
    except BadPlaceError as error:
        return [str(error)]


def _parse_plain(texts: list[bytes]) -> list[Uint8] | None:
    """All numbers of plain texts at once; None where a text is not plain: the careful reading then decides.

    Plain: numbers of one to three digits with one space between them, none over 255. Many rows at once,
    because for one row alone numpy's calls take longer than the work in them (bench/load_csv.py).
    """
    codes = np.frombuffer(b"   " + b" ".join(texts) + b" ", np.uint8)  # three characters before the first end
    spaces = np.flatnonzero(codes[2:] == _SPACE)
    ends, lengths = spaces[1:], np.diff(spaces) - 1  # (n,) of each number
    if not len(ends) or lengths.max() > 3:
        return None
    ones = codes[1:].take(ends) - np.uint8(_ZERO)  # wraps: what is no digit becomes 10 or more
    tens = (codes.take(ends) - np.uint8(_ZERO)) * (lengths > 1)
    hundreds = (codes.take(ends - 1) - np.uint8(_ZERO)) * (lengths > 2)
    if ones.max() > 9 or tens.max() > 9 or hundreds.max() > 2:
        return None
    values = np.multiply(hundreds, 100, dtype=np.uint16)
    values += tens * np.uint8(10) + ones
    if values.max() > 255:
        return None
    row_ends = np.cumsum([len(text) + 1 for text in texts])
    return np.split(values.astype(np.uint8), np.searchsorted(ends, row_ends[:-1], side="right"))


def _parse_carefully(text: bytes) -> Uint8:
    """The same, number by number; BadPlaceError names the first bad one."""
    values = bytearray()
    for token in text.split():
        if not token.isdigit() or len(token.lstrip(b"0")) > 3 or int(token) > 255:
            shown = token[:20].decode("utf-8", "replace")
            raise BadPlaceError(
                f"pixel {len(values) + 1}: expected a whole number from 0 to 255, got '{shown}'"
            )
        values.append(int(token))
    return np.frombuffer(bytes(values), np.uint8)
