"""Sections as one HTML page: everything inline, nothing fetched, every text escaped."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from mien import __version__
from mien.core.errors import MissingExtra
from mien.core.images import Uint8
from mien.core.material import Material
from mien.core.section import Section
from mien.core.text_tables import TextTable
from mien.diagnostics._png import png_url

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = "templates"
_SHOWN = 96  # pixels a side, as in blocks.html


def page(material: Material, found: Sequence[Section]) -> str:
    """The whole page; MissingExtra where Jinja2 is not installed."""
    return (
        _environment()
        .get_template("page.html")
        .render(
            title=_title(material),
            runs=material.runs,
            missing=[line for run in material.runs for line in run.missing],
            sections=found,
            version=__version__,
        )
    )


def _title(material: Material) -> str:
    names = " and ".join(dict.fromkeys(run.name for run in material.runs))
    return f"{names} on {material.runs[0].summary.data}"


@cache
def _environment() -> "Environment":
    """Templates beside this file. Autoescape is what keeps a class called <script> from being one."""
    try:
        from jinja2 import Environment, FunctionLoader, StrictUndefined
    except ImportError as error:
        raise MissingExtra("Jinja2", "report", "writing a report") from error
    made = Environment(
        loader=FunctionLoader(_template),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_unparted,
    )
    made.filters |= {"kind": lambda block: type(block).__name__, "png": png, "side": _side}
    return made


def _unparted(value: Any) -> Any:
    """A number and its percent sign stay on one line."""
    return value.replace(" %", "\N{NO-BREAK SPACE}%") if type(value) is str else value


def _template(name: str) -> str:
    return files(__package__).joinpath(TEMPLATES, name).read_text(encoding="utf-8")


def png(pixels: Uint8) -> str:
    """A grey picture (h, w) as a data URL, no larger than it is shown, so that large faces do not swell the page."""
    from PIL import Image

    picture = Image.fromarray(pixels)
    picture.thumbnail((_SHOWN, _SHOWN))
    return png_url(picture)


def _side(table: TextTable, column: int) -> Any:
    return "left" if column in table.left else "right"
