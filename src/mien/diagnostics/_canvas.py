"""Figures without pyplot, so that nothing global is touched and no window opens."""

from pathlib import Path
from typing import TYPE_CHECKING

from mien.core.errors import MissingExtra, RunError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DOTS_PER_INCH = 150
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
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=_DOTS_PER_INCH)
    except OSError as error:
        raise RunError(f"{path}: cannot be written ({error.strerror or error})") from error
    return path
