"""From pixels to places on a face: pose, perspective and the smooth shape of the head."""

from dataclasses import dataclass, fields

import numpy as np

from mien.data._drawn_people import Person, Scene
from mien.data._drawn_random import Field
from mien.data._drawn_shapes import bump

SIDE = 48
_HEAD = (1.08, 1.95, 1.0)  # half axes of the head: across, down, towards the viewer
_CENTRE = 0.05  # of the head, below the eyes


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """Where each pixel lies; every field float32 (n, 48, 48) unless it says otherwise. Lengths in half face widths.

    x, y        on the picture, upright, from the middle of the head at the height of the eyes: right and down
    u, v        on the face seen from the front, right and down from between the eyes: the same in every pose
    out         |u|: how far from the middle of the face
    side        -1 in the left half of the face, 1 in the right half, between near the middle
    depth       towards the viewer of the face seen from the front: 1 at the front, 0 and less behind the ears
    across, down, front   the head's own surface normal, not of length 1
    pixel       the size of a pixel, (n, 1, 1)
    turn        sine of the yaw, (n, 1, 1): positive where the face turns to the right of the picture
    """

    x: Field
    y: Field
    u: Field
    v: Field
    out: Field
    side: Field
    depth: Field
    across: Field
    down: Field
    front: Field
    pixel: Field
    turn: Field

    def rows(self, first: int, end: int) -> "View":
        """The view of some rows of the picture only."""
        cut = {each.name: getattr(self, each.name) for each in fields(self)}
        return View(
            **{
                name: np.ascontiguousarray(values[:, first:end]) if values.shape[1] > 1 else values
                for name, values in cut.items()
            }
        )


def _upright(scene: Scene) -> tuple[Field, Field]:
    """Pixels in half face widths from the point between the eyes, with roll and scale undone."""
    grid = np.arange(SIDE, dtype=np.float32) + np.float32(0.5)
    across = (grid[None, None, :] - scene.eyes_x) / scene.scale  # (n, 1, 48)
    down = (grid[None, :, None] - scene.eyes_y) / (scene.scale * scene.stretch)  # (n, 48, 1)
    # Most heads are held nearly straight, few lean far.
    angle = 0.30 * scene.roll * np.abs(scene.roll)
    cosine, sine = np.cos(angle), np.sin(angle)
    return across * cosine + down * sine, down * cosine - across * sine


def _turned(x: Field, y: Field, z: Field, yaw: Field, pitch: Field) -> tuple[Field, Field, Field]:
    """The place on the head that yaw and pitch have brought to (x, y, z)."""
    y, z = y * np.cos(pitch) - z * np.sin(pitch), z * np.cos(pitch) + y * np.sin(pitch)
    return x * np.cos(yaw) - z * np.sin(yaw), y, z * np.cos(yaw) + x * np.sin(yaw)


def look(person: Person, scene: Scene) -> View:
    """The view of these people in these scenes."""
    x, y = _upright(scene)
    yaw = 0.60 * scene.yaw * np.abs(scene.yaw)
    # The eyes stay where they are in the picture, whichever way the head turns about its middle.
    x, y = x + 0.75 * np.sin(yaw), y - _CENTRE + 0.75 * np.sin(scene.pitch)
    across, down = x * np.float32(1 / _HEAD[0]), y * np.float32(1 / _HEAD[1])
    front = np.sqrt((1 - across * across - down * down).clip(0.02, 1))
    u, v, depth = _turned(x, y, front * np.float32(_HEAD[2]), yaw, scene.pitch)
    v += _CENTRE
    # The nose stands out from the head, so that it moves further than the skin around it.
    nose = bump(u, v - 0.45 * person.nose_length, 0.34, 0.62) * (0.30 * person.nose_high)
    u -= nose * np.sin(yaw)
    v -= nose * np.sin(scene.pitch)
    return View(
        x=x,
        y=y + _CENTRE,
        u=u,
        v=v,
        out=np.abs(u),
        side=np.clip(4 * u, -1, 1),
        depth=depth,
        across=across * np.float32(0.8),
        down=down * np.float32(0.55),
        front=front + np.float32(0.15),
        pixel=1 / scene.scale,
        turn=np.sin(yaw),
    )
