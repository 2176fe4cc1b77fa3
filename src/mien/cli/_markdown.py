"""Tables as Markdown, for documents."""

from collections.abc import Sequence

from mien.core.text_tables import TextTable


def markdown(table: TextTable) -> str:
    """Title, table and footer.

    >>> print(markdown(TextTable(title="", headers=("a", "b"), rows=(("x|y", "1"),))))
    | a | b |
    |---|--:|
    | x\\|y | 1 |
    """
    sides = ["---" if column in table.left else "--:" for column in range(len(table.headers))]
    rows = [_line(table.headers), f"|{'|'.join(sides)}|", *map(_line, table.rows)]
    title = [table.title, ""] if table.title else []
    footer = ["", *table.footer] if table.footer else []
    return "\n".join([*title, *rows, *footer])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
