"""A frame of a video with its faces marked: numbered boxes, and beside the picture a strip with a panel for each.

Panels of a photo stand beside their faces; in a video they would jump, and frames of a video are all of one size.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mien.core.images import Uint8
from mien.inference.overlay import DARK, SMALLEST, Sizes, box_edges, draw_box, draw_panel
from mien.inference.tracking import TrackedFace

if TYPE_CHECKING:
    from PIL.Image import Image

_PANELS = 2  # that have room one above the other, where the picture is high enough for words


class VideoOverlay:
    """Marks the frames of one video; the strip is drawn again only where faces changed.

    shape    of its frames, (height, width)
    classes  how many bars a panel has
    """

    def __init__(self, shape: tuple[int, int], classes: int) -> None:
        from PIL import Image

        height, width = shape
        self._factor = max(1, -(-SMALLEST // max(shape)))
        self._picture = (width * self._factor, height * self._factor)
        rows = 1.35 * (classes + 1) + 1
        letters = int(np.clip(self._picture[1] / rows / _PANELS, 12, 32))
        self._sizes = Sizes(letters, classes)
        # Encoders want even sides, as colours are kept for squares of 2x2 pixels.
        wanted = self._picture[0] + self._sizes.width, max(self._picture[1], self._sizes.height)
        self.size = (wanted[0] + wanted[0] % 2, wanted[1] + wanted[1] % 2)
        self._canvas = Image.new("RGB", self.size, DARK)
        self._faces: tuple[TrackedFace, ...] = ()

    def show(self, faces: Sequence[TrackedFace]) -> None:
        """The faces of the next frames, until others are shown; those that have no room have a box and no panel."""
        from PIL import ImageDraw

        self._faces = tuple(sorted(faces, key=lambda face: face.track))
        pen = ImageDraw.Draw(self._canvas)
        left = self._picture[0]
        pen.rectangle((left, 0, *self.size), fill=DARK)
        height, width = self._sizes.height, self._sizes.width
        for place, face in enumerate(self._faces[: self.size[1] // height]):
            panel = (left, place * height, left + width, (place + 1) * height)
            draw_panel(pen, face, self._sizes, panel, f"{face.track} ")

    def marked(self, rgb: Uint8) -> "Image":
        """A frame, RGB (h, w, 3), with what is shown; good until the next is marked."""
        from PIL import Image, ImageDraw

        frame = Image.fromarray(rgb)
        if frame.size != self._picture:
            frame = frame.resize(self._picture, Image.Resampling.NEAREST)
        pen = ImageDraw.Draw(frame)
        for face in self._faces:
            draw_box(pen, box_edges(face, self._factor), str(face.track), self._sizes)
        self._canvas.paste(frame)
        return self._canvas
