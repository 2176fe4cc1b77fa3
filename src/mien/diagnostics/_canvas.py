"""Figures without pyplot, so that nothing global is touched and no window opens; as PNG files, or for a page."""

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mien.core.errors import MissingExtra, RunError
from mien.core.section import Drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DOTS_PER_INCH = 150
_PIXELS_PER_POINT = 720 / (7.2 * 72)
# Okabe & Ito (2008): eight colours that people with any colour vision tell apart; black is kept for text.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442")


def canvas(width: float, height: float, purpose: str) -> "Figure":
    """An empty figure of so many inches; MissingExtra where matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtra("matplotlib", "lab", purpose) from error
    return Figure(figsize=(width, height), layout="constrained")


def save(figure: "Figure", path: Path) -> Path:
    """Write a figure as PNG and give its path; RunError where that cannot be written."""
    _take_literally(figure)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _any_script():
            figure.savefig(path, dpi=_DOTS_PER_INCH)
    except OSError as error:
        raise RunError(f"{path}: cannot be written ({error.strerror or error})") from error
    return path


def drawing(figure: "Figure", alt: str, caption: str = "") -> Drawing:
    """A figure for a page: svg without a background, black and COLOURS left to the page's light or dark theme.

    The page may set --series-1 to --series-7; without them the figure has the colours that it was drawn in.
    """
    from matplotlib import rc_context

    _take_literally(figure)
    text = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    # text stays text; equal figures have equal ids
    with _any_script(), rc_context({"svg.fonttype": "none", "svg.hashsalt": "mien"}):
        figure.savefig(text, format="svg", transparent=True, metadata=nothing)
    return Drawing(svg=_themed(text.getvalue()), alt=alt, caption=caption)


@contextmanager
def _any_script() -> Iterator[None]:
    """Without the warning that matplotlib's own font lacks a letter: on a page the reader's fonts have it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


def _take_literally(figure: "Figure") -> None:
    """Names come from users' data: a dollar sign in them is no mathematics."""
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_parse_math(False)


def _sized(tag: re.Match[str]) -> str:
    """The svg element with a width at which 7.2 inches fill a page, so that text has one size in all figures."""
    width = round(float(tag[2]) * _PIXELS_PER_POINT)
    return f'<svg viewBox="{tag[1]}" width="{width}" xmlns:xlink="http://www.w3.org/1999/xlink">'


def _themed(svg: str) -> str:
    """An svg element alone, its size left to the page, numbers with two decimals, colours by theme."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<defs>\s*<style.*?</style>\s*</defs>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<svg [^>]*?viewBox="(0 0 ([\d.]+) [^"]*)"[^>]*>', _sized, svg)
    svg = re.sub(r"<[^>]*>", _themed_tag, svg)  # never between tags, where users' names stand
    return re.sub(r">\n\s*<", ">\n<", svg).strip()


def _themed_tag(tag: re.Match[str]) -> str:
    text = re.sub(r'^<g id="[^"]*"', "<g", tag[0])  # several figures on a page would share these names
    text = re.sub(r'font-family: [^;"]*;?', "", text)  # the page's own
    text = re.sub(r"(\d\.\d\d)\d+", r"\1", text)
    text = re.sub(r"#000000\b", "currentColor", text)
    for number, colour in enumerate(COLOURS, start=1):
        text = re.sub(colour, f"var(--series-{number}, {colour})", text, flags=re.IGNORECASE)
    return text
