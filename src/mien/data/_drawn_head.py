"""What does not move: backdrop, neck, ears, hair, glasses, and what is in the way."""

from dataclasses import dataclass

import numpy as np

from mien.data._drawn_people import Person, Scene
from mien.data._drawn_random import Field, Stream
from mien.data._drawn_shapes import bump, darken, inside, line, paint, smooth_step, stretched
from mien.data._drawn_view import SIDE, View


@dataclass(frozen=True, kw_only=True, eq=False)
class Front:
    """What hangs before the face, as one sheet: it lets a share of the light through and adds its own."""

    through: Field  # (n, 48, 48)
    own: Field  # (n, 48, 48)

    def lay_over(self, picture: Field) -> None:
        """Put the sheet before a picture, in place."""
        picture *= self.through
        picture += self.own


@dataclass(frozen=True, kw_only=True, eq=False)
class Head:
    """The parts of a picture behind and before the face."""

    back: Field  # (n, 48, 48)
    front: Front

    @classmethod
    def of(cls, view: View, person: Person, scene: Scene, stream: Stream) -> "Head":
        """The heads of these people."""
        strands = stretched(stream.grain("strands", (5, 32)), SIDE)
        gloss = bump(view.x, view.y + 1.35, 1.0, 0.5)
        hair = person.hair * (1 + 0.22 * strands) + 0.03 * strands + 0.12 * gloss
        ears = _ears(view, person)
        return cls(
            back=_back(view, person, scene, stream, hair, ears),
            front=_front(view, person, scene, strands, hair, ears),
        )


def _back(view: View, person: Person, scene: Scene, stream: Stream, hair: Field, ears: Field) -> Field:
    """Backdrop, hair behind the head, neck, clothes and ears."""
    canvas = _backdrop(view, scene, stream)
    shaded = hair * (1 - 0.35 * inside(view.y - 0.2, 0.8))
    paint(canvas, shaded, _hair_outline(view, person))
    from_middle = np.abs(view.x + 0.2 * view.turn)
    neck = inside(0.60 - from_middle, 2 * view.pixel) * inside(view.y - 0.9, 3 * view.pixel)
    paint(canvas, person.skin * (0.38 + 0.15 * view.y.clip(0, 2.2)), neck)
    collar = np.minimum(view.y - 2.15 + 0.5 * from_middle, view.y - 1.6 - 0.22 * from_middle)
    paint(canvas, scene.clothes, inside(collar, 2 * view.pixel))
    paint(canvas, person.skin * (0.42 + 0.36 * ears), ears)
    return canvas


def _backdrop(view: View, scene: Scene, stream: Stream) -> Field:
    """What stands behind the head: plain, sloping, or cluttered."""
    canvas = scene.backdrop + scene.backdrop_slope * (view.x * 0.6 + view.y * 0.4)
    canvas += scene.clutter * stretched(stream.grain("clutter", (7, 7)), SIDE)
    return np.clip(canvas, 0, 1)


def _hair_outline(view: View, person: Person) -> Field:
    """Hair as it surrounds the head: to the ears, or falling to the shoulders."""
    wide = _hair_width(person)
    down = view.y - 0.05
    below = down.clip(0, 9)
    above = (down - below) * (1 / person.hair_height)
    below = below * (1 / (0.6 + 2.2 * person.long_hair))
    reach = 1 - np.square(view.x * (1 / wide)) - np.square(above) - np.square(below)
    return inside(reach * 0.6, 2 * view.pixel) * (1 - person.bald)


def _hair_width(person: Person) -> Field:
    """Half the width of the hair: close to the head where it is short."""
    return 1.07 + person.hair_volume * (0.12 + 0.38 * person.long_hair)


def _ears(view: View, person: Person) -> Field:
    """Both ears, as far as no long hair covers them."""
    across = np.abs(view.x) - 1.03 * np.sqrt(1 - np.square(view.turn))
    shape = 1 - np.square(across * (1 / 0.15)) - np.square((view.y - 0.15) * (1 / 0.34))
    return inside(0.15 * shape, view.pixel) * (1 - 0.9 * person.long_hair)


def _front(view: View, person: Person, scene: Scene, strands: Field, hair: Field, ears: Field) -> Front:
    """The near ear, the hair over forehead and temples with its shadow, glasses, and what is in the way."""
    through, own = np.ones_like(hair), np.zeros_like(hair)

    def lay(colour: Field | float, cover: Field) -> None:
        through.__imul__(1 - cover)
        paint(own, colour, cover)

    lay(0.72 * person.skin, ears * smooth_step(0.2 - 4 * view.turn * np.sign(view.x)))
    depth, hairy = _hair_cover(view, person, strands)
    shadow = 0.25 * hairy * inside(depth + 0.10, 2.5 * view.pixel)
    darken(through, shadow)
    darken(own, shadow)
    lay(hair, hairy * inside(depth, 2.5 * view.pixel))
    rims, glare = _glasses(view, person)
    lay(person.frame_dark, rims)
    lay(0.9, glare)
    lay(*_obstacle(scene))
    return Front(through=through, own=own)


def _hair_cover(view: View, person: Person, strands: Field) -> tuple[Field, Field]:
    """How deep below the edge of the hair a place is, and how far it can have hair at all.

    Hair grows above the hairline, at the temples, and where a fringe falls.
    """
    parted = view.u - person.parting
    edge = person.hairline + 0.28 * np.square(parted) + (0.03 + 0.08 * person.fringe) * strands
    edge += person.fringe * person.fringe_drop
    # Hair grows down the side of the head as far as the ear, and past it where it is long.
    temple = np.minimum(person.temple - view.depth, 0.35 + 3 * person.long_hair - view.v)
    round_head = np.square(view.x * (1 / _hair_width(person))) + np.square(view.y * (1 / person.hair_height))
    return np.maximum(edge - view.v, temple), inside(1 - round_head, 0.3) * (1 - person.bald)


def _obstacle(scene: Scene) -> tuple[Field, Field]:
    """A bar that reaches over the edge of some pictures (a hand, a scarf, a microphone): its tone and its place."""
    grid = np.arange(SIDE, dtype=np.float32) - np.float32((SIDE - 1) / 2)
    cosine, sine = np.cos(scene.cover_angle), np.sin(scene.cover_angle)
    forward = grid[None, None, :] * cosine + grid[None, :, None] * sine
    sideways = grid[None, :, None] * cosine - grid[None, None, :] * sine
    near = np.minimum(forward - (32 - scene.cover_depth), scene.cover_width - np.abs(sideways))
    return scene.cover_tone * (0.8 + 0.015 * sideways), scene.covered * inside(near, 1.5)


def _glasses(view: View, person: Person) -> tuple[Field, Field]:
    """Rims with their bridge and arms, and a faint glare."""
    across = np.square((view.out - person.eye_apart - 0.01) * (1 / 0.33))
    down = np.square((view.v - 0.06) * (1 / 0.25))
    radius = np.sqrt(np.sqrt(np.square(across) + np.square(down)))
    rim = line((radius - 1) * 0.28, person.frame_width + 0.6 * view.pixel)
    bridge = line(view.v + 0.03, 0.06) * inside(0.18 - view.out, view.pixel)
    arms = line(view.v + 0.05, 0.06) * inside(view.out - 0.8, view.pixel)
    arms *= inside(view.depth - 0.1, 0.2) * inside(1 - np.abs(view.x), view.pixel)
    rims = np.maximum(np.maximum(rim, bridge), arms)
    return person.glasses * rims, person.glasses * 0.10 * inside(1 - radius, 0.3)
