"""Tables as plain text and as HTML, from cells that are already text."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_BAR = " ▏▎▍▌▋▊▉█"  # eighths of a character


def number(value: float) -> str:
    """An integer in full, its thousands apart from 10,000 on.

    >>> number(1080), number(2119015)
    ('1080', '2,119,015')
    """
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.0f}"


def size(count: float) -> str:
    """Bytes in the unit that gives at most four digits; units are powers of 1024.

    >>> size(216), size(8476060)
    ('216 B', '8.08 MiB')
    """
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(count) < 1000:
            break
        count, unit = count / 1024, "TiB"
    else:
        unit = "TiB"
    return f"{count:.0f} {unit}" if unit == "B" else f"{count:.3g} {unit}"


def bar(share: float, width: int) -> str:
    """A share of 1 as a bar of at most `width` characters; what is above 0 shows at least its first eighth.

    >>> bar(0.5, 4), bar(0.001, 4)
    ('██', '▏')
    """
    eighths = max(round(share * width * 8), int(share > 0))
    return (_BAR[8] * (eighths // 8) + _BAR[eighths % 8]).rstrip()


@dataclass(frozen=True, kw_only=True)
class TextTable:
    """Headers, rows and a last row of totals; columns whose number is in `left` are aligned to the left."""

    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    totals: tuple[str, ...] = ()
    footer: tuple[str, ...] = ()
    left: tuple[int, ...] = (0,)

    def as_text(self) -> str:
        """Title, lines and footer."""
        return "\n".join([self.title, "", *self.lines(self.widths()), *self.footer])

    def widths(self) -> list[int]:
        """Characters that each column needs."""
        lines = [self.headers, *self.rows, *([self.totals] if self.totals else [])]
        return [max(len(line[column]) for line in lines) for column in range(len(self.headers))]

    def lines(self, widths: Sequence[int]) -> list[str]:
        """Header, rule, rows, and below a second rule the totals; what is longer than its column is cut."""
        rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
        body = [self._line(row, widths) for row in self.rows]
        last = [rule, self._line(self.totals, widths)] if self.totals else []
        return [self._line(self.headers, widths), rule, *body, *last]

    def _line(self, cells: Sequence[str], widths: Sequence[int]) -> str:
        fitting = [
            cell if len(cell) <= width else cell[: width - 1] + "…"
            for cell, width in zip(cells, widths, strict=True)
        ]
        aligned = [
            cell.ljust(width) if column in self.left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(fitting, widths, strict=True))
        ]
        return "  ".join(aligned).rstrip()

    def as_html(self) -> str:
        """A table element with its title and footer, for a notebook or a page."""
        body = "".join(self._html_row(row, "td") for row in self.rows)
        totals = f"<tfoot>{self._html_row(self.totals, 'th')}</tfoot>" if self.totals else ""
        footer = "".join(f"<p>{escape(line)}</p>" for line in self.footer)
        return (
            f"<table><caption>{escape(self.title)}</caption><thead>{self._html_row(self.headers, 'th')}</thead>"
            f"<tbody>{body}</tbody>{totals}</table>{footer}"
        )

    def _html_row(self, cells: Sequence[str], tag: str) -> str:
        sides = ["left" if column in self.left else "right" for column in range(len(cells))]
        inner = (
            f'<{tag} style="text-align:{side}">{escape(cell)}</{tag}>'
            for side, cell in zip(sides, cells, strict=True)
        )
        return f"<tr>{''.join(inner)}</tr>"
