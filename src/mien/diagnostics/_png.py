"""Pictures inside a page."""

import base64
import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image


def png_url(picture: "Image", **options: Any) -> str:
    """A picture as PNG in a data URL; options are those of Pillow's writer."""
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True, **options)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
